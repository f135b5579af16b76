"""Rows with one planted fault each, and the rule that must find it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Fault = Callable[[Row, random.Random], Row | bytes]


def sound_row(chance: random.Random) -> Row:
    """A chat row with nothing wrong in it."""
    said: list[Row] = []
    if chance.random() < 0.7:
        said.append({"role": chance.choice(["system", "developer"]), "content": _words(chance)})
    for _ in range(chance.randint(1, 3)):
        said += [{"role": "user", "content": _words(chance)}, {"role": "assistant", "content": _words(chance)}]
    return {"messages": said}


def planted_row(rule: str, chance: random.Random) -> bytes:
    """A sound row with the fault that `rule` is about, as a line without its end."""
    row = FAULTS[rule](sound_row(chance), chance)
    return row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=chance.random() < 0.5).encode()


def _words(chance: random.Random) -> str:
    return (
        " ".join(chance.choices(["paint", "Farbe", "краска", "塗料", "12 m", "“blue”", "\t", "a/b", "…", "🎨"], k=9))
        + "."
    )


def _with(row: Row, chance: random.Random, **changes: object) -> Row:
    """Change one message; a value of None takes the key away."""
    message = chance.choice(row["messages"])
    for key, value in changes.items():
        message.pop(key, None)
        if value is not None:
            message[key] = value
    return row


def _text(row: Row) -> bytes:
    return json.dumps(row).encode()


def _last(row: Row, **changes: object) -> Row:
    row["messages"][-1].update(changes)
    return row


def _inside(row: Row, chance: random.Random, content: bytes) -> bytes:
    """Put bytes before or after the full stop that the text of the last message ends with."""
    line = _text(row)
    at = line.rindex(b'"}') - chance.randint(0, 1)
    return line[:at] + content + line[at:]


FAULTS: dict[str, Fault] = {
    "json.invalid": lambda row, chance: _text(row)[: -chance.randint(1, 40)],
    "json.duplicate_key": lambda row, chance: _text(row).replace(b'"role"', b'"role": "user", "role"', 1),
    "json.not_object": lambda row, chance: chance.choice([b"[1]", b'"text"', b"12", b"null", b"true"]),
    "json.number": lambda row, chance: _text({**row, "n": 0}).replace(
        b'"n": 0', b'"n": ' + chance.choice([b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1E+400"])
    ),
    "json.control_character": lambda row, chance: _inside(row, chance, bytes([chance.choice([0, 1, 8, 9, 27, 31])])),
    "json.encoding": lambda row, chance: _inside(
        row, chance, chance.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x80"])
    ),
    "json.too_deep": lambda row, chance: b'{"messages": ' + b"[" * chance.randint(300, 5_000),
    "json.surrogate": lambda row, chance: _inside(row, chance, b"\\ud800"),
    "messages.missing": lambda row, chance: {"messages": chance.choice([None, 1, "text", {}])},
    "messages.empty": lambda row, chance: {"messages": []},
    "messages.no_user": lambda row, chance: {"messages": [row["messages"][-1]]},
    "messages.no_assistant": lambda row, chance: {
        "messages": [m for m in row["messages"] if m["role"] != "assistant"],
        "tools": [],
    },
    "messages.last_not_assistant": lambda row, chance: {
        "messages": [*row["messages"], {"role": "user", "content": "And?"}]
    },
    "message.not_object": lambda row, chance: {"messages": [*row["messages"], chance.choice([None, 1, "x", []])]},
    "role.missing": lambda row, chance: _with(row, chance, role=None),
    "role.unknown": lambda row, chance: _with(row, chance, role=chance.choice(["bot", "User", "", 7, ["user"], {}])),
    "content.missing": lambda row, chance: _with(row, chance, content=None),
    "content.type": lambda row, chance: _with(row, chance, content=chance.choice([1, True, {"a": 1}])),
    "content.part": lambda row, chance: _with(
        row, chance, content=[{"type": chance.choice(["video", "input_text", 3])}]
    ),
    "name.type": lambda row, chance: _with(row, chance, name=chance.choice([1, True, ["x"]])),
    "weight.value": lambda row, chance: _last(row, weight=chance.choice([2, -1, 0.5, "1", True])),
    "tool_calls.type": lambda row, chance: _last(row, tool_calls=chance.choice([1, "x", [], [1], [{"id": "a"}]])),
    "tools.type": lambda row, chance: {**row, "tools": chance.choice([1, "x", {}, [1], [{"type": "function"}]])},
    "tools.parallel": lambda row, chance: {**row, "parallel_tool_calls": chance.choice([1, "yes", []])},
}
"""By the rule that must be among those that find it."""
