"""Every kind of workflow there is."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import UsageError
from .checkpoint_test.steps import CHECKPOINT_TEST
from .distil.steps import DISTIL
from .kinds import Kind
from .raft.steps import RAFT, RAFT_DATA
from .regrade.steps import REGRADE

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (DISTIL, RAFT, RAFT_DATA, CHECKPOINT_TEST, REGRADE)}
"""By the names that workflows carry."""


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UsageError: there is none, as in a store that a newer version has written.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise UsageError(f"Workflows of the kind {name!r} are not known here.", remedy="Use the version that began it.")
    return kind
