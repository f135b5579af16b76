"""`--readonly`, for once or in a profile: which verbs change the service or spend, and refusing them."""

from __future__ import annotations

import argparse

from ..errors import ReadOnlyError
from .context import Context, profile_meant

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
        "worker freeze",
        "worker run",
        "worker start",
        "worker thaw",
    }
)
"""Noun and verb of all that changes something at the service, has it changed by the worker, or may cost money."""


def refuse_changes(options: argparse.Namespace, context: Context) -> None:
    """Let only those verbs pass that read, and any with --dry-run, where changes are forbidden.

    Raises:
        ReadOnlyError: this one changes something.
        UsageError: the profile cannot be read.
    """
    named = f"{options.noun} {getattr(options, 'verb', '')}"
    if named not in CHANGING or getattr(options, "dry_run", False):
        return
    flag = options.readonly or bool(context.environment.get("CUPOLA_READONLY"))
    if not flag and not profile_meant(options, context).readonly:
        return
    by = "--readonly" if flag else f"`readonly` of the profile {options.profile or 'in use'}"
    raise ReadOnlyError(
        f"`{named}` changes the service or spends, and {by} lets nothing do so.",
        remedy="Leave out --readonly, unset CUPOLA_READONLY, or set `readonly = false` in the profile.",
    )
