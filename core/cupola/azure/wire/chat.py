"""Chat answers, whole or in chunks, as one record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ServiceError, UnreachableError
from .reading import Json, integer, mapping, objects, raw, text


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a deployment said."""

    text: str
    finish_reason: str | None = None
    refusal: str | None = None
    filtered: bool = False
    """The content filter held back the prompt or the answer."""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_token_seconds: float | None = None
    seconds: float = 0.0
    raw: str = "{}"
    """The whole answer as one JSON object, also where it came in chunks."""


@dataclass(slots=True)
class ChunkReader:
    """Puts a streamed answer together."""

    frame: Json = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    tools: dict[int, Json] = field(default_factory=dict)
    finish_reason: str | None = None
    filters: Json = field(default_factory=dict)
    ended: bool = False
    spoke: bool = False
    """Whether anything of the answer itself has come."""

    def feed(self, line: bytes) -> None:
        """Take in one line of the stream.

        Raises:
            ServiceError: the service tells of a failure in mid-stream, or the line is not JSON.
        """
        if not line.startswith(b"data:"):
            return
        content = line[5:].strip()
        if content == b"[DONE]":
            self.ended = True
            return
        try:
            chunk = json.loads(content)
        except (ValueError, RecursionError):
            raise UnreachableError("The answer broke off in mid-stream.", remedy="Cupola asks again.") from None
        if isinstance(chunk, dict):
            self._take(chunk)

    def _take(self, chunk: Json) -> None:
        if chunk.get("error"):
            error = mapping(chunk["error"])
            if error.get("code") == "content_filter":
                self.finish_reason = "content_filter"
                return
            raise UnreachableError(f"The service failed in mid-stream: {str(error.get('message'))[:300]}")
        for name in ("id", "created", "model", "system_fingerprint", "prompt_filter_results", "usage"):
            if chunk.get(name):
                self.frame[name] = chunk[name]
        for choice in objects(chunk.get("choices"))[:1]:
            self._take_choice(choice)

    def _take_choice(self, choice: Json) -> None:
        delta = mapping(choice.get("delta"))
        for name, parts in (("content", self.texts), ("refusal", self.refusals)):
            piece = text(delta.get(name))
            if piece:
                parts.append(piece)
                self.spoke = True
        for call in objects(delta.get("tool_calls")):
            self._take_tool_call(call)
        self.finish_reason = text(choice.get("finish_reason")) or self.finish_reason
        self.filters.update(mapping(choice.get("content_filter_results")))

    def _take_tool_call(self, call: Json) -> None:
        self.spoke = True
        index = integer(call.get("index")) or 0
        known = self.tools.setdefault(index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        known["id"] = text(call.get("id")) or known["id"]
        function = mapping(call.get("function"))
        known["function"]["name"] += text(function.get("name")) or ""
        known["function"]["arguments"] += text(function.get("arguments")) or ""

    def completion(self) -> Json:
        """The answer as if it had come whole.

        Raises:
            UnreachableError: the stream ended before the answer did.
        """
        if self.finish_reason is None:
            raise UnreachableError("The answer broke off in mid-stream.", remedy="Cupola asks again.")
        message: Json = {"role": "assistant", "content": "".join(self.texts)}
        message["refusal"] = "".join(self.refusals) or None
        if self.tools:
            message["tool_calls"] = [self.tools[index] for index in sorted(self.tools)]
        choice: Json = {"index": 0, "finish_reason": self.finish_reason, "message": message}
        if self.filters:
            choice["content_filter_results"] = self.filters
        return {**self.frame, "object": "chat.completion", "choices": [choice]}


def chat_reply(answer: Json, seconds: float, first_token_seconds: float | None = None) -> ChatReply:
    """A whole chat completion as a record.

    Raises:
        ServiceError: it holds no choice.
    """
    choices = objects(answer.get("choices"))
    if not choices:
        raise ServiceError("The service's answer holds no choice.", raw=raw(answer)[:2_000])
    message = mapping(choices[0].get("message"))
    usage = mapping(answer.get("usage"))
    finish = text(choices[0].get("finish_reason"))
    return ChatReply(
        text=text(message.get("content")) or "",
        finish_reason=finish,
        refusal=text(message.get("refusal")) or None,
        filtered=finish == "content_filter",
        tool_calls=tuple(objects(message.get("tool_calls"))),
        model=text(answer.get("model")),
        prompt_tokens=integer(usage.get("prompt_tokens")),
        completion_tokens=integer(usage.get("completion_tokens")),
        cached_tokens=integer(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        reasoning_tokens=integer(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        first_token_seconds=first_token_seconds,
        seconds=seconds,
        raw=raw(answer),
    )


def filtered_reply(content: bytes, seconds: float) -> ChatReply:
    """The record of a prompt that the content filter refused: an outcome, not a failure."""
    return ChatReply(
        "", "content_filter", filtered=True, seconds=seconds, raw=content[:20_000].decode("utf-8", "replace")
    )
