"""What a person set in the configuration for the screen: keys, theme, how good the line is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .keymaps import KEYMAPS, complaints, keymap
from .line_pace import CHOICES, Choice
from .themes import DARK, THEMES


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person set in the configuration, or on the command line."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys by command id."""
    theme: str = DARK.name
    file: str = ""
    """Where it was read from, or would be."""
    tour: bool = False
    """Whether to begin with the tour."""
    line: Choice = "auto"
    """How good the line to the terminal is."""
    offline: bool = False
    """Nobody is to be asked: no worker is started, and no wish is written for one."""
    complaints: tuple[str, ...] = ()
    """What of it cannot be followed, as sentences."""


def read_preferences(file: Path, theme: str | None = None) -> Preferences:
    """Read them; what cannot be followed is left out and told on the screen.

    Args:
        file: The configuration, which need not be there.
        theme: Given on the command line, before the configuration.
    """
    import tomllib

    try:
        document = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        document = {}
    table = document.get("keys", {})
    own = {str(name): str(key) for name, key in table.items()} if isinstance(table, dict) else {}
    named = document.get("keymap", "default")
    keys = {**(keymap(named) or {}), **own}
    themes = [one.name for one in THEMES]
    chosen = theme or document.get("theme", DARK.name)
    line = document.get("line", "auto")
    said = [
        *_unknown("theme", chosen, themes),
        *_unknown("keymap", named, KEYMAPS),
        *_unknown("line", line, CHOICES),
        *complaints(own, keys),
    ]
    found = Preferences(keys, chosen if chosen in themes else DARK.name, str(file), complaints=tuple(said))
    return replace(found, line=line) if line in CHOICES else found


def _unknown(setting: str, value: object, known: Sequence[str]) -> list[str]:
    if value in known:
        return []
    return [f"The configuration's {setting} is {str(value)[:40]!r}; there are {', '.join(known)}."]
