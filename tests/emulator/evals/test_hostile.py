"""Broken and hostile bodies are refused or carried out, but never break the service or a run."""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["{{item.question}}", "{{sample.output_json.x}}", "{{", "template", "item.question", "user"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "x"]), inner),
    max_leaves=5,
)
FUZZ = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def places(value, path=()):
    """Every place inside a JSON value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from places(entry, (*path, key))


def broken(body, data):
    """A body with something else in one of its places."""
    changed = copy.deepcopy(body)
    *path, last = data.draw(st.sampled_from(list(places(body))))
    inner = changed
    for key in path:
        inner = inner[key]
    inner[last] = data.draw(JSON)
    return changed


def eval_body(evals):
    item_schema = {"type": "object", "properties": {"question": {"type": "string", "enum": ["x"], "minLength": 1}}}
    return {
        "name": "x",
        "metadata": {"a": "b"},
        "data_source_config": {"type": "custom", "item_schema": item_schema, "include_sample_schema": True},
        "testing_criteria": [evals.contains, evals.polite],
    }


@FUZZ
@given(st.data())
async def test_a_broken_evaluation_is_refused_or_kept(evals, data):
    answer = await evals.raw("POST", "/evals", json=broken(eval_body(evals), data))
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        assert (await evals.raw("GET", f"/evals/{answer.json()['id']}")).json() == answer.json()


MESSAGE = {"role": "user", "content": [{"type": "input_text", "text": "{{item.question}}"}]}
SOURCE = {
    "type": "file_content",
    "content": [{"item": {"question": [MESSAGE]}, "sample": {"output_text": "x", "choices": [{"message": {}}]}}],
}
REFERENCE = {"type": "item_reference", "item_reference": "item.question"}
TEMPLATE = {"type": "template", "template": [{"role": "user", "content": {"type": "input_text", "text": "x"}}]}
SAMPLING = {"temperature": 0.5, "max_tokens": 5, "tools": [], "response_format": {"type": "text"}}
DATA_SOURCES = [
    {"type": "jsonl", "source": SOURCE},
    *(
        {
            "type": kind,
            "model": "gpt-4.1-nano",
            "source": SOURCE,
            "input_messages": messages,
            "sampling_params": SAMPLING,
        }
        for kind in ("completions", "responses")
        for messages in (TEMPLATE, REFERENCE)
    ),
]


@FUZZ
@given(st.sampled_from(DATA_SOURCES), st.data())
async def test_a_broken_run_is_refused_or_ends_without_an_internal_failure(evals, data_source, data):
    evaluation = await evals.create(evals.contains, evals.polite, schema={})
    body = broken({"name": "x", "metadata": {}, "data_source": data_source}, data)
    answer = await evals.raw("POST", f"/evals/{evaluation.id}/runs", json=body)
    assert answer.status_code in (201, 400, 404)
    if answer.status_code == 201:
        run = (await evals.client.evals.runs.list(evaluation.id)).data[0]
        done = await evals.ended(run)
        assert done.error is None or done.error.code != "internalFailure"
        assert done.status == "failed" or len(await evals.items(done)) == done.result_counts.total
