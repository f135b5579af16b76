"""String checks: equality and containment."""

from __future__ import annotations

from .records import StringOperation


def check(operation: StringOperation, text: str, reference: str) -> float:
    """Return 1.0 if `text` relates to `reference` as asked, else 0.0.

    `like` asks whether the text contains the reference, `ilike` the same whatever the case.
    """
    match operation:
        case "eq":
            return float(text == reference)
        case "ne":
            return float(text != reference)
        case "like":
            return float(reference in text)
        case "ilike":
            return float(reference.casefold() in text.casefold())
