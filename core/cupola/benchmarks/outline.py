"""A first definition as a commented TOML file."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outline:
    """What a person has said of a benchmark. Paths are relative to the file."""

    name: str
    dataset: str
    arms: tuple[str, ...]
    graders: tuple[str, ...]
    items: int | None = None
    system: str | None = None
    """The message itself, or @ and the file that holds it."""
    prompt: str | None = None
    max_tokens: int | None = None
    repeats: int = 1
    margin: float = 0.05
    budget: float | None = None
    baseline: str | None = None
    engine: str = "here"


def outlined(outline: Outline) -> str:
    """The TOML text; what was left open stands in it as a comment."""
    blocks = [_head(outline), *_messages(outline), *(_arm(outline, arm) for arm in outline.arms)]
    return "\n\n".join([*blocks, *(_grader(grader) for grader in outline.graders)]) + "\n"


def _head(outline: Outline) -> str:
    return "\n".join(
        [
            f"name = {_text(outline.name)}",
            f"dataset = {_text(outline.dataset)}",
            _or_comment("items", outline.items, "200  # only so many, drawn by the seed"),
            "",
            "# What does not matter, as a share of the score's range. Declare it before the run.",
            f"margin = {outline.margin}",
            "# Dollars; a run stops before it spends more.",
            _or_comment("budget", outline.budget, "5.0"),
            "# The arm that `cupola bench gate` holds the others against.",
            _or_comment("baseline", outline.baseline, f"{_text(outline.arms[0])}"),
            "# Who asks: here, evals (the service asks and grades), or batch (within a day, for half the price).",
            f"engine = {_text(outline.engine)}",
            "# Of the order in which items are asked.",
            "seed = 0",
        ]
    )


def _messages(outline: Outline) -> list[str]:
    if outline.prompt is None:
        return ['# Each item brings its own messages, in this field.\nmessages = "messages"']
    system = []
    if outline.system is not None:
        from_file = outline.system.startswith("@")
        content = f"file = {_text(outline.system[1:])}" if from_file else f"content = {_text(outline.system)}"
        system = [f'[[prompt]]\nrole = "system"\n{content}']
    return [*system, f'[[prompt]]\nrole = "user"\ncontent = {_text(outline.prompt)}']


def _arm(outline: Outline, deployment: str) -> str:
    return "\n".join(
        [
            "[[arms]]",
            f"deployment = {_text(deployment)}",
            "# The model behind it, where the deployment is named otherwise: prices and retirement go by it.",
            f"# model = {_text(deployment)}",
            _or_comment("max_completion_tokens", outline.max_tokens, "400"),
            "# temperature = 0.0",
            '# reasoning_effort = "low"',
            '# tools = "tools.json"',
            f"repeats = {outline.repeats}",
        ]
    )


def _grader(path: str) -> str:
    lines = ["[[graders]]", f"file = {_text(path)}", "# threshold = 3.0  # instead of the grader's own pass_threshold"]
    return "\n".join([*lines, "# range = [0.0, 1.0]  # where the grader does not say what its scores can be"])


def _or_comment(name: str, value: object, example: str) -> str:
    if value is None:
        return f"# {name} = {example}"
    return f"{name} = {_text(value) if isinstance(value, str) else value}"


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's, once the delete sign is escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
