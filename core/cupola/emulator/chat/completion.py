"""Render answers as the service's chat completions, whole or in chunks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..engine import Answer

_PIECE = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Completion:
    """Every choice of one request."""

    id: str
    created: int
    model: str
    answers: tuple[Answer, ...]
    logprobs: bool = False


def _safe() -> dict[str, Any]:
    return {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}


def prompt_filter() -> list[dict[str, Any]]:
    """What the content filter found in a prompt that it let pass."""
    return [
        {
            "prompt_index": 0,
            "content_filter_results": {**_safe(), "jailbreak": {"filtered": False, "detected": False}},
        }
    ]


def answer_filter() -> dict[str, Any]:
    """What the content filter found in an answer that it let pass."""
    undetected = {"filtered": False, "detected": False}
    return {**_safe(), "protected_material_text": undetected, "protected_material_code": undetected}


def usage(answers: tuple[Answer, ...]) -> dict[str, Any]:
    """The token counts of a request; its prompt is paid for once however many choices it has."""
    prompt = answers[0].prompt_tokens
    completion = sum(answer.completion_tokens for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {
            "reasoning_tokens": sum(answer.reasoning_tokens for answer in answers),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }


def _fingerprint(model: str) -> str:
    return f"fp_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def _logprobs(answer: Answer) -> dict[str, Any]:
    def with_bytes(entry: Any) -> dict[str, Any]:
        return {**entry, "bytes": list(str(entry["token"]).encode())}

    content = [
        {**with_bytes(entry), "top_logprobs": [with_bytes(other) for other in entry.get("top_logprobs", ())]}
        for entry in answer.logprobs or ()
    ]
    return {"content": content, "refusal": None}


def _choice(index: int, answer: Answer, logprobs: bool) -> dict[str, Any]:
    return {
        "index": index,
        "finish_reason": answer.finish_reason,
        "logprobs": _logprobs(answer) if logprobs else None,
        "message": {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []},
        "content_filter_results": answer_filter(),
    }


def render_completion(completion: Completion) -> dict[str, Any]:
    """The service's JSON of a whole answer."""
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
        "choices": [_choice(index, answer, completion.logprobs) for index, answer in enumerate(completion.answers)],
        "prompt_filter_results": prompt_filter(),
        "usage": usage(completion.answers),
    }


def _deltas(completion: Completion) -> Iterator[dict[str, Any]]:
    for index, answer in enumerate(completion.answers):
        yield {"index": index, "delta": {"role": "assistant", "content": "", "refusal": None}, "finish_reason": None}
        for piece in _PIECE.findall(answer.text):
            yield {
                "index": index,
                "delta": {"content": piece},
                "finish_reason": None,
                "content_filter_results": answer_filter(),
            }
        last: dict[str, Any] = {"index": index, "delta": {}, "finish_reason": answer.finish_reason}
        if completion.logprobs:
            last["logprobs"] = _logprobs(answer)
        yield last


def chunks(completion: Completion, include_usage: bool) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed answer: first the prompt's filter results without a choice, at the end the usage."""
    frame = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
    }
    yield {
        **frame,
        "id": "",
        "model": "",
        "object": "",
        "created": 0,
        "choices": [],
        "prompt_filter_results": prompt_filter(),
    }
    for delta in _deltas(completion):
        chunk: dict[str, Any] = {**frame, "choices": [delta]}
        if include_usage:
            chunk["usage"] = None
        yield chunk
    if include_usage:
        yield {**frame, "choices": [], "usage": usage(completion.answers)}
