"""From flags and files to a definition whose parts are stored."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..text import clean

if TYPE_CHECKING:
    from ...store.database import Database
    from ...workflows.raft.definition import Raft


def stored(database: Database, options: argparse.Namespace) -> Raft:
    """The definition that the flags describe, with chunks and questions in the store.

    Raises:
        UsageError: there is none, or it cannot be carried out.
    """
    from ...workflows.raft.files import bundled, bundled_file, read, with_arms
    from ...workflows.raft.start import store_parts

    name = options.definition or ("handbook" if getattr(options, "demo", False) else None)
    if name is None:
        raise UsageError("Which documents?", remedy="Give a TOML file that names them, or handbook.")
    file = Path(name) if name.endswith(".toml") else bundled_file(name)
    if file is None:
        known = ", ".join(bundled())
        raise UsageError(
            f"There is no {clean(name)!r}.", remedy=f"Give a TOML file, or one of those that ship: {known}."
        )
    found = read(file)
    wanted = with_arms(found.definition, options.teacher or "", options.student or "", options.epochs)
    return store_parts(database, wanted, found.chunks, found.questions, time.time())
