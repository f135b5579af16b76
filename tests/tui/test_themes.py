"""Colours are read by measured contrast, and told apart by eyes that see fewer of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Awaitable, Callable

import pytest
from textual.theme import Theme

from cupola_tui.app import CupolaApp, Preferences
from cupola_tui.themes import CONTRAST, INKS, SERIES_INKS, THEMES

See = Callable[..., Awaitable[None]]
Colour = tuple[float, float, float]

READ = ("muted", "accent", "key", "good", "warn", "bad", "info", "head", "mark", "role-tool", "role-field", "code")
"""Inks in which words stand."""

EASILY = 10.0
"""A difference that is seen at a glance; 2.3 is just noticeable (Mahy and others, 1994)."""

DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Of linear RGB, by Machado, Oliveira and Fernandes (2009), at full severity."""


def linear(colour: str) -> Colour:
    """Linear RGB of #rrggbb (IEC 61966-2-1)."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.1, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def apart(one: str, other: str, deficiency: str) -> float:
    """CIE 1976 colour difference of two colours as an eye with a deficiency sees them."""
    seen = []
    for colour in (one, other):
        rgb = linear(colour)
        seen.append(lab([min(1.0, max(0.0, dot(row, rgb))) for row in DEFICIENCIES[deficiency]]))
    return math.dist(*seen)


def dot(one: Colour, other: Colour) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def lab(rgb: list[float]) -> Colour:
    """CIELAB of linear sRGB under D65."""
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_words_can_be_read_on_every_ground(theme: Theme) -> None:
    background, inks = theme.background or "", INKS[theme.name]
    least = 7.0 if theme is CONTRAST else 4.5
    poor = {ink: contrast(inks[ink], background) for ink in READ if contrast(inks[ink], background) < least}
    assert poor == {}
    row = inks["row"].removeprefix("on ")
    selected = {ink: contrast(inks[ink], row) for ink in ("good", "warn", "bad", "info")}
    assert {ink: ratio for ink, ratio in selected.items() if ratio < 3.0} == {}
    for name in ("badge", "danger", "tab", "match", "lost", "gained"):
        ink, _, ground = inks[name].partition(" on ")
        assert contrast(ink, ground) >= (least if theme is CONTRAST else 3.0), name


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_good_and_bad_and_the_first_series_are_told_apart_by_every_eye(theme: Theme, deficiency: str) -> None:
    inks = INKS[theme.name]
    pairs = [("good", "bad"), ("series1", "series2"), ("series2", "series3"), ("series1", "series3")]
    distances = {(a, b): apart(inks[a], inks[b], deficiency) for a, b in pairs}
    assert {pair: round(found, 1) for pair, found in distances.items() if found < EASILY} == {}


def test_every_theme_has_every_ink() -> None:
    names = {theme.name: set(INKS[theme.name]) for theme in THEMES}
    for one, other in itertools.pairwise(names.values()):
        assert one == other
    assert all(f"series{number}" in inks for inks in names.values() for number in range(1, SERIES_INKS + 1))


@pytest.mark.parametrize("theme", ["light", "contrast"])
async def test_the_screen_opens_in_the_theme_and_goes_on_to_the_next(
    open_app: Callable[..., CupolaApp], see: See, theme: str
) -> None:
    app = open_app(preferences=Preferences(theme=theme))
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "cora-distil")
        assert app.theme == theme
        names = [one.name for one in THEMES]
        app.action_theme()
        assert app.theme == names[(names.index(theme) + 1) % len(names)]
