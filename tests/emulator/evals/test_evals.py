"""Evaluations: create, list, retrieve, update, delete."""

from __future__ import annotations

import uuid

import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types import EvalCreateResponse, EvalListResponse, EvalRetrieveResponse

SIMILAR = {
    "type": "text_similarity",
    "name": "similar",
    "input": "{{sample.output_text}}",
    "reference": "{{item.question}}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.8,
}
LABEL = {
    "type": "label_model",
    "name": "label",
    "model": "o3",
    "input": [{"role": "user", "content": "{{sample.output_text}}"}],
    "labels": ["good", "bad"],
    "passing_labels": ["good"],
}
MULTI = {"type": "multi", "name": "both", "graders": {"one": SIMILAR}, "calculate_output": "one"}
ENDPOINT = {"type": "endpoint", "name": "remote", "url": "https://zava.example/grade"}
"""Graders of reinforcement jobs only: no evaluation takes them as criteria."""
PYTHON = {"type": "python", "name": "python", "source": "def grade(sample, item):\n    return 1.0"}


@pytest.mark.parametrize(("surface", "status"), [("dated", 201), ("v1", 200)])
async def test_a_created_evaluation_is_of_the_sdks_type_and_wraps_the_item_schema(evals, surface, status):
    item_schema = {"type": "object", "properties": {"question": {"type": "string"}}}
    config = {"type": "custom", "item_schema": item_schema, "include_sample_schema": True}
    body = {
        "name": "politeness",
        "metadata": {"team": "cora"},
        "data_source_config": config,
        "testing_criteria": [evals.contains, evals.polite, SIMILAR, LABEL, PYTHON],
    }
    answer = await evals.raw("POST", "/evals", surface, json=body)
    assert answer.status_code == status
    created = evals.strictly(EvalCreateResponse, answer.json())
    schema = answer.json()["data_source_config"]["schema"]
    assert schema["properties"]["item"] == item_schema
    assert schema["required"] == ["item", "sample"]
    assert schema["properties"]["sample"]["required"] == ["model", "choices"]
    assert created.id.startswith("eval_")
    assert len(created.id) == 5 + 32
    assert int(created.id[5:13], 16) == created.created_at
    for criterion, sent in zip(answer.json()["testing_criteria"], body["testing_criteria"], strict=True):
        identity = criterion.pop("id")
        assert criterion == sent
        assert uuid.UUID(identity.removeprefix(f"{sent['name']}-"))
    fetched = await evals.raw("GET", f"/evals/{created.id}", surface)
    assert evals.strictly(EvalRetrieveResponse, fetched.json()).model_dump() == created.model_dump()


async def test_the_sample_schema_is_left_out_unless_asked_for_and_logs_have_their_own(evals):
    plain = await evals.create(sample=False)
    assert plain.data_source_config.schema_["required"] == ["item"]
    logs = await evals.client.evals.create(
        data_source_config={"type": "logs", "metadata": {"use": "chat"}}, testing_criteria=[evals.contains]
    )
    assert (logs.data_source_config.type, logs.data_source_config.metadata) == ("logs", {"use": "chat"})


async def test_lists_page_in_either_order_by_creation_or_by_update(evals):
    made = [(await evals.create(name=f"eval {number}")).id for number in range(5)]
    client = evals.client.evals
    assert [entry.id async for entry in client.list(limit=2)] == made
    assert [entry.id async for entry in client.list(limit=2, order="desc")] == made[::-1]
    await client.update(made[1], name="last touched")
    by_update = [entry.id async for entry in client.list(limit=2, order_by="updated_at")]
    assert by_update == [made[0], made[2], made[3], made[4], made[1]]
    first = (await evals.raw("GET", "/evals", params={"limit": 2})).json()
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, made[0], made[1])
    for entry in first["data"]:
        evals.strictly(EvalListResponse, entry)


async def test_an_update_changes_name_and_metadata_and_nothing_else(evals):
    before = await evals.create(name="old", metadata={"a": "1"})
    renamed = await evals.client.evals.update(before.id, name="new")
    assert (renamed.name, renamed.metadata) == ("new", {"a": "1"})
    changed = await evals.client.evals.update(before.id, metadata={"b": "2"})
    assert changed.model_dump() == {**before.model_dump(), "name": "new", "metadata": {"b": "2"}}


async def test_a_deleted_evaluation_is_gone_with_its_runs(evals):
    evaluation = await evals.create()
    run = await evals.start(evaluation, evals.completions(evals.questions(50)))
    gone = await evals.client.evals.delete(evaluation.id)
    assert (gone.object, gone.deleted, gone.eval_id) == ("eval.deleted", True, evaluation.id)
    for call in (
        evals.client.evals.retrieve(evaluation.id),
        evals.client.evals.runs.retrieve(run.id, eval_id=evaluation.id),
        evals.client.evals.delete(evaluation.id),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_the_plain_client_and_the_project_route_serve_the_same_evaluations(evals):
    emulator = evals.emulator
    evaluation = await emulator.v1.evals.create(
        name="seen from everywhere",
        data_source_config={"type": "custom", "item_schema": {"type": "object"}},
        testing_criteria=[evals.contains],
    )
    project = AsyncOpenAI(
        base_url="http://127.0.0.1:8000/api/projects/p/openai/v1/",
        api_key=emulator.key,
        http_client=emulator.v1._client,
        default_headers={"aoai-evals": "preview"},
    )
    assert (await project.evals.retrieve(evaluation.id)).name == "seen from everywhere"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_source_config": None}, "data_source_config.type"),
        ({"data_source_config": {"type": "custom"}}, "item_schema field is required"),
        ({"data_source_config": {"type": "custom", "item_schema": {"type": "text"}}}, "must name types of JSON"),
        ({"data_source_config": {"type": "custom", "item_schema": {"required": 3}}}, "must be a list of names"),
        ({"testing_criteria": []}, "a list of 1 to 50 graders"),
        ({"testing_criteria": ["x"]}, "testing_criteria[0].type"),
        ({"testing_criteria": [MULTI]}, "testing_criteria[0].type"),
        ({"testing_criteria": [ENDPOINT]}, "testing_criteria[0].type"),
        ({"testing_criteria": [{**SIMILAR, "pass_threshold": None}]}, "pass_threshold is required"),
        ({"testing_criteria": [{**PYTHON, "source": ""}]}, "testing_criteria[0].source"),
        ({"testing_criteria": [{**LABEL, "passing_labels": ["fine"]}]}, "not among the labels"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"name": 4}, "name"),
    ],
)
async def test_what_cannot_be_evaluated_is_refused_in_words(evals, change, message):
    body = {
        "name": "x",
        "data_source_config": {"type": "custom", "item_schema": {}},
        "testing_criteria": [evals.contains],
    }
    answer = await evals.raw("POST", "/evals", json={**body, **change})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalidPayload"
    assert message in answer.json()["error"]["message"]


async def test_queries_that_no_list_knows_are_refused(evals):
    for query in ({"order_by": "name"}, {"order": "up"}, {"limit": 0}, {"limit": 101}, {"after": "eval_x"}):
        assert (await evals.raw("GET", "/evals", params=query)).status_code == 400
    with pytest.raises(BadRequestError):
        await evals.client.evals.list(after="nobody")
