"""Tokens of a prompt before it is sent: text and images apart, and the most that any tokenizer may make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..datasets.image_cost import tokens_between
from ..datasets.image_tokens import USUAL, formula_of
from .prices import base_of

_FRAME = 16
"""Tokens around a message at most: its role and the marks before and after it."""


def text_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The texts of some messages, without their images."""
    return "\n".join(_texts(messages))


def image_bounds(messages: Sequence[Mapping[str, Any]], model: str) -> tuple[int, int]:
    """The least and the most tokens of the images in some messages, by the model's published formula.

    A model of which none is published counts as gpt-4.1 does.
    """
    base = base_of(model)
    formula = formula_of(base.name if base else model) or USUAL
    bounds = [tokens_between(formula, url, detail) for url, detail in _images(messages)]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)


def most_tokens(messages: Sequence[Mapping[str, Any]], model: str, *forms: object) -> int:
    """The most tokens that a service may bill for a prompt.

    A tokenizer that works on bytes, as all of OpenAI's do, never makes more tokens of a text than it has bytes. That
    holds whichever vocabulary the service really bills by.

    Args:
        messages: Of the request.
        model: For its images.
        forms: What else it is shown as JSON: tools, the form of its answer.
    """
    size = len(text_of(messages).encode("utf-8", "replace"))
    size += sum(len(json.dumps(form, ensure_ascii=False).encode("utf-8", "replace")) for form in forms if form)
    return size + _FRAME * (len(messages) + 1) + image_bounds(messages, model)[1]


def most_completion(sampling: Mapping[str, Any]) -> int | None:
    """The most tokens of an answer; None if the request sets no bound."""
    bound = sampling.get("max_completion_tokens") or sampling.get("max_tokens")
    return bound if isinstance(bound, int) else None


def _texts(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (
                str(part.get("text") or part.get("refusal") or "") if isinstance(part, Mapping) else str(part)
                for part in content
                if not _is_image(part)
            )
        if message.get("tool_calls"):
            yield json.dumps(message["tool_calls"], ensure_ascii=False)


def _images(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if _is_image(part):
                image = part.get("image_url")
                url, detail = (image.get("url"), image.get("detail")) if isinstance(image, Mapping) else (image, None)
                yield str(url or ""), str(detail or "auto")


def _is_image(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "image_url"
