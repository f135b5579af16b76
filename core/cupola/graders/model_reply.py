"""Reads a grader model's reply; what cannot be read is an error and never a score."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_LABELLED = re.compile(
    r"^[ \t>#*_`-]{0,20}(?:final |overall )?(?:score|result|rating|grade)[ \t*_`]{0,9}[:=][ \t*_`]{0,9}"
    r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:[ \t]{0,3}(?:/|out of)[ \t]{0,3}\d+(?:\.\d+)?)?[ \t*_`.]{0,20}\r?$",
    re.IGNORECASE | re.MULTILINE,
)


class UnreadableReplyError(ValueError):
    """A reply that holds no score, or more than one, or one out of range."""


def read_score(text: str, low: float, high: float) -> float:
    """Return the score in a reply: the number `result` of a JSON object, a line such as `Score: 4`, or a bare number.

    Raises:
        UnreadableReplyError: There is none, there are several that differ, or it is not between `low` and `high`.
    """
    score = _stated(text)
    if not math.isfinite(score) or not low <= score <= high:
        raise UnreadableReplyError(f"The reply's score {score:g} is not between {low:g} and {high:g}.")
    return score


def read_label(text: str, labels: tuple[str, ...]) -> str:
    """Return the label in a reply: the text `result` (or `label`) of a JSON object, or the whole reply.

    Raises:
        UnreadableReplyError: It is none of `labels`.
    """
    found = _json_object(text)
    stated: Any = text if found is None else found.get("result", found.get("label"))
    if isinstance(stated, str):
        exact = stated.strip()
        if exact in labels:
            return exact
        alike = [label for label in labels if label.casefold() == exact.strip("\"'*.` ").casefold()]
        if len(alike) == 1:
            return alike[0]
    raise UnreadableReplyError(f"The reply is none of the labels {', '.join(labels)}.")


def _stated(text: str) -> float:
    found = _json_object(text)
    if found is not None:
        return _number(found.get("result", found.get("score")))
    labelled = {float(number) for number in _LABELLED.findall(text)}
    if len(labelled) > 1:
        raise UnreadableReplyError("The reply states several scores that differ.")
    return labelled.pop() if labelled else _number(text)


def _number(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value.strip())
        except ValueError:
            raise UnreadableReplyError("The reply holds no score.") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableReplyError("The reply's result is not a number.")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _json_object(text: str) -> dict[str, Any] | None:
    for candidate in (text, *_FENCED.findall(text)):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None
