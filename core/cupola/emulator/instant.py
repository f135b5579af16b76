"""A model that answers at once, to measure what the service itself costs: no part of the real service.

A call to the deployment `emulator-instant` passes everything that any call passes, but no process thinks about it, it
has no declared latency and its limits are out of reach. Neither the model list nor the control plane shows it.
"""

from __future__ import annotations

import datetime as dt

from cupola_data.models import BaseModel, Stand

from .engine import Answer, AnswerRequest
from .engines import ModelReference, WeightsReference
from .state.deployments import Deployment

NAME = "emulator-instant"

BASE = BaseModel(
    id=NAME,
    name=NAME,
    version="1",
    format="OpenAI",
    aliases=(),
    methods=(),
    tiers=(),
    regions=(),
    created=dt.date(2026, 11, 1),
    emulator=Stand(talker="nano", reasoner="", first_token_ms=0.0, tokens_per_second=1e9),
)

_ENDLESS = 1_000_000_000
DEPLOYMENT = Deployment(
    name=NAME,
    model=NAME,
    version="1",
    format="OpenAI",
    sku="GlobalStandard",
    capacity=_ENDLESS,
    base=NAME,
    tuned=False,
    created_at=0.0,
    succeeded_at=0.0,
    ready_at=0.0,
    used_at=float("inf"),
    modified_at=0.0,
)

REFERENCE = ModelReference(WeightsReference("talker", NAME), None)


def is_instant(model: ModelReference) -> bool:
    """Whether a request for these weights needs no thought."""
    return model is REFERENCE


def instant_answer(request: AnswerRequest) -> Answer:
    """The same short answer to everything."""
    content = request.messages[-1].get("content")
    prompt = len(content.split()) if isinstance(content, str) else 1
    return Answer("At once.", "stop", prompt_tokens=prompt, completion_tokens=2)
