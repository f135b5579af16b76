"""Answer one row's prompt through a deployment, as a chat request would be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..chat.answering import answer_chat
from ..chat.completion import Completion, render_completion
from ..chat.request import ChatRequest, read_chat_request
from ..dialect import new_id
from ..engine import Answer
from ..errors import deployment_not_found
from ..inference.client import Inference
from ..limits import estimate_tokens
from ..resource import Resource
from ..router import routed
from ..serving import Serving, find_serving
from .calls import Payment, admitted
from .data_source import token_limit
from .prompts import prompt_messages, shown_messages
from .samples import shown_message, usage_of

_PASSED_ON = ("temperature", "top_p", "seed", "reasoning_effort", "response_format", "parallel_tool_calls")


@dataclass(frozen=True, slots=True)
class Sampled:
    """An answered row: what is shown of it, and what it cost."""

    sample: Mapping[str, Any]
    payment: Payment
    started: float
    """When it was asked, on the event loop's clock."""


def _response_format(sampling: Mapping[str, Any]) -> Any:
    """The wanted form in chat's words; the responses API calls it `text.format`, the schema beside its type."""
    wanted = (sampling.get("text") or {}).get("format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema" and "json_schema" not in wanted:
        return {"type": "json_schema", "json_schema": {key: wanted[key] for key in wanted if key != "type"}}
    return wanted


def _tool(tool: Any) -> Any:
    """A tool in chat's words; the responses API has the function's fields beside its type."""
    if isinstance(tool, dict) and tool.get("type") == "function" and "function" not in tool:
        return {"type": "function", "function": {key: tool[key] for key in tool if key != "type"}}
    return tool


def chat_body(data_source: Mapping[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The chat request for one row's messages."""
    sampling = data_source["sampling_params"]
    body: dict[str, Any] = {name: sampling[name] for name in _PASSED_ON if sampling.get(name) is not None}
    if sampling.get("text"):
        body["response_format"] = _response_format(sampling)
    if sampling.get("tools"):
        body["tools"] = [_tool(tool) for tool in sampling["tools"]]
    limit = token_limit(sampling)
    if limit is not None:
        body["max_completion_tokens"] = limit
    return {"messages": messages, **body}


async def sample_row(
    resource: Resource, inference: Inference, data_source: Mapping[str, Any], item: Mapping[str, Any]
) -> Sampled:
    """Ask the run's deployment about one item. Raises ApiError."""
    serving = find_serving(resource, data_source["model"])
    if serving is None:
        raise deployment_not_found()
    messages = prompt_messages(data_source["input_messages"], item)
    serving, body = routed(resource.catalogue, serving, chat_body(data_source, messages))
    chat = read_chat_request(body, serving.base)
    await admitted(resource, serving, estimate_tokens(messages, chat.max_tokens))
    started = asyncio.get_running_loop().time()
    answer = (await answer_chat(inference, serving, chat))[0]
    sample = _shown(resource, serving, chat, answer, messages)
    return Sampled(sample, Payment(serving, body, answer), started)


def _shown(
    resource: Resource, serving: Serving, chat: ChatRequest, answer: Answer, messages: list[dict[str, Any]]
) -> dict[str, Any]:
    completion = Completion(
        id=new_id("chatcmpl", "openai", 29),
        created=int(resource.clock.now()),
        model=serving.model,
        answers=(answer,),
        tools=chat.tools,
    )
    choice = render_completion(completion)["choices"][0]
    return {
        "input": shown_messages(messages),
        "output": [shown_message(choice["message"])],
        "finish_reason": choice["finish_reason"],
        "model": serving.model,
        "usage": usage_of(answer.prompt_tokens, answer.completion_tokens),
        "error": None,
        "temperature": chat.temperature,
        "max_completion_tokens": chat.max_tokens,
        "top_p": chat.top_p,
        "seed": chat.seed,
    }
