"""The verb that writes a definition, so that nobody begins at an empty file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ...errors import UsageError
from ..context import Context
from ..text import clean


def new(options: argparse.Namespace, context: Context) -> int:
    """Write a commented TOML file, held against the data and graders that it names."""
    from ...benchmarks.files import read_benchmark
    from ...benchmarks.outline import Outline, outlined

    path: Path = options.file
    if path.suffix != ".toml":
        raise UsageError(f"{path} is no TOML file.", remedy="Let its name end in .toml.")
    outline = Outline(
        name=options.name or path.stem,
        dataset=_beside(path, options.dataset),
        arms=tuple(options.arm),
        graders=tuple(_beside(path, grader) for grader in options.grader),
        items=options.items,
        system=options.system,
        prompt=options.prompt,
        max_tokens=options.max_tokens,
        repeats=options.repeats,
        margin=options.margin,
        budget=options.budget,
        baseline=options.baseline,
        engine=options.engine,
    )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(outlined(outline))
    except FileExistsError:
        raise UsageError(f"{path} exists already.", remedy="Name another file; nothing was overwritten.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", error.strerror or "") from error
    try:
        defined = read_benchmark(path)
    except UsageError:
        # What cannot be run is not left behind.
        path.unlink()
        raise
    count = len(defined.rows)
    context.say(f"{clean(str(path))}: {count:,} items, {len(options.arm)} arms. Run it: cupola bench run {path}")
    return 0


def _beside(path: Path, other: Path) -> str:
    """How the definition names another file: as seen from its own folder."""
    return Path(os.path.relpath(other, path.parent)).as_posix()
