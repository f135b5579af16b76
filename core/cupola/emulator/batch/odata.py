"""`$filter` and `$orderby` of the list of batches: the part of OData that a list of two or three fields needs.

`$filter` takes comparisons (`eq ne gt ge lt le`) of a field with a literal, joined by `and`, `or`, `not` and
parentheses, such as `created_at gt 1728860560 and status eq 'Completed'`; `$orderby` takes `created_at asc`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import invalid_payload

MOST_CHARACTERS = 2000

NUMBERS: Mapping[str, str] = {"created_at": "CAST(created_at AS INTEGER)"}
"""Fields that are compared as whole numbers, with their SQL."""

TEXTS: Mapping[str, str] = {
    "status": "status",
    "id": "id",
    "endpoint": "endpoint",
    "input_file_id": "input_file_id",
}
"""Fields that are compared as text, in any case, with their SQL."""

_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d{1,18})\b|(?P<word>\w+)|(?P<mark>[()]))")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as SQL over the table of batches, with its arguments."""

    sql: str
    arguments: tuple[Any, ...] = ()


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > MOST_CHARACTERS:
        raise invalid_payload(f"Invalid $filter: it is longer than {MOST_CHARACTERS} characters.")
    found, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise invalid_payload(f"Invalid $filter: syntax error at position {position}.")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class _Parser:
    """Descends from `or` by `and` and `not` to comparisons."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def parse(self) -> Condition:
        condition = self._alternatives(0)
        if self._next < len(self._tokens):
            raise self._unexpected()
        return condition

    def _unexpected(self) -> Exception:
        told = f"'{self._tokens[self._next][1][:80]}'" if self._next < len(self._tokens) else "the end"
        return invalid_payload(f"Invalid $filter: {told} was not expected.")

    def _takes(self, kind: str, text: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == (kind, text):
            self._next += 1
            return True
        return False

    def _take(self, kind: str) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != kind:
            raise self._unexpected()
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _alternatives(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise invalid_payload("Invalid $filter: it is nested too deeply.")
        found = self._conjunction(depth)
        while self._takes("word", "or"):
            other = self._conjunction(depth)
            found = Condition(f"({found.sql} OR {other.sql})", found.arguments + other.arguments)
        return found

    def _conjunction(self, depth: int) -> Condition:
        found = self._negation(depth)
        while self._takes("word", "and"):
            other = self._negation(depth)
            found = Condition(f"({found.sql} AND {other.sql})", found.arguments + other.arguments)
        return found

    def _negation(self, depth: int) -> Condition:
        if self._takes("word", "not"):
            negated = self._negation(depth + 1) if depth < _DEEPEST else self._alternatives(depth + 1)
            return Condition(f"(NOT {negated.sql})", negated.arguments)
        if self._takes("mark", "("):
            inner = self._alternatives(depth + 1)
            if not self._takes("mark", ")"):
                raise self._unexpected()
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        field, operator = self._take("word"), self._take("word")
        if field not in NUMBERS and field not in TEXTS:
            known = ", ".join((*NUMBERS, *TEXTS))
            raise invalid_payload(f"Invalid $filter: '{field[:80]}' is not one of {known}.")
        if operator not in _OPERATORS:
            raise invalid_payload(f"Invalid $filter: '{operator[:80]}' is not one of {', '.join(_OPERATORS)}.")
        if field in NUMBERS:
            return Condition(f"{NUMBERS[field]} {_OPERATORS[operator]} ?", (int(self._take("number")),))
        text = self._take("text")[1:-1].replace("''", "'")
        return Condition(f"{TEXTS[field]} {_OPERATORS[operator]} ? COLLATE NOCASE", (text,))


def read_filter(text: str) -> Condition:
    """The condition of a `$filter`. Raises ApiError."""
    return _Parser(text).parse()


def read_order(text: str) -> bool:
    """Whether an `$orderby` wants the newest first; `created_at` is what batches can be ordered by. Raises ApiError."""
    words = text.split()
    if words[:1] != ["created_at"] or words[1:] not in ([], ["asc"], ["desc"]):
        raise invalid_payload("Invalid $orderby. It must be 'created_at asc' or 'created_at desc'.")
    return words[1:] == ["desc"]
