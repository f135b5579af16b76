"""Grades one discount from 0 to 1. The whole file is the source of the python grader in grader.json."""

from typing import Any


def grade(sample: dict[str, Any], item: dict[str, Any]) -> float:
    """Return 1 for the right amount and rules; 0.7 is for the amount, 0.3 for the rules.

    An amount that is off by a dollar or less gets 0.2. What cannot be read gets 0.
    """
    answer: Any = sample.get("output_json")
    if not isinstance(answer, dict):
        return 0.0
    return 0.7 * amount(answer.get("discount"), item["discount"]) + 0.3 * rules(answer.get("rules"), item["rules"])


def amount(told: Any, right: str) -> float:
    """Return 1 for the right amount to the cent, 2/7 within a dollar of it, else 0."""
    try:
        apart = abs(float(str(told).replace("$", "").strip()) - float(right))
    except ValueError:
        return 0.0
    if apart < 0.005:
        return 1.0
    return 2 / 7 if apart <= 1.0 else 0.0


def rules(told: Any, right: str) -> float:
    """Return how far two sets of rules agree: what is shared over all that either names."""
    if not isinstance(told, list):
        return 0.0
    named = {str(rule).strip() for rule in told}
    wanted = {rule for rule in right.split(",") if rule != "0"}
    if not named and not wanted:
        return 1.0
    return len(named & wanted) / len(named | wanted)
