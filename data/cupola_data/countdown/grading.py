"""Grades one Countdown answer from 0 to 5. The whole file is the source of the python grader in grader.json."""

import re
from typing import Any

_CHARACTERS = r"[-+*/() 0-9]{1,200}"
_OTHER_OPERATORS = r"\*\s*\*|/\s*/|[0-9]\s+[0-9]"


def grade(sample: dict[str, Any], item: dict[str, Any]) -> float:
    """Return 5 for the target, 4 within 1 of it, 3 within 5, 2 for another valid expression.

    An expression whose claimed result is not its value gets 1; what cannot be read, or does not use
    every number exactly once, gets 0.
    """
    answer: Any = sample.get("output_json")
    value = value_of(answer["expression"], item["nums"]) if readable(answer) else None
    if value is None:
        return 0.0
    if not agrees(answer.get("result"), value):
        return 1.0
    distance = abs(value - float(item["target"]))
    if distance < 1e-6:
        return 5.0
    if distance <= 1:
        return 4.0
    return 3.0 if distance <= 5 else 2.0


def readable(answer: Any) -> bool:
    """Return whether an answer is an object whose expression holds numbers, + - * / and parentheses alone."""
    expression = answer.get("expression") if isinstance(answer, dict) else None
    if not isinstance(expression, str):
        return False
    return re.fullmatch(_CHARACTERS, expression) is not None and re.search(_OTHER_OPERATORS, expression) is None


def value_of(expression: str, nums: str) -> float | None:
    """Return the value of a readable expression, or None if it has none or does not use just these numbers."""
    used = sorted(int(number) for number in re.findall(r"[0-9]+", expression))
    if used != sorted(int(number) for number in re.findall(r"[0-9]+", nums)):
        return None
    try:
        return float(eval(expression))
    except Exception:  # noqa: BLE001 - a wrong expression fails in many ways, and each is a 0
        return None


def agrees(claimed: Any, value: float) -> bool:
    """Return whether the claimed result is the expression's value."""
    try:
        return abs(float(str(claimed)) - value) <= 1e-4 * max(1.0, abs(value))
    except ValueError:
        return False
