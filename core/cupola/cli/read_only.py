"""`--readonly`: which verbs change the service or spend, and refusing them."""

from __future__ import annotations

import argparse

from ..errors import CupolaError

CHANGING: frozenset[str] = frozenset(
    {
        "bench cancel",
        "bench run",
        "checkpoint cancel",
        "checkpoint clean",
        "checkpoint pause",
        "checkpoint regrade",
        "checkpoint resume",
        "checkpoint test",
        "dataset delete",
        "dataset upload",
        "deploy create",
        "deploy extend",
        "deploy remove",
        "deploy scale",
        "deploy sweep",
        "distill branch",
        "distill cancel",
        "distill clean",
        "distill pause",
        "distill resume",
        "distill run",
        "file delete",
        "file upload",
        "grader calibrate",
        "grader lab",
        "job cancel",
        "job pause",
        "job resume",
        "job submit",
        "raft cancel",
        "raft clean",
        "raft make",
        "raft pause",
        "raft resume",
        "raft run",
        "worker run",
        "worker start",
    }
)
"""Noun and verb of all that changes something at the service, has it changed by the worker, or may cost money."""


class ReadOnlyError(CupolaError):
    """Something would be changed, and nothing may be."""

    exit_code = 4


def refuse_changes(options: argparse.Namespace, asked: bool) -> None:
    """Let only those verbs pass that read, and any with --dry-run.

    Raises:
        ReadOnlyError: `asked`, and this one changes something.
    """
    named = f"{options.noun} {getattr(options, 'verb', '')}"
    if asked and named in CHANGING and not getattr(options, "dry_run", False):
        raise ReadOnlyError(
            f"`{named}` changes the service or spends, and --readonly lets nothing do so.",
            remedy="Leave out --readonly, or unset CUPOLA_READONLY.",
        )
