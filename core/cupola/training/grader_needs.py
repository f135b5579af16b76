"""The fields that a grader reads of every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..datasets.grader_code import looked_up
from ..graders.template import placeholders


def variables_of(definition: object) -> tuple[str, ...]:
    """The variables that a definition's templates name and its Python code looks up, wherever in it they stand.

    Args:
        definition: A grader's JSON, checked or not.
    """
    found: dict[str, None] = {}
    stack: list[Any] = [definition]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(child for key, child in value.items() if key != "source")
            if isinstance(value.get("source"), str):
                found.update(dict.fromkeys(looked_up(value["source"])))
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            found.update(dict.fromkeys(placeholders(value)))
    return tuple(found)
