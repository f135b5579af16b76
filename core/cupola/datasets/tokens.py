"""Tokens counted offline, by the encoding of the model that is to be trained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from cupola_data.encodings import model_families, vocabulary

from .formats import Format
from .images import ImageFacts, image_facts

if TYPE_CHECKING:
    from tiktoken import Encoding

DEFAULT_ENCODING = "o200k_base"

# The framing of OpenAI's published token recipe: each message, each name, and the start of the reply.
_A_MESSAGE = 3
_A_NAME = 1
_A_REPLY = 3

# Image tokens of gpt-4o and gpt-4.1 by OpenAI's published rule.
_IMAGE_BASE = 85
_IMAGE_TILE = 170
_TILE = 512
_TYPICAL_IMAGE = (1024, 1024)

_WORDS_KEPT = 100_000
_LONGEST_WORD = 32
_NOT_BY_ITSELF = -(1 << 60)
_SLICE = 200_000
_LONG_BLANK = re.compile(r"\s{50000}")
# A single space before a word always begins a new piece, so that cutting there changes no count.
_CUT = re.compile(r"(?<=\S) (?=\S)")


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


@cache
def encoder(name: str) -> Encoding:
    """The encoder of that name, made from the vocabulary that ships: nothing is fetched."""
    import tiktoken

    words = vocabulary(name)
    return tiktoken.Encoding(
        name, pat_str=words.pattern, mergeable_ranks=dict(words.ranks), special_tokens=dict(words.special)
    )


@cache
def text_counter(encoding: str) -> Callable[[str], int]:
    """A function that counts the tokens of a text; special tokens in it count as the plain text that they are.

    A single space between two words always begins a new piece in the vocabulary's split pattern, and merges stay
    within a piece. The tokens of most texts are thus the sum over their words, each counted once and remembered.
    """
    words = _Words(encoder(encoding))
    word_tokens = words.__getitem__

    @lru_cache(maxsize=256)
    def count(text: str) -> int:
        first, space, rest = text.partition(" ")
        if not space or first != first.rstrip():
            return words.whole(text)
        total = words.whole(first) + sum(map(word_tokens, rest.split(" ")))
        return total if total >= 0 else words.whole(text)

    return count


class _Words(dict[str, int]):
    """The tokens of each word with a space before it; far below zero where it cannot be counted by itself."""

    def __init__(self, encoding: Encoding) -> None:
        super().__init__()
        self._encode = encoding.encode_ordinary

    def __missing__(self, word: str) -> int:
        # White space beside the space makes one piece with it, over the border of the word.
        tokens = self.whole(" " + word) if word and word == word.strip() else _NOT_BY_ITSELF
        if len(self) < _WORDS_KEPT and len(word) <= _LONGEST_WORD:
            self[word] = tokens
        return tokens

    def whole(self, text: str) -> int:
        """The tokens of a text, without a look at its words."""
        if len(text) <= _SLICE:
            return len(self._encode(text))
        return sum(len(self._encode(piece)) for piece in _pieces(text))


def row_counter(encoding: str, format_: Format) -> Callable[[Mapping[str, Any]], int]:
    """A function that counts the tokens of a row that passed the checks of its format, as OpenAI's recipe does."""
    count = text_counter(encoding)
    if format_ is Format.PREFERENCE:
        return lambda row: _preference_tokens(row, count)
    if format_.trains:
        return lambda row: _messages(row["messages"], count) + _tools(row, count)
    return lambda row: _field_tokens(row, count)


def _preference_tokens(row: Mapping[str, Any], count: Callable[[str], int]) -> int:
    given = row["input"]
    outputs = [*row["preferred_output"], *row["non_preferred_output"]]
    return _messages(given["messages"], count) + _messages(outputs, count) + _tools(given, count)


def _field_tokens(row: Mapping[str, Any], count: Callable[[str], int]) -> int:
    item = row["item"] if isinstance(row.get("item"), dict) else row
    return sum(count(value if isinstance(value, str) else json.dumps(value)) for value in item.values())


def _messages(messages: Sequence[Mapping[str, Any]], count: Callable[[str], int]) -> int:
    total = _A_REPLY
    for message in messages:
        total += _A_MESSAGE + count(message["role"])
        content = message.get("content")
        if isinstance(content, str):
            total += count(content)
        elif isinstance(content, list):
            total += sum(_part(part, count) for part in content)
        if isinstance(message.get("name"), str):
            total += _A_NAME + count(message["name"])
        if message.get("tool_calls"):
            total += sum(
                count(call["function"]["name"]) + count(call["function"]["arguments"]) + _A_MESSAGE
                for call in message["tool_calls"]
            )
    return total


def _part(part: Mapping[str, Any], count: Callable[[str], int]) -> int:
    if part.get("type") != "image_url":
        return count(str(part.get("text") or part.get("refusal") or ""))
    image = part["image_url"]
    url = str(image.get("url", ""))
    return image_tokens(image_facts(url) if url[:5].lower() == "data:" else None, image.get("detail") or "auto")


def image_tokens(facts: ImageFacts | None, detail: str) -> int:
    """The tokens of one image: 85 in low detail, else 85 and 170 for each tile of 512 after scaling.

    Source: OpenAI's vision guide for gpt-4o and gpt-4.1. An image of unknown size counts as 1024 x 1024.
    """
    if detail == "low":
        return _IMAGE_BASE
    width, height = _TYPICAL_IMAGE
    if facts is not None and facts.width and facts.height:
        width, height = facts.width, facts.height
    fit = min(1.0, 2048 / max(width, height))
    fit *= min(1.0, 768 / (min(width, height) * fit))
    tiles = -(-max(1, int(width * fit)) // _TILE) * -(-max(1, int(height * fit)) // _TILE)
    return _IMAGE_BASE + _IMAGE_TILE * tiles


def _tools(row: Mapping[str, Any], count: Callable[[str], int]) -> int:
    tools = row.get("tools")
    return count(json.dumps(tools, ensure_ascii=False, separators=(",", ":"))) if tools else 0


def _pieces(text: str) -> Iterator[str]:
    """Cut a very long text where that changes no count; runs of 50,000 blanks, which the encoder cannot take, too."""
    start = 0
    for block in _without_long_blanks(text):
        start = 0
        while len(block) - start > _SLICE:
            cut = _CUT.search(block, start + _SLICE)
            end = cut.start() if cut else len(block)
            yield block[start:end]
            start = end
        yield block[start:]


def _without_long_blanks(text: str) -> Iterator[str]:
    start = 0
    for match in _LONG_BLANK.finditer(text):
        yield text[start : match.start()]
        yield match[0]
        start = match.end()
    yield text[start:]
