"""Evaluations to make and to wait for, and the SDK's types to hold raw answers against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

CONTAINS = {
    "type": "string_check",
    "name": "contains",
    "input": "{{sample.output_text}}",
    "reference": "{{item.question}}",
    "operation": "like",
}
POLITE = {
    "type": "score_model",
    "name": "Polite Grader",
    "model": "o3",
    "input": [
        {"role": "system", "content": "Rate the politeness of the answer from 1 to 10."},
        {"role": "user", "content": "Question: {{item.question}}\nAnswer: {{sample.output_text}}"},
    ],
    "range": [1.0, 10.0],
    "pass_threshold": 4.0,
}
SCHEMA = {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]}
TEMPLATE = {
    "type": "template",
    "template": [
        {"role": "system", "content": "You are Cora."},
        {"role": "user", "content": {"type": "input_text", "text": "{{item.question}} thank you"}},
    ],
}


@dataclass
class Evals:
    """Evaluations on one emulator."""

    emulator: Any
    contains = CONTAINS
    polite = POLITE

    @staticmethod
    def questions(count: int) -> list[dict[str, Any]]:
        return [{"question": f"Where is order {number}?"} for number in range(count)]

    @staticmethod
    def file_content(items: list[Any]) -> dict[str, Any]:
        return {"type": "file_content", "content": [{"item": item} for item in items]}

    @classmethod
    def completions(cls, items: list[Any] | dict[str, Any], **changes: Any) -> dict[str, Any]:
        source = items if isinstance(items, dict) else cls.file_content(items)
        source_of_prompts = {"type": "completions", "source": source, "input_messages": TEMPLATE}
        return {**source_of_prompts, "model": "gpt-4.1-nano", **changes}

    @staticmethod
    def strictly(kind: type[Any], body: dict[str, Any], **recorded_nulls: Any) -> Any:
        """Hold raw JSON against the SDK's type in strict mode, but for the nulls that the service sends."""
        filled = {**body, **{key: value for key, value in recorded_nulls.items() if body[key] is None}}
        return kind.model_validate_json(json.dumps(filled), strict=True)

    @property
    def client(self) -> Any:
        return self.emulator.azure

    async def create(
        self, *criteria: dict[str, Any], schema: Any = SCHEMA, sample: bool = True, **settings: Any
    ) -> Any:
        config = {"type": "custom", "item_schema": schema, "include_sample_schema": sample}
        return await self.client.evals.create(
            data_source_config=config, testing_criteria=list(criteria) or [CONTAINS], **settings
        )

    async def start(self, evaluation: Any, data_source: dict[str, Any], **settings: Any) -> Any:
        return await self.client.evals.runs.create(evaluation.id, data_source=data_source, **settings)

    async def ended(self, run: Any) -> Any:
        async def has_ended() -> bool:
            return (await self.client.evals.runs.retrieve(run.id, eval_id=run.eval_id)).status not in (
                "queued",
                "in_progress",
            )

        await self.emulator.until(has_ended)
        return await self.client.evals.runs.retrieve(run.id, eval_id=run.eval_id)

    async def finished(self, evaluation: Any, data_source: dict[str, Any], **settings: Any) -> Any:
        return await self.ended(await self.start(evaluation, data_source, **settings))

    async def items(self, run: Any, **filters: Any) -> list[Any]:
        return [item async for item in self.client.evals.runs.output_items.list(run.id, eval_id=run.eval_id, **filters)]

    async def raw(self, method: str, path: str, surface: str = "dated", **settings: Any) -> Any:
        url = f"/openai{path}" if surface == "dated" else f"/openai/v1{path}"
        params = settings.pop("params", {})
        if surface == "dated":
            params = {"api-version": "2025-04-01-preview", **params}
        headers = {"api-key": self.emulator.key}
        return await self.emulator.http.request(method, url, params=params, headers=headers, **settings)

    async def deploy(self, name: str, capacity: int, model: str = "gpt-4.1-nano") -> None:
        account = self.emulator.service.resource.account
        url = (
            f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}/providers"
            f"/Microsoft.CognitiveServices/accounts/{account.name}/deployments/{name}?api-version=2025-09-01"
        )
        wanted = {"format": "OpenAI", "name": model, "version": "2025-04-14"}
        body = {"sku": {"name": "GlobalStandard", "capacity": capacity}, "properties": {"model": wanted}}
        answer = await self.emulator.http.put(url, json=body, headers={"authorization": "Bearer any"})
        assert answer.status_code == 201, answer.text


@pytest.fixture
def evals(emulator: Any) -> Evals:
    return Evals(emulator)


@pytest.fixture
def evals_on() -> Callable[[Any], Evals]:
    return Evals
