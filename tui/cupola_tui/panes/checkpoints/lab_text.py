"""A grader as a text to edit: python source alone where that is all there is, else the service's JSON; and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cupola.errors import UsageError


@dataclass(frozen=True, slots=True)
class Editable:
    """What is put before a person, and what it stands in."""

    definition: Mapping[str, Any]
    text: str
    ending: str
    """The file's: an editor colours by it."""


def editable(definition: Mapping[str, Any]) -> Editable:
    """A grader's text; the source of a python grader, which is unreadable within JSON."""
    source = definition.get("source")
    if definition.get("type") == "python" and isinstance(source, str):
        return Editable(definition, source, ".py")
    return Editable(definition, json.dumps(definition, indent=2, ensure_ascii=False) + "\n", ".json")


def edited(before: Editable, text: str) -> Mapping[str, Any]:
    """The grader that a changed text stands for.

    Raises:
        UsageError: it is no JSON object.
    """
    if before.ending == ".py":
        return {**before.definition, "source": text}
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("What came back from the editor is not JSON.", str(error)[:200]) from error
    if not isinstance(told, dict):
        raise UsageError("What came back from the editor is no grader.", "It is JSON, but no object.")
    return told
