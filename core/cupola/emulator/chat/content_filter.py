"""The content filter on prompts: the safety check's phrases, and some that try to talk a model out of its rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..engine import Message
from ..errors import ApiError
from ..safety import harms

_JAILBREAK = re.compile(
    r"ignore (?:all |any )?(?:the |your )?(?:previous|prior|above) (?:instructions|rules)"
    r"|pretend (?:that )?you have no (?:rules|restrictions)|\bdo anything now\b",
    re.IGNORECASE,
)
FIELDS = {"hate_fairness": "hate", "self_harm": "self_harm", "sexual": "sexual", "violence": "violence"}
"""The harm types as the filter's results spell them."""


def _tries_to_jailbreak(messages: Sequence[Message]) -> bool:
    users = [message.get("content") for message in messages if message.get("role") == "user"]
    return any(isinstance(content, str) and _JAILBREAK.search(content) for content in users)


def check_prompt(messages: Sequence[Message]) -> None:
    """Let a prompt pass, or raise the service's content-filter refusal."""
    found, jailbreak = harms(list(messages)), _tries_to_jailbreak(messages)
    if not found and not jailbreak:
        return
    result: dict[str, Any] = {
        field: {"filtered": kind in found, "severity": "high" if kind in found else "safe"}
        for kind, field in FIELDS.items()
    }
    result["jailbreak"] = {"filtered": jailbreak, "detected": jailbreak}
    raise ApiError(
        400,
        "content_filter",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
        " Please modify your prompt and retry.",
        fields={
            "type": None,
            "param": "prompt",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": result},
        },
    )
