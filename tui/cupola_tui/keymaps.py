"""Keymaps: which of the registry's keys count, and what of a person's own keys cannot be followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from textual.keys import KEY_ALIASES, Keys

from .commands import COMMANDS, Command, remapped, unknown_ids

_VI = frozenset({"h", "j", "k", "l", "g", "G", "ctrl+d", "ctrl+u"})
_VI_PAGES = {"pagedown": "ctrl+f", "pageup": "ctrl+b"}
_NAMED = {key.value for key in Keys} | set(KEY_ALIASES)
_WITH = ("ctrl+", "shift+", "alt+")


def keymap(name: object, commands: Iterable[Command] = COMMANDS) -> dict[str, str] | None:
    """The keys, by command id, in which a keymap differs from the registry; None for one that does not exist."""
    changed = _CHANGED.get(name) if isinstance(name, str) else None
    if changed is None:
        return None
    return {command.id: keys for command in commands if (keys := changed(command)) != command.keys}


def complaints(own: Mapping[str, str], keys: Mapping[str, str]) -> list[str]:
    """What of a person's keys cannot be followed, as sentences.

    Args:
        own: What stands in the configuration, by command id.
        keys: The same over the keymap.
    """
    said = [f"The configuration gives a key to {unknown!r}, which is no command." for unknown in unknown_ids(own)]
    said += [
        f"The configuration gives {command} the key {key!r}, which no terminal sends."
        for command, several in own.items()
        for key in several.split(",")
        if several and not _exists(key.strip())
    ]
    ours = set(own)
    for key, ids in shared_keys(remapped(keys)):
        if ours.intersection(ids):
            said.append(f"The key {key!r} stands for {' and '.join(ids)}: only one of them can be reached.")
    return said


def shared_keys(commands: Iterable[Command]) -> list[tuple[str, tuple[str, ...]]]:
    """Keys that stand for several commands of one place, with the ids of these."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for command in commands:
        for key in filter(None, command.keys.split(",")):
            found[command.scope, key].append(command.id)
    return [(key, tuple(ids)) for (_, key), ids in found.items() if len(ids) > 1]


def _with_pages(command: Command) -> str:
    keys = command.keys.split(",")
    return ",".join([*keys, *(page for key, page in _VI_PAGES.items() if key in keys)])


def _without_letters(command: Command) -> str:
    keys = command.keys.split(",")
    kept = [key for key in keys if key not in _VI]
    return ",".join(kept or keys)


def _exists(key: str) -> bool:
    bare = key
    while bare.startswith(_WITH):
        bare = bare.partition("+")[2]
    return len(bare) == 1 or bare in _NAMED or bare in _SIGNS


_SIGNS = frozenset(
    {"full_stop", "comma", "plus", "minus", "number_sign", "question_mark", "slash", "colon", "equals_sign"}
    | {"left_square_bracket", "right_square_bracket", "less_than_sign", "greater_than_sign", "at", "semicolon"}
)
"""Signs by the names that Textual has for them."""


_CHANGED: Mapping[str, Callable[[Command], str]] = {
    "default": lambda command: command.keys,
    "vim": _with_pages,
    "plain": _without_letters,
}

KEYMAPS = tuple(_CHANGED)
"""Arrows and vi's letters; those and vi's whole pages; arrows and page keys without letters for moving."""
