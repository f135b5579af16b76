"""What the rows that could be read add to the counts of a part, all rows of a block at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from .answers import SHORT_ANSWER, seems_cut_off
from .excerpts import excerpt
from .findings import Finding, note
from .languages import language_of
from .part import MOST_TEXTS, Part, Seen, add_seen, add_value
from .reading import Reading
from .signatures import hash_of

_LONGEST_VALUE = 200
_LONGEST_SYSTEM = 400

Numbered = Sequence[tuple[int, Reading]]
"""Rows, each with the number of its line."""


def count_rows(part: Part, rows: Numbered, told: int) -> None:
    """Count rows by what they hold; of the first `told` of them the languages too."""
    _count_languages(part, rows[:told])
    _count_texts(part, rows)
    for number, (_, prompt, answer, _, rejected, images, fields) in rows:
        if answer and seems_cut_off(answer):
            note(part.tally, Finding("answer.cut_off", number, "", "…" + excerpt(answer[-80:])))
        if images:
            part.rows_with_images += 1
        if fields:
            _count_fields(part, fields, number)
        if rejected is not None:
            _count_pair(part, (prompt, answer, rejected), number)


def _count_languages(part: Part, rows: Numbered) -> None:
    for _, reading in rows:
        for name, text in (("system", reading.system), ("prompt", reading.prompt), ("answer", reading.answer)):
            if text:
                part.languages[name, language_of(text)] += 1


def _count_texts(part: Part, rows: Numbered) -> None:
    """Count roles, system prompts with the line of each first one, and short answers."""
    for roles, count in Counter([reading.roles for _, reading in rows]).items():
        for role in roles:
            part.roles[role] += count
    first = {reading.system: number for number, reading in reversed(rows)}
    for system, count in islice(Counter([reading.system for _, reading in rows]).items(), MOST_TEXTS):
        key = hash_of(system.encode("utf-8", "replace"))
        add_seen(part.systems, key, Seen(count, first[system], system[:_LONGEST_SYSTEM]))
    answers = [reading.answer for _, reading in rows]
    part.answers = Counter([answer if len(answer) <= SHORT_ANSWER else "" for answer in answers])


def _count_fields(part: Part, fields: Mapping[str, Any], number: int) -> None:
    keys = tuple(sorted(fields))
    add_seen(part.keys, keys, Seen(1, number, ", ".join(keys)[:_LONGEST_VALUE]))
    for name, value in fields.items():
        add_value(part.values, name, Seen(1, number, excerpt(value, _LONGEST_VALUE)))


def _count_pair(part: Part, texts: tuple[str, str, str], number: int) -> None:
    """Count a preference pair: its prompt, the better answer and the worse one."""
    _, better, worse = texts
    part.pairs += 1
    part.longer_preferred += len(better) > len(worse)
    part.shorter_preferred += len(better) < len(worse)
    prompt, one, other = (hash_of(text.encode("utf-8", "replace")) for text in texts)
    if one != other:
        part.pair_hashes.append((hash_of(prompt + one + other), hash_of(prompt + other + one), number))
