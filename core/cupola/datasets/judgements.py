"""What only the whole file tells: drift, imbalance, outliers, bias, and too few rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .excerpts import excerpt
from .findings import EXAMPLES_KEPT, Finding
from .formats import Format
from .part import Part, Rows, Seen
from .twins import equal_pairs
from .vision import MOST_ROWS

FEWEST_ROWS = 10
MOST_TOKENS = 2_000_000_000
"""Tokens times epochs that one job may train on."""

_USUAL_SHARE = 0.5
_LABELS = 20
_LABELLED_SHARE = 0.9
_RARE = 0.1
_OUTLIER_FACTOR = 20
_FEW_PAIRS = 20
_LENGTH_BIAS = 0.75

Judgement = tuple[Finding, int]
"""A finding and how often it counts."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the judgements need beside the counts."""

    format: Format
    training: bool
    epochs: int
    context_tokens: int | None
    """The training context of the model; None if it is not known."""


def judge(part: Part, rows: Rows, context: Context) -> Iterator[Judgement]:
    """Everything that the whole file tells."""
    total = len(rows)
    if context.training:
        yield from _enough(total)
    if context.format is Format.VISION:
        yield Finding("image.people", 0, "", f"{part.rows_with_images:,} {_rows_hold(part.rows_with_images)} images"), 1
        if part.rows_with_images > MOST_ROWS:
            yield Finding("file.too_many_images", 0, "", f"{part.rows_with_images:,} rows"), 1
    yield from _drift(part.systems)
    if context.format.trains:
        yield from _labels(part)
    yield from _outliers(rows)
    yield from _fields(part, context.format)
    if context.format is Format.PREFERENCE:
        yield from _pairs(part)
    if context.format is Format.EVALUATION and 0 < part.wrapped < total - part.broken_rows:
        yield Finding("item.mixed", 0, "", f"{part.wrapped:,} of {total:,} rows are wrapped"), 1
    yield from _tokens(rows, context)


def _rows_hold(count: int) -> str:
    return "row holds" if count == 1 else "rows hold"


def _enough(total: int) -> Iterator[Judgement]:
    if total < FEWEST_ROWS:
        yield Finding("file.too_few_rows", 0, "", f"{total} {'row' if total == 1 else 'rows'}"), 1


def _drift(systems: dict[bytes, Seen]) -> Iterator[Judgement]:
    total = sum(seen.count for seen in systems.values())
    if len(systems) < 2:
        return
    usual = max(systems.values(), key=lambda seen: seen.count)
    # Where each row has a prompt of its own, there is nothing to drift from.
    if usual.count < _USUAL_SHARE * total or not usual.text:
        return
    for seen in sorted(systems.values(), key=lambda seen: seen.line):
        if seen is usual:
            continue
        if seen.text:
            yield Finding("system.drift", seen.line, "", excerpt(seen.text)), seen.count
        else:
            yield Finding("system.missing", seen.line, "", f"the others have: {excerpt(usual.text, 90)}"), seen.count


def _labels(part: Part) -> Iterator[Judgement]:
    """Answers that are labels: nearly all of them short, and few different ones."""
    labels = {answer: count for answer, count in part.answers.items() if answer}
    total = sum(part.answers.values())
    if not 2 <= len(labels) <= _LABELS or sum(labels.values()) < _LABELLED_SHARE * total or total < 2 * len(labels):
        return
    least, most = min(labels, key=lambda label: labels[label]), max(labels, key=lambda label: labels[label])
    if labels[least] < _RARE * labels[most]:
        text = f"{excerpt(most, 40)}: {labels[most]:,} of {total:,}; {excerpt(least, 40)}: {labels[least]:,}"
        yield Finding("label.imbalance", 0, "", text), 1


def _outliers(rows: Rows) -> Iterator[Judgement]:
    characters = rows["characters"]
    if len(characters) < FEWEST_ROWS:
        return
    median = max(1.0, float(np.median(characters)))
    far = np.flatnonzero(characters > _OUTLIER_FACTOR * median)
    if not len(far):
        return
    share = float(characters[far].sum(dtype=np.float64) / characters.sum(dtype=np.float64))
    for index, row in enumerate(far[:EXAMPLES_KEPT]):
        text = f"{int(characters[row]):,} characters, the median row has {median:,.0f}"
        if not index:
            text += f"; {len(far):,} such rows hold {share:.0%} of all text"
        yield Finding("length.outliers", int(rows["line"][row]), "", text), 1
    if len(far) > EXAMPLES_KEPT:
        yield Finding("length.outliers", 0, "", "and more"), len(far) - EXAMPLES_KEPT


def _fields(part: Part, format_: Format) -> Iterator[Judgement]:
    total = sum(seen.count for seen in part.keys.values())
    if len(part.keys) > 1:
        usual = max(part.keys.values(), key=lambda seen: seen.count)
        for seen in part.keys.values():
            if seen is not usual:
                text = f"{excerpt(seen.text, 60)}; most rows have: {excerpt(usual.text, 60)}"
                yield Finding("fields.differ", seen.line, "", text), seen.count
    if format_ is Format.REINFORCEMENT and total >= FEWEST_ROWS:
        for name, seen in part.values.items():
            if seen.text and seen.count == total:
                yield Finding("rft.same_answer", seen.line, excerpt(name), excerpt(seen.text)), 1


def _pairs(part: Part) -> Iterator[Judgement]:
    longer, shorter = part.longer_preferred, part.shorter_preferred
    told = longer + shorter
    if told >= _FEW_PAIRS and max(longer, shorter) >= _LENGTH_BIAS * told:
        which = "longer" if longer > shorter else "shorter"
        share = max(longer, shorter) / told
        yield Finding("pair.length_bias", 0, "", f"a rule that takes the {which} answer would get {share:.0%}"), 1
    seen: dict[bytes, int] = {}
    for one, other, line in part.pair_hashes:
        if other in seen:
            yield Finding("pair.contradiction", line, "", f"line {seen[other]:,} prefers the other"), 1
        seen.setdefault(one, line)


def _tokens(rows: Rows, context: Context) -> Iterator[Judgement]:
    tokens = rows["tokens"]
    trained = int(tokens.sum(dtype=np.int64)) * context.epochs
    if trained > MOST_TOKENS:
        yield Finding("tokens.too_many", 0, "", f"{trained:,} tokens in {context.epochs} epochs"), 1
    if context.context_tokens:
        for row in np.flatnonzero(tokens > context.context_tokens):
            text = f"{int(tokens[row]):,} tokens; the training context is {context.context_tokens:,}"
            yield Finding("context.exceeded", int(rows["line"][row]), "", text), 1


def duplicates(rows: Rows) -> Iterator[Judgement]:
    """Rows and prompts that repeat an earlier one."""
    same_row = equal_pairs(rows["row_hash"])
    same_prompt = equal_pairs(rows["prompt_hash"])
    same_prompt = same_prompt[rows["row_hash"][same_prompt[:, 0]] != rows["row_hash"][same_prompt[:, 1]]]
    for rule, pairs, words in (
        ("duplicate.row", same_row, "the same as line"),
        ("duplicate.prompt", same_prompt, "the prompt of line"),
    ):
        for index, (one, other) in enumerate(pairs[:EXAMPLES_KEPT]):
            # The first stands for all that are not shown.
            count = 1 if index else max(1, len(pairs) - EXAMPLES_KEPT + 1)
            yield Finding(rule, int(rows["line"][other]), "", f"{words} {int(rows['line'][one]):,}"), count
