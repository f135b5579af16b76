"""What stands between you and your resource: each fact with its cause and remedy."""

from __future__ import annotations

import argparse

from ..facts_output import examined


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Doctor has no verbs."""
    # A parser's own defaults would come before the flags given in front of the noun.
    parser.set_defaults(run=examined, connection_only=False)
