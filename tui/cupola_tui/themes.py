"""The themes and their inks; series colours after Okabe and Ito (2008), told apart by colour-blind eyes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from rich.style import Style
from textual.theme import Theme

DARK = Theme(
    name="dark",
    dark=True,
    primary="#e8a15c",
    secondary="#6fb7e9",
    accent="#e8a15c",
    foreground="#d5d9e0",
    background="#11141a",
    surface="#171b23",
    panel="#1e2430",
    success="#3fbf94",
    warning="#e6b450",
    error="#f0776a",
    variables={"line": "#323a49", "line-focus": "#e8a15c"},
)

LIGHT = Theme(
    name="light",
    dark=False,
    primary="#a85510",
    secondary="#0b6aa8",
    accent="#a85510",
    foreground="#23272e",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e9e6df",
    success="#0b7a5b",
    warning="#8a6100",
    error="#b8341f",
    variables={"line": "#cfcabf", "line-focus": "#a85510"},
)

CONTRAST = Theme(
    name="contrast",
    dark=True,
    primary="#ffd75f",
    secondary="#7fd4ff",
    accent="#ffd75f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#101010",
    success="#5fffc8",
    warning="#ffd75f",
    error="#ff9d8f",
    variables={"line": "#9a9a9a", "line-focus": "#ffd75f"},
)

THEMES = (DARK, LIGHT, CONTRAST)

SERIES_INKS = 6
"""How many series have a colour of their own; later ones begin anew with another glyph."""

_DARK_INKS = {
    "muted": "#8a93a5",
    "faint": "#4d5668",
    "axis": "#5b6577",
    "edge": "#323a49",
    "accent": "#e8a15c",
    "key": "#e8a15c",
    "good": "#3fbf94",
    "warn": "#e6b450",
    "bad": "#f0776a",
    "info": "#6fb7e9",
    "badge": "#11141a on #6fb7e9",
    "danger": "#ffffff on #b3261e",
    "tab": "#11141a on #e8a15c",
    "track": "#323a49",
    "row": "on #2b3547",
    "row-blurred": "on #1f2632",
    "head": "#8a93a5",
    "mark": "#e6b450",
    "match": "#11141a on #e6b450",
    "lost": "#f0776a on #35201f",
    "gained": "#3fbf94 on #16302a",
    "role-system": "#8a93a5",
    "role-developer": "#8a93a5",
    "role-user": "#6fb7e9",
    "role-assistant": "#3fbf94",
    "role-tool": "#e08bbd",
    "role-function": "#e08bbd",
    "role-field": "#e6b450",
    "code": "#c9b6f2",
    "series1": "#56b4e9",
    "series2": "#e69f00",
    "series3": "#2fc08f",
    "series4": "#e08bbd",
    "series5": "#f0e442",
    "series6": "#f0714a",
    "raw1": "#2d5a76",
    "raw2": "#735214",
    "raw3": "#205e4b",
    "raw4": "#6d475d",
    "raw5": "#6b672c",
    "raw6": "#743d2d",
}

_LIGHT_INKS = {
    "muted": "#666c78",
    "faint": "#a6a299",
    "axis": "#948f84",
    "edge": "#cfcabf",
    "accent": "#a85510",
    "key": "#a85510",
    "good": "#0b7a5b",
    "warn": "#8a6100",
    "bad": "#b8341f",
    "info": "#0b6aa8",
    "badge": "#ffffff on #0b6aa8",
    "danger": "#ffffff on #b3261e",
    "tab": "#ffffff on #a85510",
    "track": "#d5d0c5",
    "row": "on #d9e3ee",
    "row-blurred": "on #ece9e2",
    "head": "#666c78",
    "mark": "#8a6100",
    "match": "#ffffff on #8a6100",
    "lost": "#b8341f on #f6e0da",
    "gained": "#0b7a5b on #dcefe6",
    "role-system": "#666c78",
    "role-developer": "#666c78",
    "role-user": "#0b6aa8",
    "role-assistant": "#0b7a5b",
    "role-tool": "#a3417e",
    "role-function": "#a3417e",
    "role-field": "#8a6100",
    "code": "#5b3fa8",
    "series1": "#0b6aa8",
    "series2": "#b45f06",
    "series3": "#0b7a5b",
    "series4": "#a3417e",
    "series5": "#7a6c00",
    "series6": "#b8341f",
    "raw1": "#a9cbe2",
    "raw2": "#e6c7a2",
    "raw3": "#a5d3c5",
    "raw4": "#deb8d0",
    "raw5": "#d3cb95",
    "raw6": "#e5b3aa",
}


_CONTRAST_INKS = {
    "muted": "#d0d0d0",
    "faint": "#a8a8a8",
    "axis": "#c0c0c0",
    "edge": "#9a9a9a",
    "accent": "#ffd75f",
    "key": "#ffd75f",
    "good": "#5fffc8",
    "warn": "#ffd75f",
    "bad": "#ff9d8f",
    "info": "#7fd4ff",
    "badge": "#000000 on #7fd4ff",
    "danger": "#ffffff on #a80000",
    "tab": "#000000 on #ffd75f",
    "track": "#6a6a6a",
    "row": "on #00407a",
    "row-blurred": "on #2e2e2e",
    "head": "#ffffff",
    "mark": "#ffd75f",
    "match": "#000000 on #ffd75f",
    "lost": "#ffc9c0 on #5a0f00",
    "gained": "#b5ffe6 on #00442f",
    "role-system": "#d0d0d0",
    "role-developer": "#d0d0d0",
    "role-user": "#7fd4ff",
    "role-assistant": "#5fffc8",
    "role-tool": "#ffb3e2",
    "role-function": "#ffb3e2",
    "role-field": "#ffd75f",
    "code": "#ddd0ff",
    "series1": "#56b4e9",
    "series2": "#ffb000",
    "series3": "#2fe0a0",
    "series4": "#ff9fd8",
    "series5": "#f0e442",
    "series6": "#ff7f50",
    "raw1": "#3b7ea3",
    "raw2": "#a37300",
    "raw3": "#1f9469",
    "raw4": "#a3658a",
    "raw5": "#9c942b",
    "raw6": "#a65234",
}


class Inks:
    """The named inks of one theme as terminal styles."""

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = MappingProxyType(dict(colours))
        self._styles: dict[str, Style] = {}

    def style(self, names: str) -> Style:
        """The style of one or several inks joined by spaces; `bold`, `italic`, `reverse` may be among them."""
        known = self._styles.get(names)
        if known is None:
            known = Style.parse(" ".join(self._colours.get(name, name) for name in names.split()))
            self._styles[names] = known
        return known


INKS: Mapping[str, Mapping[str, str]] = {
    DARK.name: _DARK_INKS,
    LIGHT.name: _LIGHT_INKS,
    CONTRAST.name: _CONTRAST_INKS,
}
"""The inks by theme."""


@lru_cache(maxsize=4)
def inks(theme: str) -> Inks:
    """The inks of a theme, dark ones for a theme that is not Cupola's own."""
    return Inks(INKS.get(theme, _DARK_INKS))
