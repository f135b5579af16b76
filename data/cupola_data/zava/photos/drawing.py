"""Draws a product from simple shapes on a plain ground."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .png import Pixels

SIDE: Final = 96
"""Of a picture, in pixels; shapes are told in hundredths of it."""
_GROUND: Final = (242, 240, 235)
_SHADOW: Final = (214, 210, 202)

Mask = NDArray[np.bool_]


def draw(shapes: Sequence[Mapping[str, Any]], colours: Mapping[str, Sequence[int]]) -> Pixels:
    """Draw shapes over one another.

    Args:
        shapes: Each with `paint` (a name in `colours`) and one of `box` (left, top, right, bottom), `disc` (x, y,
            radius), `line` (x, y, x, y, width) or `polygon` (x, y, x, y, ...), in hundredths of the side.
        colours: Red, green and blue by name.

    Returns:
        Pixels (96, 96, 3).
    """
    pixels = np.full((SIDE, SIDE, 3), _GROUND, np.uint8)
    pixels[_disc(50, 88, 34, squash=0.15)] = _SHADOW
    for shape in shapes:
        pixels[_mask(shape)] = colours[shape["paint"]]
    return pixels


def _mask(shape: Mapping[str, Any]) -> Mask:
    if "box" in shape:
        left, top, right, bottom = shape["box"]
        return _polygon([left, top, right, top, right, bottom, left, bottom])
    if "disc" in shape:
        x, y, radius = shape["disc"]
        return _disc(x, y, radius)
    if "line" in shape:
        return _line(*shape["line"])
    return _polygon(shape["polygon"])


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middle of each pixel, in hundredths: across and down."""
    middles = (np.arange(SIDE) + 0.5) * 100 / SIDE
    across, down = np.meshgrid(middles, middles)
    return across, down


def _disc(x: float, y: float, radius: float, squash: float = 1.0) -> Mask:
    across, down = _grid()
    return np.asarray((across - x) ** 2 + ((down - y) / squash) ** 2 <= radius**2)


def _line(x: float, y: float, to_x: float, to_y: float, width: float) -> Mask:
    across, down = _grid()
    length = math.hypot(to_x - x, to_y - y)
    along = np.clip(((across - x) * (to_x - x) + (down - y) * (to_y - y)) / length**2, 0, 1)
    aside = np.hypot(across - x - along * (to_x - x), down - y - along * (to_y - y))
    return np.asarray(aside <= width / 2)


def _polygon(corners: Sequence[float]) -> Mask:
    """Inside by the even-odd rule."""
    across, down = _grid()
    points = list(zip(corners[::2], corners[1::2], strict=True))
    inside = np.zeros((SIDE, SIDE), np.bool_)
    for (x, y), (to_x, to_y) in zip(points, points[1:] + points[:1], strict=True):
        if y != to_y:
            crosses = (y > down) != (to_y > down)
            inside ^= crosses & (across < x + (down - y) * (to_x - x) / (to_y - y))
    return inside
