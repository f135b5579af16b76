"""Render answers as the service's chat completions, whole or in chunks."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..engine import Answer
from ..safety import first_harm
from .content_filter import FIELDS
from .tools import ToolCall, Tools, call_id, read_calls

_PIECE = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Completion:
    """Every choice of one request."""

    id: str
    created: int
    model: str
    answers: tuple[Answer, ...]
    logprobs: bool = False
    tools: Tools | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one answer comes to: words or calls, cut where the content filter steps in."""

    content: str | None
    calls: tuple[ToolCall, ...]
    finish_reason: str
    harm: str | None


def say(completion: Completion, answer: Answer) -> Said:
    """What is shown of one answer."""
    harm = first_harm(answer.text)
    if harm is not None:
        return Said(answer.text[: harm[0]], (), "content_filter", harm[1])
    calls = read_calls(answer.text, completion.tools)
    if calls:
        return Said(None, calls, "tool_calls", None)
    return Said(answer.text, (), answer.finish_reason, None)


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


def answer_filter(harm: str | None = None) -> dict[str, Any]:
    """What the content filter found in an answer; a harm is what it cut the answer for."""
    undetected = {"filtered": False, "detected": False}
    found = {FIELDS[harm]: {"filtered": True, "severity": "high"}} if harm else {}
    return {**_safe(), **found, "protected_material_text": undetected, "protected_material_code": undetected}


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


@functools.lru_cache(maxsize=256)
def _fingerprint(model: str) -> str:
    return f"fp_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def logprobs_of(answer: Answer) -> list[dict[str, Any]]:
    """The log-probabilities of an answer's tokens, each with its bytes and its alternatives."""

    def with_bytes(entry: Any) -> dict[str, Any]:
        return {**entry, "bytes": list(str(entry["token"]).encode())}

    return [
        {**with_bytes(entry), "top_logprobs": [with_bytes(other) for other in entry.get("top_logprobs", ())]}
        for entry in answer.logprobs or ()
    ]


def _logprobs(answer: Answer) -> dict[str, Any]:
    return {"content": logprobs_of(answer), "refusal": None}


def _tool_calls(completion: Completion, index: int, said: Said) -> list[dict[str, Any]]:
    return [
        {
            "id": call_id(completion.id, index, number),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for number, call in enumerate(said.calls)
    ]


def _choice(completion: Completion, index: int, answer: Answer) -> dict[str, Any]:
    said = say(completion, answer)
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": None, "annotations": []}
    if said.calls:
        message["tool_calls"] = _tool_calls(completion, index, said)
    return {
        "index": index,
        "finish_reason": said.finish_reason,
        "logprobs": _logprobs(answer) if completion.logprobs else None,
        "message": message,
        "content_filter_results": answer_filter(said.harm),
    }


def render_completion(completion: Completion) -> dict[str, Any]:
    """The service's JSON of a whole answer."""
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "system_fingerprint": _fingerprint(completion.model),
        "choices": [_choice(completion, index, answer) for index, answer in enumerate(completion.answers)],
        "prompt_filter_results": prompt_filter(),
        "usage": usage(completion.answers),
    }


def _deltas(completion: Completion) -> Iterator[dict[str, Any]]:
    for index, answer in enumerate(completion.answers):
        said = say(completion, answer)
        content = None if said.calls else ""
        yield {
            "index": index,
            "delta": {"role": "assistant", "content": content, "refusal": None},
            "finish_reason": None,
        }
        yield from _call_deltas(completion, index, said)
        for piece, logprobs in _pieces(completion, answer, said):
            delta: dict[str, Any] = {"index": index, "delta": {"content": piece}, "finish_reason": None}
            if logprobs is not None:
                delta["logprobs"] = logprobs
            yield {**delta, "content_filter_results": answer_filter()}
        last: dict[str, Any] = {"index": index, "delta": {}, "finish_reason": said.finish_reason}
        if said.harm:
            last["content_filter_results"] = answer_filter(said.harm)
        yield last


def _call_deltas(completion: Completion, index: int, said: Said) -> Iterator[dict[str, Any]]:
    for number, call in enumerate(_tool_calls(completion, index, said)):
        function = call["function"]
        opening = {"index": number, **call, "function": {"name": function["name"], "arguments": ""}}
        yield {"index": index, "delta": {"tool_calls": [opening]}, "finish_reason": None}
        for piece in _PIECE.findall(function["arguments"]):
            more = {"index": number, "function": {"arguments": piece}}
            yield {"index": index, "delta": {"tool_calls": [more]}, "finish_reason": None}


def _pieces(completion: Completion, answer: Answer, said: Said) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The words of an answer; its tokens with their log-probabilities where they are wanted."""
    whole = "".join(str(entry["token"]) for entry in answer.logprobs or ())
    if completion.logprobs and answer.logprobs and whole == said.content:
        for entry in answer.logprobs:
            yield str(entry["token"]), _logprobs(replace(answer, logprobs=[entry]))
        return
    pieces = _PIECE.findall(said.content or "")
    for number, piece in enumerate(pieces, start=1):
        yield piece, _logprobs(answer) if completion.logprobs and number == len(pieces) else None


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
