"""Grades one extraction from 0 to 1. The whole file is the source of the python grader in grader.json."""

from typing import Any

_FIELDS = ("product", "quantity", "unit_price_cents", "delivery_date", "contact")


def grade(sample: dict[str, Any], item: dict[str, Any]) -> float:
    """Return the share of the five fields that are right; a field that is not in the note must be null.

    An invented value costs as much as a right one brings, down to 0.
    """
    answer: Any = sample.get("output_json")
    if not isinstance(answer, dict):
        return 0.0
    points = 0
    for field in _FIELDS:
        told, right = plain(answer.get(field)), item[field]
        if told == right:
            points += 1
        elif right == "null":
            points -= 1
    return max(0.0, points / len(_FIELDS))


def plain(value: Any) -> str:
    """Return a value as the rows write it: lower case, single spaces, `null` for none."""
    if value is None or value == "":
        return "null"
    return " ".join(str(value).lower().split())
