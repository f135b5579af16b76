"""How a kind of workflow is called: by people in a sentence, and by the command line as a noun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """What a kind is called."""

    noun: str
    """Of `cupola NOUN VERB`."""
    spoken: str
    """In the middle of a sentence, before a number."""


_NAMES: Mapping[str, Names] = {
    "distil": Names("distill", "distillation"),
    "raft": Names("raft", "RAFT"),
    "raft-data": Names("raft", "RAFT data"),
    "checkpoint-test": Names("checkpoint", "checkpoint test"),
    "regrade": Names("checkpoint", "second grading"),
}


def names_of(kind: str) -> Names:
    """The names of a kind; one that has none goes by its own."""
    return _NAMES.get(kind, Names(kind, kind))


def resume_command(kind: str, workflow_id: int) -> str:
    """The command that goes on with a workflow."""
    return f"cupola {names_of(kind).noun} resume {workflow_id}"
