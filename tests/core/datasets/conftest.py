"""Rows and files to check."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

Row = dict[str, Any]
Write = Callable[..., Path]

_TOPICS = ("paint", "drills", "tiles", "lamps", "hinges", "ladders", "varnish", "plaster", "screws", "timber")
_ASKED = (
    "How long does the {0} delivery to the northern depot take when I order {1} boxes on a Friday?",
    "My neighbour bought {1} {0} last winter and some broke at once; may they be exchanged without a bill?",
    "Please compare the {0} of shelf {1} with those that the other shops in town have on offer.",
    "Is there a course for beginners about {0}, on day {1} of the month, and what should we bring along?",
)


def chat_row(number: int, **more: Any) -> Row:
    """A well-formed conversation, different for each number."""
    question = _ASKED[number % 4].format(_TOPICS[number // 4 % 10], number * 7919 % 10_007)
    return {
        "messages": [
            {"role": "system", "content": "You are Cora."},
            {"role": "user", "content": question},
            {"role": "assistant", "content": f"Gladly: for case {number}, the answer stands in leaflet {number * 31}."},
        ],
        **more,
    }


def preference_row(number: int) -> Row:
    """A well-formed preference pair, the longer answer preferred on every other row."""
    texts = [f"Answer {number} is short.", f"Answer {number} goes on and on, and says much that nobody asked about."]
    better, worse = texts if number % 2 else reversed(texts)
    return {
        "input": {"messages": chat_row(number)["messages"][:2]},
        "preferred_output": [{"role": "assistant", "content": better}],
        "non_preferred_output": [{"role": "assistant", "content": worse}],
    }


def reinforcement_row(number: int, **more: Any) -> Row:
    """A well-formed task with a reference."""
    return {"messages": chat_row(number)["messages"][:2], "reference": str(number), **more}


WELL_FORMED: tuple[dict[str, Any], ...] = (
    {"messages": [{"role": "user", "content": "Which paint?"}, {"role": "assistant", "content": "The blue one."}]},
    {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "name": "Ada", "content": [{"type": "text", "text": "See"}, {"type": "image_url"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]},
            {
                "role": "assistant",
                "content": None,
                "weight": 0,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "parallel_tool_calls": True,
    },
    {
        "input": {"messages": [{"role": "user", "content": "a"}], "tools": []},
        "preferred_output": [{"role": "assistant", "content": "b"}],
        "non_preferred_output": [{"role": "assistant", "content": "c"}],
    },
    {"messages": [{"role": "user", "content": "a"}], "reference": {"answer": "b"}, "unit": "m"},
    {"item": {"question": "a", "answer": "b", "messages": [{"role": "user", "content": "x"}]}, "sample": {}},
    {"question": "a", "answer": "b"},
)
ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "user",
    "assistant",
    "tool",
    "image_url",
    "\x1b[2J",
    "\x00",
    [],
    {},
    [[]],
    [{}],
)


def _mutated(value: Any, random: Random) -> Any:
    """The value with some of its parts replaced, doubled, dropped or renamed."""
    if random.random() < 0.06:
        return random.choice(ODD)
    if isinstance(value, list):
        parts = [_mutated(part, random) for part in value if random.random() > 0.05]
        return parts + parts[:1] if random.random() < 0.05 else parts
    if isinstance(value, dict):
        pairs = [(key, _mutated(part, random)) for key, part in value.items() if random.random() > 0.05]
        return {key if random.random() > 0.03 else random.choice(("role", "\x1b]0;x", "")): part for key, part in pairs}
    return value


@pytest.fixture(scope="session")
def mutant() -> Callable[[Random], Row]:
    """Makes a row of some format with a few of its parts replaced, doubled, dropped or renamed."""

    def mutant_(random: Random) -> Row:
        row = _mutated(random.choice(WELL_FORMED), random)
        return row if isinstance(row, dict) else {"messages": row}

    return mutant_


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows, or raw lines, into a file and return its path."""

    def write_(rows: Iterable[Row | bytes | str], name: str = "data.jsonl") -> Path:
        lines = [
            row if isinstance(row, bytes) else row.encode() if isinstance(row, str) else json.dumps(row).encode()
            for row in rows
        ]
        path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    return write_


@pytest.fixture
def rows() -> dict[str, Callable[..., Row]]:
    """Makers of well-formed rows by format."""
    return {"chat": chat_row, "preference": preference_row, "reinforcement": reinforcement_row}
