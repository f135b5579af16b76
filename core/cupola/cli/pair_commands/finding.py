"""The run that a command is about."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..text import clean

if TYPE_CHECKING:
    from ...store.benchmarks import Run
    from ...store.database import Database


def run_named(database: Database, options: argparse.Namespace) -> Run:
    """The newest run of a benchmark, or the one whose number is given.

    Raises:
        UsageError: there is none.
    """
    from ...store import benchmarks

    found = benchmarks.runs(database, options.benchmark)
    chosen = next((run for run in found if options.run_id in (None, run.id)), None)
    if chosen is None:
        name = clean(options.benchmark)
        raise UsageError(f"There is no such run of {name!r}.", remedy=f"Run it: cupola bench run {name}")
    return chosen
