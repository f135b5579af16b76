"""Measurements of jobs under one set of names, whether they come in events, checkpoints or the results file."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import re
from collections.abc import Iterator

from ...models import Event, Point
from .reading import integer, mapping, number, text

_MOST_METRICS = 400
"""No answer of the service comes near; a broken one must not fill the store."""

_LOSS_LINE = re.compile(r"^Step (\d{1,9}): training loss=([0-9.eE+-]+)\s*$")

_SAME = {
    "train_reward_mean": "train_mean_reward",
    "valid_reward_mean": "full_valid_mean_reward",
    "valid_mean_reward": "full_valid_mean_reward",
    "scores/train_reward_mean": "train_mean_reward",
    "scores/valid_reward_mean": "full_valid_mean_reward",
    "train_reasoning_tokens_mean": "reasoning_tokens_mean",
    "train_completion_tokens_mean": "completion_tokens_mean",
    "usage/samples/train_reasoning_tokens_mean": "reasoning_tokens_mean",
    "usage/samples/valid_reasoning_tokens_mean": "valid_reasoning_tokens_mean",
    "validation_loss": "valid_loss",
    "validation_mean_token_accuracy": "valid_mean_token_accuracy",
}
"""Other spellings of a metric: in documentation, in nested objects, in older files."""

_PREFIXES = (
    ("scores/graders/", "graders/"),
    ("errors/graders/", "errors/"),
    ("usage/graders/", "usage/"),
    ("timing/graders/", "timing/"),
)


def canonical(name: str) -> str:
    """The one name of a metric: `train_mean_reward`, `graders/NAME/train_reward_mean`, `errors/NAME/FAMILY`, ..."""
    if name in _SAME:
        return _SAME[name]
    for prefix, short in _PREFIXES:
        if name.startswith(prefix):
            return short + name.removeprefix(prefix)
    return name


def flatten(value: dict[str, object]) -> dict[str, float]:
    """All finite numbers in a nested object, under canonical names; list entries go by their `name`.

    Where two spellings of one metric are present, the one nearer the top counts.
    """
    found: dict[str, float] = {}
    level: list[tuple[str, object]] = list(value.items())
    while level and len(found) < _MOST_METRICS:
        below: list[tuple[str, object]] = []
        for path, entry in level:
            if isinstance(entry, dict):
                below += [(f"{path}/{key}", inner) for key, inner in entry.items()]
            elif isinstance(entry, list):
                below += [(f"{path}/{_label(inner, place)}", inner) for place, inner in enumerate(entry)]
            elif not isinstance(entry, str) and (measured := number(entry)) is not None:
                found.setdefault(canonical(text(path) or ""), measured)
        level = below[: 10 * _MOST_METRICS]
    return found


def points_of_event(event: Event) -> list[Point]:
    """The measurements an event carries: its `data`, or the loss that Azure writes in the message only."""
    line = _LOSS_LINE.match(event.message)
    if line and (loss := number(line[2])) is not None:
        return [Point("train_loss", int(line[1]), loss)]
    data = mapping(json.loads(event.data)) if event.data else {}
    step = integer(data.get("step"))
    if step is None:
        return []
    measured = flatten({name: entry for name, entry in data.items() if name not in ("step", "total_steps")})
    return [Point(name, step, value) for name, value in measured.items()]


def points_of_results(content: bytes) -> list[Point]:
    """The measurements in a results file, plain or base64; columns are known by name, empty cells are not measured.

    A file without a `step` column holds no measurements.
    """
    rows = _rows(_plain(content))
    header = [name.strip() for name in next(rows, [])]
    if "step" not in header:
        return []
    step_at = header.index("step")
    names = {place: canonical(name) for place, name in enumerate(header) if name and place != step_at}
    points: dict[tuple[str, int], Point] = {}
    for row in rows:
        step = integer(row[step_at]) if step_at < len(row) else None
        if step is None:
            continue
        for place, name in names.items():
            value = number(row[place]) if place < len(row) else None
            if value is not None:
                points[name, step] = Point(name, step, value)
    return list(points.values())


def _label(entry: object, place: int) -> str:
    return text(mapping(entry).get("name")) or str(place)


def _plain(content: bytes) -> str:
    plain = content.decode("utf-8-sig", "replace")
    if "step" in plain.partition("\n")[0]:
        return plain
    try:
        return base64.b64decode(content, validate=False).decode("utf-8-sig", "replace")
    except (binascii.Error, ValueError):
        return ""


def _rows(content: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(content.replace("\0", "").splitlines())
    except csv.Error:
        # A file that is being written, or is none: what was read so far counts.
        return
