"""Bring several arms to the same items, and say which arms may not be compared at all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from .clusters import Clusters, clusters_of
from .errors import StatisticsInputError
from .inputs import Floats, Integers, vector


class ItemKey(NamedTuple):
    """What joins the same item across arms."""

    prompt: Hashable
    """A content hash of the prompt; items that share it form one cluster."""
    repeat: int = 0
    """The repeat's number within the prompt."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """The union of the arms' items, in the order in which they were first seen."""

    keys: tuple[ItemKey, ...]
    clusters: Clusters
    places: Integers
    """(arms, items): where the item stands in the arm's own rows; -1 if the arm does not have it."""

    def gather(self, values: Sequence[Floats]) -> Floats:
        """Return the arms' own values, one vector for each arm, as (arms, items) in the shared order.

        NaN where an arm does not have the item. Raises StatisticsInputError if the number of arms or the length of
        an arm's values is not that of its keys.
        """
        if len(values) != len(self.places):
            raise StatisticsInputError(f"There are {len(self.places)} arms but values for {len(values)}.")
        return np.stack([_placed(vector(own, "Values"), row) for own, row in zip(values, self.places, strict=True)])


def _placed(values: Floats, places: Integers) -> Floats:
    if len(values) != np.count_nonzero(places >= 0):
        raise StatisticsInputError("An arm must have one value for each of its keys.")
    return np.append(values, np.nan)[places]


def pair_items(arms: Sequence[Sequence[ItemKey]]) -> Pairing:
    """Join the arms' items on their keys.

    Raises StatisticsInputError if there is no arm, no item, or an arm holds one key twice.
    """
    order: dict[ItemKey, int] = {}
    for keys in arms:
        for key in keys:
            order.setdefault(key, len(order))
    if not order:
        raise StatisticsInputError("There is nothing to pair.", "No arm has an item.")
    places = np.full((len(arms), len(order)), -1, dtype=np.int64)
    for row, keys in zip(places, arms, strict=True):
        row[np.fromiter((order[key] for key in keys), np.int64, len(keys))] = np.arange(len(keys))
        if np.count_nonzero(row >= 0) != len(keys):
            raise StatisticsInputError(
                "An arm has the same item twice.", remedy="Number the repeats of a prompt within the arm."
            )
    return Pairing(tuple(order), clusters_of([key.prompt for key in order]), places)


class Incomparable(StrEnum):
    """Why two arms may not be compared."""

    SPLITS = "different splits"
    GRADERS = "different graders"
    PROMPTS = "different prompts"
    NOTHING_SHARED = "no shared items"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The hashes of what an arm was run on and judged by."""

    split: str
    graders: str
    prompts: str


def reasons_against(first: Provenance, second: Provenance) -> tuple[Incomparable, ...]:
    """Return why two arms may not be compared; empty if they may."""
    pairs = (
        (first.split == second.split, Incomparable.SPLITS),
        (first.graders == second.graders, Incomparable.GRADERS),
        (first.prompts == second.prompts, Incomparable.PROMPTS),
    )
    return tuple(reason for alike, reason in pairs if not alike)
