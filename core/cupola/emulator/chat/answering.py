"""Have a chat request answered: in words, or by the tool call that it demands."""

from __future__ import annotations

from dataclasses import replace

from ..engine import Answer
from ..inference.client import Inference
from ..serving import Serving
from .request import ChatRequest
from .tools import Tools, arguments_schema, call_text, choice_schema, chosen_name, object_text


async def answer_chat(inference: Inference, serving: Serving, chat: ChatRequest) -> list[Answer]:
    """One answer for each choice. Raises ApiError when the answering process fails.

    Where a call is demanded, the model first chooses among several functions and then writes the arguments along the
    function's schema; both are paid for.
    """
    requests = chat.requests()
    if chat.tools is None or not chat.tools.forced:
        return await inference.answer(serving.engine, requests)
    return await _forced(inference, serving, chat, chat.tools)


async def _forced(inference: Inference, serving: Serving, chat: ChatRequest, tools: Tools) -> list[Answer]:
    requests = [replace(request, top_logprobs=None) for request in chat.requests()]
    names, chosen, spent = tools.forced, [tools.forced[0]] * len(requests), [0] * len(requests)
    if len(names) > 1:
        schema = choice_schema(names)
        choices = await inference.answer(serving.engine, [replace(one, json_schema=schema) for one in requests])
        chosen = [chosen_name(choice.text, names) for choice in choices]
        spent = [choice.completion_tokens for choice in choices]
    wanted = [
        replace(one, json_schema=arguments_schema(tools, name)) for one, name in zip(requests, chosen, strict=True)
    ]
    answers = await inference.answer(serving.engine, wanted)
    return [
        replace(
            answer,
            text=call_text(name, object_text(answer.text)),
            completion_tokens=answer.completion_tokens + tokens,
        )
        for answer, name, tokens in zip(answers, chosen, spent, strict=True)
    ]
