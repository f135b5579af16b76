"""Every operation of the published document, with sound and with broken inputs."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from urllib.parse import quote

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GRADER = {"type": "string_check", "name": "g", "input": "{{item.a}}", "reference": "a", "operation": "eq"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
ASK = [{"role": "user", "content": "hello"}]
SAMPLE = "{{sample.output_text}}"

EXAMPLES = {
    "/files/import": {"purpose": "evals", "filename": "a.jsonl", "content_url": "https://example.org/a"},
    "/uploads": {"purpose": "evals", "filename": "a.jsonl", "bytes": 3, "mime_type": "text/plain"},
    "/complete": {"part_ids": ["part-1"], "md5": "00"},
    "/fine_tuning/jobs": {
        "model": "o4-mini",
        "training_file": "FILE",
        "validation_file": "FILE",
        "suffix": "s",
        "seed": 1,
        "metadata": {"a": "b"},
        "integrations": [{"type": "wandb", "wandb": {"project": "p"}}],
        "hyperparameters": {"n_epochs": "auto", "batch_size": 2},
        "method": {
            "type": "reinforcement",
            "reinforcement": {
                "grader": {**GRADER, "input": SAMPLE},
                "hyperparameters": {"n_epochs": 1, "reasoning_effort": "low"},
                "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            },
        },
        "trainingType": "globalStandard",
    },
    "/copy": {"destinationResourceId": "/subscriptions/s/accounts/a", "region": "westus3"},
    "/graders/run": {"grader": GRADER, "model_sample": "a", "item": {"a": "a"}},
    "/graders/validate": {"grader": GRADER},
    "/chat/completions": {
        "model": "gpt-4.1-nano",
        "messages": [{"role": "system", "content": [{"type": "text", "text": "json"}]}, *ASK],
        "n": 1,
        "temperature": 0.5,
        "max_tokens": 5,
        "stop": ["x"],
        "seed": 3,
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_object"},
        "tools": [TOOL],
        "tool_choice": "auto",
        "stream": False,
        "store": True,
        "metadata": {"a": "b"},
        "logit_bias": {"5": 1},
        "stream_options": None,
        "service_tier": "auto",
        "prediction": {"type": "content", "content": "x"},
        "verbosity": "medium",
    },
    "/chat/completions/{completion_id}": {"metadata": {"a": "b"}},
    "/responses": {
        "model": "gpt-4.1-nano",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        "instructions": "Be kind.",
        "max_output_tokens": 20,
        "reasoning": {},
        "text": {"format": {"type": "text"}},
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}],
        "tool_choice": "auto",
        "include": ["message.output_text.logprobs"],
        "truncation": "auto",
        "background": False,
        "store": True,
    },
    "/batches": {"input_file_id": "BATCH", "endpoint": "/chat/completions", "completion_window": "24h"},
    "/evals": {
        "name": "e",
        "metadata": {"a": "b"},
        "data_source_config": {
            "type": "custom",
            "item_schema": {"type": "object", "properties": {"a": {"type": "string"}}},
            "include_sample_schema": False,
        },
        "testing_criteria": [GRADER],
    },
    "/evals/{eval_id}": {"name": "f", "metadata": {}},
    "/runs": {
        "name": "r",
        "data_source": {
            "type": "jsonl",
            "source": {"type": "file_content", "content": [{"item": {"a": "a"}}]},
        },
    },
    "/deployments/{deployment}": {
        "sku": {"name": "GlobalStandard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": "gpt-4.1-nano", "version": "2025-04-14"}},
    },
}

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["auto", "", "string_check", "multi", "python", "score_model", "json_schema", "\u0000", "{{item.a}}"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
SEGMENTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.just("..")
QUERIES = st.dictionaries(
    st.sampled_from(
        ["limit", "after", "order", "purpose", "metadata[a]", "status", "order_by", "model", "api-version"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(["1", "-1", "desc", "0", "10000000000000000000"]),
    max_size=2,
)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))


def changed(value, path, new):
    """A copy with another value at one place; `...` takes the place away."""
    if not path:
        return {} if new is ... else new
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if new is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return value


def example_of(path):
    for end in sorted(EXAMPLES, key=len, reverse=True):
        if path.endswith(end):
            return EXAMPLES[end]
    return {"metadata": {}}


class Driver:
    """Calls operations of the document with known ids."""

    def __init__(self, emulator, document, known):
        self.http, self.key, self.known = emulator.http, emulator.key, known
        self.operations = [
            (path, method, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            # Asking for server errors is what the fault routes are for.
            if not path.startswith("/emulator/faults")
        ]

    def filled(self, body):
        text = json.dumps(body)
        for name in ("FILE", "BATCH"):
            text = text.replace(f'"{name}"', json.dumps(self.known[name]))
        return json.loads(text)

    def url(self, path, segments):
        for name, value in {**self.known, **segments}.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    async def call(self, path, method, operation, segments=None, query=None, **content):
        headers = {"api-key": self.key}
        if path.startswith("/subscriptions"):
            headers = {"authorization": "Bearer any.opaque"}
        versions = {p["name"]: p["example"] for p in operation["parameters"] if "example" in p}
        answer = await self.http.request(
            method.upper(),
            self.url(path, segments or {}),
            params={**versions, **(query or {})},
            headers=headers,
            **content,
        )
        assert answer.status_code < 500, (method, path, content, answer.text)
        return answer


@pytest.fixture
async def driver(emulator, chat_rows):
    account = emulator.service.resource.account
    file_id = await emulator.upload([{**row, "messages": row["messages"][:2], "a": "a"} for row in chat_rows])
    batch = await emulator.azure.files.create(file=("b.jsonl", b"{}"), purpose="batch")
    job = await emulator.azure.fine_tuning.jobs.create(
        model="gpt-4.1-nano", training_file=await emulator.upload(chat_rows)
    )
    stored = await emulator.azure.chat.completions.create(model="gpt-4.1-nano", messages=ASK, store=True)
    response = await emulator.azure.responses.create(model="gpt-4.1-nano", input="hello")
    evaluation = await emulator.azure.evals.create(**EXAMPLES["/evals"])
    run = await emulator.azure.evals.runs.create(evaluation.id, **EXAMPLES["/runs"])
    upload = await emulator.azure.uploads.create(**EXAMPLES["/uploads"])
    document = (await emulator.http.get("/openapi.json")).json()
    known = {
        "FILE": file_id,
        "BATCH": batch.id,
        "file_id": file_id,
        "job_id": job.id,
        "completion_id": stored.id,
        "response_id": response.id,
        "eval_id": evaluation.id,
        "run_id": run.id,
        "upload_id": upload.id,
        "project": "zava",
        "deployment": "gpt-4.1-nano",
        "name": "gpt-4.1-nano",
        "model_id": "gpt-4.1",
        "subscription": account.subscription_id,
        "subscription_id": account.subscription_id,
        "resource_group": account.resource_group,
        "group": account.resource_group,
        "account": account.name,
        "location": account.location,
    }
    return Driver(emulator, document, known)


async def test_the_document_names_every_family_on_every_surface(driver):
    paths = {path for path, _, _ in driver.operations}
    for prefix in ("/openai", "/openai/v1", "/api/projects/{project}/openai", "/api/projects/{project}/openai/v1"):
        for path in ("/files", "/fine_tuning/jobs", "/evals", "/batches", "/responses", "/chat/completions", "/models"):
            assert prefix + path in paths
    assert "/api/projects/{project}/openai/v1/uploads" not in paths
    identities = [operation["operationId"] for _, _, operation in driver.operations]
    assert len(set(identities)) == len(identities)
    for _, _, operation in driver.operations:
        body = operation.get("requestBody", {"content": {}})
        for content in body["content"].values():
            jsonschema.Draft202012Validator.check_schema(content["schema"])


async def test_the_document_says_what_the_graders_of_each_route_are_made_of(driver):
    def body(path):
        operation = next(entry for where, method, entry in driver.operations if (where, method) == (path, "post"))
        return operation["requestBody"]["content"]["application/json"]["schema"]["properties"]

    messages = [{"role": "user", "content": SAMPLE}]
    judge = {"type": "score_model", "name": "j", "model": "o3", "input": messages, "range": [1, 10]}
    multi = {"type": "multi", "name": "m", "graders": {"a": GRADER, "b": judge}, "calculate_output": "a * b"}
    run = body("/openai/v1/fine_tuning/alpha/graders/run")["grader"]
    criteria = body("/openai/v1/evals")["testing_criteria"]
    jsonschema.validate(judge, run)
    jsonschema.validate(multi, run)
    jsonschema.validate([GRADER, judge], criteria)
    for wrong, schema in ((multi, criteria["items"]), ({**judge, "range": [1]}, run), ({**judge, "model": 3}, run)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


async def test_sound_requests_are_answered_as_the_document_says(driver):
    checked = 0
    for path, method, operation in driver.operations:
        if method == "delete" or path.endswith(("/token", "/cancel")):
            continue
        schema = operation["responses"]["2XX"].get("content", {}).get("application/json", {}).get("schema")
        content = {"json": driver.filled(example_of(path))} if "requestBody" in operation else {}
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
            content = {"files": {"file": ("a.jsonl", b"{}"), "data": b"x"}, "data": {"purpose": "evals"}}
        answer = await driver.call(path, method, operation, **content)
        if answer.status_code < 300 and schema:
            jsonschema.validate(answer.json(), schema)
            checked += 1
        elif answer.status_code >= 400:
            jsonschema.validate(answer.json(), {"type": "object", "required": ["error"]})
    assert checked > 40


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
async def test_broken_requests_never_make_a_server_error(driver, data):
    path, method, operation = data.draw(st.sampled_from(driver.operations))
    segments = data.draw(st.dictionaries(st.sampled_from(sorted(driver.known)), SEGMENTS, max_size=1))
    if method == "delete":
        # What is known shall still be known to the next example.
        segments = dict.fromkeys(driver.known, data.draw(SEGMENTS))
    query = data.draw(QUERIES)
    content = {}
    if method in ("post", "put", "patch"):
        example = driver.filled(example_of(path))
        place = data.draw(st.sampled_from(list(places(example))))
        body = changed(example, place, data.draw(VALUES | st.just(...)))
        raw = json.dumps(body).encode("utf-8", "replace")
        content = {"content": data.draw(st.just(raw) | st.binary(max_size=30))}
    async with asyncio.timeout(20):
        await driver.call(path, method, operation, segments, query, **content)


async def test_every_field_of_every_example_may_be_wrong_in_every_way(driver):
    wrong = [None, True, -1, 1e300, "x" * 70, [], {}, [[]], [{}], {"type": "x"}, ["a"], {"a": 1}]
    chosen = random.Random(5)
    for path, method, operation in driver.operations:
        if not path.startswith(("/openai/v1", "/subscriptions")) or "requestBody" not in operation or "/runs/" in path:
            continue
        example = driver.filled(example_of(path))
        for place in places(example):
            for value in chosen.sample(wrong, 4):
                await driver.call(path, method, operation, json=changed(example, place, value))
