"""The verbs that put files on disk on the list of datasets, and take them off it."""

from __future__ import annotations

import argparse
import time

from ...errors import UsageError
from ...store import datasets
from ..context import Context, session_of, store_of
from ..text import clean


def remember(options: argparse.Namespace, context: Context) -> int:
    """Have files or folders listed from now on; nothing is copied or sent."""
    missing = [path for path in options.files if not path.exists()]
    if missing:
        raise UsageError(f"There is no {clean(str(missing[0]))}.", remedy="Name files or folders that are there.")
    with store_of(context, session_of(context, options.profile).profile) as database:
        for path in options.files:
            datasets.remember(database, str(path.absolute()), time.time())
            context.say(f"Remembered {path}.")
    return 0


def forget(options: argparse.Namespace, context: Context) -> int:
    """Take files or folders off the list; they stay where they are."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        for path in options.files:
            datasets.forget(database, str(path.absolute()))
            context.say(f"{path} is off the list; the file stays.")
    return 0
