"""`cupola dataset split`, `sample`, `convert`, `merge` and `fix`: new files, each with a record of its origin."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit
from .arguments import format_named, shares_of

if TYPE_CHECKING:
    from ...datasets.writing import Provenance


def split(options: argparse.Namespace, context: Context) -> int:
    """Split a file into new ones."""
    from ...datasets.split import Splitting, split_file

    shares = shares_of(options.shares)
    how = Splitting(shares, options.seed, not options.separate_twins, options.group, options.stratify)
    prefix = options.to or options.file.with_suffix("")
    targets = {name: prefix.with_name(f"{prefix.name}.{name}.jsonl") for name in shares}
    return _made(options, context, split_file(options.file, targets, how, time.time()))


def sample(options: argparse.Namespace, context: Context) -> int:
    """Draw rows at random."""
    from ...datasets.split import sample_file

    return _made(options, context, [sample_file(options.file, options.to, options.rows, options.seed, time.time())])


def merge(options: argparse.Namespace, context: Context) -> int:
    """Join files of one format."""
    from ...datasets.split import merge_files

    return _made(options, context, [merge_files(options.files, options.to, time.time(), unique=options.unique)])


def convert(options: argparse.Namespace, context: Context) -> int:
    """Convert a file."""
    from ...datasets.convert import Conversion, convert_file

    conversion = Conversion(
        format_named(options.kind), options.question, options.answer, options.system, wrap=not options.bare
    )
    return _made(options, context, [convert_file(options.file, options.to, conversion, time.time())])


def fix(options: argparse.Namespace, context: Context) -> int:
    """Write a mended copy, and show the difference."""
    from ...datasets.fix import FIXES, diff, fix_file

    chosen = tuple(options.only.split(",")) if options.only else FIXES
    unknown = [name for name in chosen if name not in FIXES]
    if unknown:
        raise UsageError(f"There is no fix {unknown[0]!r}.", f"There are {', '.join(FIXES)}.")
    fixed = fix_file(options.file, options.to, time.time(), chosen)
    for line in diff(fixed, str(options.file), str(options.to)):
        context.say(line)
    return _made(options, context, [fixed.provenance])


def _made(options: argparse.Namespace, context: Context, made: Iterable[Provenance]) -> int:
    """Record and print the new files."""
    from dataclasses import asdict

    from ...datasets.writing import record
    from ...store.provenance import Origin, save

    profile = session_of(context, options.profile).profile
    rows = []
    for provenance in made:
        record(provenance, context.paths.profile_directory(profile.name) / "datasets.jsonl")
        told = asdict(provenance)
        output = told.pop("output")
        with store_of(context, profile) as database:
            save(database, Origin(**output, **told))
        rows.append({"file": provenance.output.name, "sha256": provenance.output.sha256, **asdict(provenance)})
    emit(options, context.out, "cupola.dataset.made/1", rows, ("file", "rows", "action", "sha256"), None)
    return 0
