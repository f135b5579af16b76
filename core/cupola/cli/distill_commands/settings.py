"""From flags and files to a distillation whose prompts are stored."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..text import clean

if TYPE_CHECKING:
    from ...store.database import Database
    from ...workflows.distil.definition import Distillation

_PLAIN = ("teacher", "student", "control", "samples", "threshold", "by", "training_tier", "sku", "capacity")


def stored(database: Database, options: argparse.Namespace) -> Distillation:
    """The distillation that the flags describe, with its benchmark and prompts in the store.

    Raises:
        UsageError: it cannot be read or carried out.
    """
    from dataclasses import replace

    from ...benchmarks.start import define
    from ...workflows.distil.files import bundled_file, read
    from ...workflows.distil.start import store_prompts

    name = options.definition or ("cora" if getattr(options, "demo", False) else "")
    if not name:
        raise UsageError("What shall be distilled?", remedy="Name a TOML file, cora, or a benchmark with --prompts.")
    now = time.time()
    file = Path(name) if name.endswith(".toml") else bundled_file(name)
    if file is not None:
        found = read(file)
        define(database, found.benchmark, now)
        definition, rows = found.definition, found.rows
    else:
        definition, rows = _of_benchmark(database, name, options.prompts)
    if file is not None and options.prompts:
        from ...benchmarks.items import read_rows

        rows = tuple(read_rows(Path(options.prompts)))
    return store_prompts(database, replace(definition, **changes(options, definition)), rows, now)


def changes(options: argparse.Namespace, definition: Distillation) -> dict[str, Any]:
    """The fields that flags set.

    Raises:
        UsageError: the student's prompt cannot be read.
    """
    found: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(options, name, None)) is not None}
    if options.from_stored:
        found["from_stored"] = True
    wanted = {"n_epochs": options.epochs, "learning_rate_multiplier": options.rate}
    if set(wanted.values()) != {None}:
        given = {name: value for name, value in wanted.items() if value is not None}
        found["hyperparameters"] = {**definition.hyperparameters, **given}
    if options.fuse is not None:
        found["fuse_seconds"] = options.fuse * 3_600 or None
    if options.student_prompt is not None:
        found["student_prompt"] = _student_prompt(definition, options.student_prompt)
    return found


def _student_prompt(definition: Distillation, said: str) -> tuple[dict[str, Any], ...]:
    asked = [dict(message) for message in definition.test.prompt if message.get("role") not in ("system", "developer")]
    if not asked:
        raise UsageError(
            "The benchmark's items bring their own prompts.",
            "They cannot be shortened by a rule.",
            "Give the benchmark a prompt template, or write [[student_prompt]] into a TOML file.",
        )
    if said == "none":
        return tuple(asked)
    try:
        text = Path(said).read_text("utf-8").strip()
    except OSError as error:
        raise UsageError(f"{clean(said)} cannot be read.", error.strerror or "") from error
    return ({"role": "system", "content": text}, *asked)


def _of_benchmark(database: Database, name: str, prompts: str | None) -> tuple[Distillation, tuple[str, ...]]:
    from ...benchmarks.definition import to_json
    from ...benchmarks.items import read_rows
    from ...benchmarks.start import find
    from ...workflows.distil.definition import Distillation

    benchmark = find(database, name)
    if not prompts:
        raise UsageError(
            f"Which questions shall the teacher of {clean(name)} answer?",
            remedy="Give --prompts FILE: rows with the same fields as the test's, but not the test's.",
        )
    return Distillation(name=benchmark.name, benchmark=to_json(benchmark), prompts=""), tuple(read_rows(Path(prompts)))
