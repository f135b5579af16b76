"""What an image counts for in tokens, by the two formulas that OpenAI has published: tiles and patches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

SOURCE = "OpenAI, Images and vision guide, calculating costs; 2025-12"
_PATCH = 32
_MOST_PATCHES = 1_536
_TILE = 512
_LONGEST, _SHORTEST = 2_048, 768


@dataclass(frozen=True, slots=True)
class Tiles:
    """A base, and so much for each tile of 512 pixels that the scaled image covers; in low detail the base alone."""

    base: int
    tile: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of an image of that size in pixels; `auto` counts as high, the dearer one."""
        if detail == "low":
            return self.base
        return self.base + self.tile * _tiles(width, height)

    def bounds(self, detail: str) -> tuple[int, int]:
        """The least and the most tokens of an image whose size is not known."""
        most = self.base + self.tile * _tiles(_LONGEST, _SHORTEST)
        return (self.base, self.base) if detail == "low" else (self.base + self.tile, most)


@dataclass(frozen=True, slots=True)
class Patches:
    """So many tokens for each patch of 32 pixels, of which there are 1,536 at most; detail changes nothing."""

    multiplier: Fraction

    def tokens(self, width: int, height: int, _: str) -> int:
        """Tokens of an image of that size in pixels, rounded up."""
        return math.ceil(_patches(width, height) * self.multiplier)

    def bounds(self, _: str) -> tuple[int, int]:
        """The least and the most tokens of an image whose size is not known."""
        return math.ceil(self.multiplier), math.ceil(_MOST_PATCHES * self.multiplier)


Formula = Tiles | Patches

_FORMULAS: tuple[tuple[str, Formula], ...] = (
    ("gpt-4.1-mini", Patches(Fraction("1.62"))),
    ("gpt-4.1-nano", Patches(Fraction("2.46"))),
    ("o4-mini", Patches(Fraction("1.72"))),
    ("gpt-5-mini", Patches(Fraction("1.62"))),
    ("gpt-5-nano", Patches(Fraction("2.46"))),
    ("gpt-4o-mini", Tiles(2_833, 5_667)),
    ("gpt-4o", Tiles(85, 170)),
    ("gpt-4.1", Tiles(85, 170)),
    ("gpt-4.5", Tiles(85, 170)),
    ("gpt-5", Tiles(70, 140)),
    ("o1", Tiles(75, 150)),
    ("o3", Tiles(75, 150)),
)
"""By the beginning of a model's name; the first that fits."""


USUAL: Formula = Tiles(85, 170)
"""Of gpt-4o and gpt-4.1: what counts where the model is not known."""
USUAL_SIZE = (1_024, 1_024)
"""Pixels of an image whose size is not known."""


def formula_of(model: str) -> Formula | None:
    """The formula of a model, or of a model tuned from it; None where none is published."""
    name = model.casefold()
    return next(
        (formula for start, formula in _FORMULAS if name == start or name.startswith((f"{start}-", f"{start}."))), None
    )


def _tiles(width: int, height: int) -> int:
    """Tiles after scaling down into 2,048 x 2,048, then to a shortest side of 768; smaller images stay as they are."""
    if max(width, height) > _LONGEST:
        width, height = _scaled(width, height, Fraction(_LONGEST, max(width, height)))
    if min(width, height) > _SHORTEST:
        width, height = _scaled(width, height, Fraction(_SHORTEST, min(width, height)))
    return math.ceil(width / _TILE) * math.ceil(height / _TILE)


def _scaled(width: int, height: int, by: Fraction) -> tuple[int, int]:
    return max(1, math.floor(width * by)), max(1, math.floor(height * by))


def _patches(width: int, height: int) -> int:
    """Patches that cover the image, scaled down so that whole ones fit if they would be more than 1,536."""
    covered = math.ceil(width / _PATCH) * math.ceil(height / _PATCH)
    if covered <= _MOST_PATCHES:
        return covered
    shrink = math.sqrt(_PATCH**2 * _MOST_PATCHES / (width * height))
    across, down = width * shrink / _PATCH, height * shrink / _PATCH
    shrink *= min(math.floor(across) / across, math.floor(down) / down) if min(across, down) >= 1 else 1.0
    # What the first scaling makes whole must not be lost to rounding.
    sides = [math.ceil(round(side * shrink / _PATCH, 9)) for side in (width, height)]
    return min(sides[0] * sides[1], _MOST_PATCHES)
