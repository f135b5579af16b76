"""Countdown number puzzles: reinforcement rows, their grader and their response format."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Literal


def rows(split: Literal["train", "valid", "test"]) -> list[dict[str, Any]]:
    """Return the rows of a split in the service's reinforcement format."""
    return [json.loads(line) for line in _text(f"{split}.jsonl").splitlines()]


def grader() -> dict[str, Any]:
    """Return the python grader, as a job or an evaluation takes it."""
    return _object("grader.json")


def response_format() -> dict[str, Any]:
    """Return the structured output that a job asks of the model."""
    return _object("response_format.json")


def _object(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_text(name))
    return loaded


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")
