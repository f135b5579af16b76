"""Tokens counted offline, by the encoding of the model that is to be trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cupola_data.encodings import model_families

from .formats import Format
from .image_tokens import USUAL, USUAL_SIZE
from .images import ImageFacts, image_facts
from .units import unit_counter

DEFAULT_ENCODING = "o200k_base"

# The framing of OpenAI's published token recipe: each message, each name, and the start of the reply.
_A_MESSAGE = 3
_A_NAME = 1
_A_REPLY = 3


@dataclass(frozen=True, slots=True)
class EncodingChoice:
    """The encoding for a model, and whether it is known to be the model's own."""

    name: str
    exact: bool


def encoding_for(model: str | None) -> EncodingChoice:
    """Choose the encoding of a model, a fine-tuned one by its base; an unknown model's counts are an estimate."""
    if not model:
        return EncodingChoice(DEFAULT_ENCODING, exact=False)
    base = model.casefold().removeprefix("ft:").partition(".ft-")[0]
    for encoding, families in model_families().items():
        if any(base == family or base.startswith((f"{family}-", f"{family}:")) for family in families):
            return EncodingChoice(encoding, exact=True)
    return EncodingChoice(DEFAULT_ENCODING, exact=False)


def text_counter(encoding: str) -> Callable[[str], int]:
    """A function that counts the tokens of a text."""
    counter = unit_counter(encoding)
    return lambda text: int(counter.counts([text])[0])


def row_counter(encoding: str, format_: Format) -> Callable[[Mapping[str, Any]], int]:
    """A function that counts the tokens of a row that passed the checks of its format."""

    def count(row: Mapping[str, Any]) -> int:
        tally = TokenTally(encoding, format_)
        tally.add(row)
        return int(tally.counts()[0])

    return count


class TokenTally:
    """The tokens of rows, counted together: their texts are gathered first.

    The framing of messages is that of OpenAI's published recipe.
    """

    def __init__(self, encoding: str, format_: Format) -> None:
        self._counter = unit_counter(encoding)
        self._gather = _gatherer(format_)
        self._texts: list[str] = []
        self._ends: list[int] = []
        self._fixed: list[int] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row that passed the checks of its format."""
        self._fixed.append(self._gather(row, self._texts))
        self._ends.append(len(self._texts))

    def skip(self) -> None:
        """Take a row that cannot be read, and counts as nothing."""
        self._fixed.append(0)
        self._ends.append(len(self._texts))

    def counts(self) -> npt.NDArray[np.int64]:
        """The tokens of each row."""
        whole = np.concatenate([[0], np.cumsum(self._counter.counts(self._texts))])
        return np.diff(whole[self._ends], prepend=0) + np.array(self._fixed, np.int64)


Gather = Callable[[Mapping[str, Any], list[str]], int]
"""Adds the texts of a row to a list; returns the tokens beside them."""


def _gatherer(format_: Format) -> Gather:
    if format_ is Format.PREFERENCE:
        return _preference
    return _conversation if format_.trains else _fields


def _conversation(row: Mapping[str, Any], texts: list[str]) -> int:
    return _messages(row["messages"], texts) + _tools(row, texts)


def _preference(row: Mapping[str, Any], texts: list[str]) -> int:
    given = row["input"]
    outputs = [*row["preferred_output"], *row["non_preferred_output"]]
    return _messages(given["messages"], texts) + _messages(outputs, texts) + _tools(given, texts)


def _fields(row: Mapping[str, Any], texts: list[str]) -> int:
    item = row["item"] if isinstance(row.get("item"), dict) else row
    texts.extend([value if isinstance(value, str) else json.dumps(value) for value in item.values()])
    return 0


def _messages(messages: Sequence[Mapping[str, Any]], texts: list[str]) -> int:
    fixed = _A_REPLY + _A_MESSAGE * len(messages)
    for message in messages:
        texts.append(message["role"])
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
            # Most messages have nothing else.
            if len(message) == 2:
                continue
        elif isinstance(content, list):
            fixed += sum([_part(part, texts) for part in content])
        if isinstance(message.get("name"), str):
            texts.append(message["name"])
            fixed += _A_NAME
        for call in message.get("tool_calls") or ():
            texts.extend((call["function"]["name"], call["function"]["arguments"]))
            fixed += _A_MESSAGE
    return fixed


def _part(part: Mapping[str, Any], texts: list[str]) -> int:
    if part.get("type") != "image_url":
        texts.append(str(part.get("text") or part.get("refusal") or ""))
        return 0
    image = part["image_url"]
    url = str(image.get("url", ""))
    return image_tokens(image_facts(url) if url[:5].lower() == "data:" else None, image.get("detail") or "auto")


def _tools(row: Mapping[str, Any], texts: list[str]) -> int:
    tools = row.get("tools")
    if tools:
        texts.append(json.dumps(tools, ensure_ascii=False, separators=(",", ":")))
    return 0


def image_tokens(facts: ImageFacts | None, detail: str) -> int:
    """The tokens of one image as gpt-4o and gpt-4.1 count it; one of unknown size counts as 1,024 x 1,024."""
    if facts is None or not facts.width or not facts.height:
        return USUAL.tokens(*USUAL_SIZE, detail)
    return USUAL.tokens(facts.width, facts.height, detail)
