"""`model-router`: a deployment that picks one of the emulator's models for each prompt, by a declared rule.

The service's router is a trained model that nobody outside has read; this one is the few lines of `choose`. As there,
the answer names the model that was picked, the deployment's own limits hold, and a reasoning model that was picked is
asked at its own settings: what it would refuse is left out of the request.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cupola_data.models import BaseModel, Catalogue, Stand

from .engine import Message
from .serving import Serving, base_engine

NAME = "model-router"

BASE = BaseModel(
    id="model-router-2025-11-18",
    name=NAME,
    version="2025-11-18",
    format="OpenAI",
    aliases=(),
    methods=(),
    tiers=(),
    regions=(),
    created=dt.date(2025, 11, 18),
    emulator=Stand(talker="mini", reasoner="gpt-4.1-mini", first_token_ms=350, tokens_per_second=100),
    context_tokens=200_000,
    max_output_tokens=32_768,
)

SHORT_WORDS = 12
"""A question of at most so many words goes to the smallest model."""

LONG_WORDS = 120
"""A conversation of more words goes to the largest."""

_THOUGHT = re.compile(r"\b(?:step by step|prove|proof|puzzle|equation|reach the target|countdown)\b", re.IGNORECASE)
_FEWEST_NUMBERS = 4
_NUMBER = re.compile(r"\b\d+\b")

_IGNORED = ("reasoning_effort", "reasoning")
_IGNORED_BY_REASONING = (
    "temperature",
    "top_p",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
)


def with_router(catalogue: Catalogue) -> Catalogue:
    """The catalogue and the router, which is deployed and listed like any other model."""
    return replace(catalogue, models=(*catalogue.models, BASE))


def _text(message: Message) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def choose(messages: Sequence[Message], *, tools: bool) -> str:
    """The name of the model for a prompt.

    Four or more numbers, or words that ask for a proof or a puzzle's solution, in the last user's message: o4-mini.
    Else tools, or a long conversation: gpt-4.1. Else a short question: gpt-4.1-nano. Else gpt-4.1-mini.
    """
    users = [_text(message) for message in messages if message.get("role") == "user"]
    question = users[-1] if users else ""
    if _THOUGHT.search(question) or len(_NUMBER.findall(question)) >= _FEWEST_NUMBERS:
        return "o4-mini"
    if tools or sum(len(_text(message).split()) for message in messages) > LONG_WORDS:
        return "gpt-4.1"
    return "gpt-4.1-nano" if len(question.split()) <= SHORT_WORDS else "gpt-4.1-mini"


def routed(
    catalogue: Catalogue, serving: Serving, body: Mapping[str, Any], messages: Sequence[Message] | None = None
) -> tuple[Serving, Mapping[str, Any]]:
    """What answers, and the request as it is put to it; both as they came for every deployment but a router's.

    Args:
        body: A request of chat or of responses, before it is checked.
        messages: What was said, where the body alone does not tell.
    """
    if serving.base is not BASE:
        return serving, body
    said = body.get("messages") if messages is None else messages
    known = [message for message in said if isinstance(message, dict)] if isinstance(said, Sequence) else []
    base = catalogue.find(choose(known, tools=bool(body.get("tools"))))
    assert base is not None
    ignored = (*_IGNORED, *_IGNORED_BY_REASONING) if base.reasoning else _IGNORED
    asked = {name: value for name, value in body.items() if name not in ignored}
    if base.reasoning and "max_tokens" in asked:
        asked["max_completion_tokens"] = asked.pop("max_tokens")
    return replace(serving, model=base.id, base=base, engine=base_engine(base)), asked
