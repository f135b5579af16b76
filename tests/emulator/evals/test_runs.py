"""Runs: data sources, sampling, grading, counting, statuses."""

from __future__ import annotations

import json

import pytest
from openai import BadRequestError, NotFoundError
from openai.types.evals import RunCreateResponse, RunRetrieveResponse
from openai.types.evals.runs import OutputItemListResponse, OutputItemRetrieveResponse

NO_ERROR = {"code": "", "message": ""}
EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
JSON_FIELD = {**EXACT, "name": "field", "input": "{{sample.output_json.answer}}"}


def drop_null(fields):
    return {key: value for key, value in fields.items() if value is not None}


def stored(*answers):
    """Rows with the answers that are to be graded."""
    return [
        {"item": {"question": f"Question {n}", "answer": wanted}, "sample": {"output_text": given}}
        for n, (wanted, given) in enumerate(answers)
    ]


async def test_a_run_answers_every_row_grades_it_and_tells_what_it_cost(evals):
    evaluation = await evals.create(evals.contains, evals.polite)
    sampling = {"max_completions_tokens": 40, "seed": 7}
    data_source = evals.completions(evals.questions(10), sampling_params=sampling)
    created = await evals.raw(
        "POST", f"/evals/{evaluation.id}/runs", json={"name": "first", "data_source": data_source}
    )
    assert created.status_code == 201
    empty = {"error": NO_ERROR, "per_model_usage": [], "per_testing_criteria_results": []}
    run = evals.strictly(RunCreateResponse, created.json(), **empty)
    assert created.json()["status"] == "queued"
    assert created.json()["per_model_usage"] is created.json()["error"] is None
    assert set(created.json()["result_counts"].values()) == {0}
    assert created.json()["data_source"]["sampling_params"] == {"temperature": 1.0, "top_p": 1.0, **sampling}
    assert int(run.id.removeprefix("evalrun_")[:8], 16) == run.created_at

    done = await evals.ended(run)
    raw = (await evals.raw("GET", f"/evals/{evaluation.id}/runs/{run.id}")).json()
    evals.strictly(RunRetrieveResponse, raw, error=NO_ERROR)
    assert (done.status, done.model, done.name) == ("completed", "gpt-4.1-nano", "first")
    assert raw["result_counts"] == {"total": 10, "errored": 0, "failed": 0, "passed": 10}
    usage = {entry["model_name"]: entry for entry in raw["per_model_usage"]}
    assert {name: entry["invocation_count"] for name, entry in usage.items()} == {"gpt-4.1-nano": 10, "o3": 10}
    assert usage["gpt-4.1-nano"]["prompt_tokens"] == sum(
        item.sample.usage.prompt_tokens for item in await evals.items(done)
    )
    assert [(entry.testing_criteria, entry.passed, entry.failed) for entry in done.per_testing_criteria_results] == [
        (criterion.id, 10, 0) for criterion in evaluation.testing_criteria
    ]
    assert run.report_url.startswith("https://ai.azure.com/resource/evaluation/")


async def test_a_run_is_queued_then_in_progress_then_completed_and_counts_at_the_end(start, evals_on):
    async with start(speed=10) as emulator:
        evals = evals_on(emulator)
        evaluation = await evals.create()
        run = await evals.start(evaluation, evals.completions(evals.questions(90)))
        seen = []

        async def completed():
            fresh = await evals.client.evals.runs.retrieve(run.id, eval_id=evaluation.id)
            seen.append((fresh.status, fresh.result_counts.total, fresh.per_model_usage is None))
            return fresh.status == "completed"

        await emulator.until(completed)
    assert list(dict.fromkeys(seen)) == [("queued", 0, True), ("in_progress", 0, True), ("completed", 90, False)]


async def test_slow_python_graders_leave_the_service_answering(evals):
    source = "def grade(sample, item):\n    for number in range(300_000):\n        pass\n    return 1.0"
    slow = {"type": "python", "name": "slow", "source": source}
    evaluation = await evals.create(slow, schema={})
    rows = {"type": "file_content", "content": stored(*[("yes", "yes")] * 2_000)}
    run = await evals.start(evaluation, {"type": "jsonl", "source": rows})

    async def grading():
        return (await evals.client.evals.runs.retrieve(run.id, eval_id=evaluation.id)).status == "in_progress"

    await evals.emulator.until(grading)
    checked = await evals.create(evals.contains, evals.polite)
    done = await evals.finished(checked, evals.completions(evals.questions(3)))
    assert done.result_counts.passed == 3
    assert (await evals.client.evals.runs.cancel(run.id, eval_id=evaluation.id)).status == "canceled"


async def test_an_output_item_shows_the_bare_row_the_prompt_the_answer_and_each_verdict(evals):
    evaluation = await evals.create(evals.contains, evals.polite)
    done = await evals.finished(evaluation, evals.completions(evals.questions(3)))
    listed = (await evals.raw("GET", f"/evals/{evaluation.id}/runs/{done.id}/output_items")).json()
    for item in listed["data"]:
        sample = {**item["sample"], "error": NO_ERROR}
        evals.strictly(OutputItemListResponse, {**item, "sample": sample})
    item = next(entry for entry in listed["data"] if entry["datasource_item_id"] == 1)
    assert item["datasource_item"] == {"question": "Where is order 1?"}
    assert item["status"] == "pass"
    assert item["sample"]["input"] == [
        {"role": "system", "content": "You are Cora."},
        {"role": "user", "content": "Where is order 1? thank you"},
    ]
    answer = item["sample"]["output"][0]["content"]
    assert answer.endswith("heard Where is order 1? thank you")
    check, judged = item["results"]
    assert (check["name"], check["sample"], check["score"]) == (evaluation.testing_criteria[0].id, None, 1.0)
    assert judged["sample"]["input"][1]["content"] == f"Question: Where is order 1?\nAnswer: {answer}"
    assert json.loads(judged["sample"]["output"][0]["content"])["result"] == judged["score"]
    assert 1 <= judged["score"] <= 10
    alone = await evals.raw("GET", f"/evals/{evaluation.id}/runs/{done.id}/output_items/{item['id']}")
    assert alone.json() == item
    evals.strictly(OutputItemRetrieveResponse, {**alone.json(), "sample": {**item["sample"], "error": NO_ERROR}})


async def test_stored_answers_are_graded_without_asking_any_model(evals):
    evaluation = await evals.create(EXACT, schema={"type": "object"})
    content = stored(("yes", "yes"), ("yes", "no"))
    chosen = {"model": "elsewhere", "choices": [{"message": {"role": "assistant", "content": "no"}}]}
    content.append({"item": {"answer": "no"}, "sample": {**chosen, "output_text": "no"}})
    source = {"type": "jsonl", "source": {"type": "file_content", "content": content}}
    done = await evals.finished(evaluation, source)
    raw = (await evals.raw("GET", f"/evals/{evaluation.id}/runs/{done.id}")).json()
    assert raw["model"] is None
    evals.strictly(RunRetrieveResponse, raw, error=NO_ERROR, model="")
    assert raw["result_counts"] == {"total": 3, "errored": 0, "failed": 1, "passed": 2}
    assert raw["per_model_usage"] == []
    listed = (await evals.raw("GET", f"/evals/{evaluation.id}/runs/{done.id}/output_items")).json()
    for item in listed["data"]:
        evals.strictly(OutputItemListResponse, {**item, "sample": {**item["sample"], "error": NO_ERROR}})
    items = sorted(await evals.items(done), key=lambda item: item.datasource_item_id)
    assert [item.sample.output[0].content for item in items] == ["yes", "no", "no"]
    assert items[2].sample.model == "elsewhere"


@pytest.mark.parametrize("wrapped", [True, False])
async def test_rows_of_a_file_may_be_wrapped_or_bare(evals, wrapped):
    items = evals.questions(12)
    lines = [{"item": item} for item in items] if wrapped else items
    file_id = await evals.emulator.upload(lines)
    evaluation = await evals.create()
    run = await evals.start(evaluation, evals.completions({"type": "file_id", "id": file_id}))
    done = await evals.ended(run)
    assert done.result_counts.passed == done.result_counts.total == 12
    found = {item.datasource_item_id: item.datasource_item for item in await evals.items(done)}
    assert found == dict(enumerate(items))


async def test_a_file_may_be_deleted_once_its_rows_are_taken_in(evals):
    file_id = await evals.emulator.upload(evals.questions(20))
    evaluation = await evals.create()
    run = await evals.start(evaluation, evals.completions({"type": "file_id", "id": file_id}))

    async def working():
        return (await evals.client.evals.runs.retrieve(run.id, eval_id=run.eval_id)).status != "queued"

    await evals.emulator.until(working)
    await evals.client.files.delete(file_id)
    assert (await evals.ended(run)).result_counts.passed == 20
    second = evals.start(evaluation, evals.completions({"type": "file_id", "id": file_id}))
    with pytest.raises(NotFoundError):
        await second


async def test_prompts_may_be_taken_from_the_item_itself(evals):
    evaluation = await evals.create(schema={"type": "object"})
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "ping"}]},
    ]
    reference = {"type": "item_reference", "item_reference": "item.prompt"}
    data_source = evals.completions([{"prompt": messages, "question": "ping"}], input_messages=reference)
    item = (await evals.items(await evals.finished(evaluation, data_source)))[0]
    assert [message.content for message in item.sample.input] == ["Be brief.", "ping"]
    assert item.status == "pass"


async def kept(evals, *texts, use="chat"):
    """Completions that a client asked to keep."""
    return [
        await evals.client.chat.completions.create(
            model="gpt-4.1",
            messages=[{"role": "user", "content": text}],
            store=True,
            metadata={"use": use},
        )
        for text in texts
    ]


async def test_stored_completions_are_graded_as_they_are_or_answered_anew(evals):
    first, second = await kept(evals, "Where is it?", "When is it?")
    await kept(evals, "Not this one.", use="other")
    shows = {**evals.contains, "reference": "heard"}
    evaluation = await evals.client.evals.create(
        data_source_config={"type": "stored_completions", "metadata": {"use": "chat"}},
        testing_criteria=[shows],
    )
    source = {"type": "stored_completions", "metadata": {"use": "chat"}, "created_after": first.created}
    old = await evals.finished(evaluation, {"type": "completions", "source": source})
    items = await evals.items(old)
    assert [item.sample.output[0].content for item in items] == [
        completion.choices[0].message.content for completion in (first, second)
    ]
    assert items[0].datasource_item["input"][0]["content"] == "Where is it?"
    assert (old.model, old.per_model_usage, old.result_counts.passed) == (None, [], 2)
    reference = {"type": "item_reference", "item_reference": "item.input"}
    anew = await evals.finished(evaluation, evals.completions(source, input_messages=reference))
    assert [item.sample.model for item in await evals.items(anew)] == ["gpt-4.1-nano-2025-04-14"] * 2
    assert anew.per_model_usage[0].invocation_count == 2
    for bounds in ({"created_before": first.created - 10}, {"model": "o3"}):
        with pytest.raises(BadRequestError, match="No stored completions match"):
            await evals.start(evaluation, {"type": "completions", "source": {**source, **bounds}})
    limited = {"type": "completions", "source": {**source, "limit": 1}}
    assert (await evals.finished(evaluation, limited)).result_counts.total == 1


async def test_stored_responses_are_graded_as_they_are_or_answered_anew(evals):
    client = evals.client.responses
    first = await client.create(
        model="gpt-4.1", input="Where is it?", instructions="Be Cora.", metadata={"use": "chat"}
    )
    second = await client.create(model="gpt-4.1", input="And when?", previous_response_id=first.id)
    await client.create(model="o3", input="Something else.")
    evaluation = await evals.create({**evals.contains, "reference": "heard"}, schema={"type": "object"})
    source = {"type": "responses", "model": "gpt-4.1", "created_after": int(first.created_at)}
    old = await evals.finished(evaluation, {"type": "responses", "source": source})
    items = {item.datasource_item["id"]: item for item in await evals.items(old)}
    assert {identity: item.sample.output[0].content for identity, item in items.items()} == {
        first.id: first.output_text,
        second.id: second.output_text,
    }
    assert [message["content"] for message in items[second.id].datasource_item["input"]] == [
        "Where is it?",
        first.output_text,
        "And when?",
    ]
    reference = {"type": "item_reference", "item_reference": "item.input"}
    narrow = {**source, "metadata": {"use": "chat"}, "instructions_search": "cora", "temperature": 1.0}
    anew = evals.completions(narrow, type="responses", input_messages=reference)
    done = await evals.finished(evaluation, anew)
    assert [item.datasource_item["id"] for item in await evals.items(done)] == [first.id]
    assert done.result_counts.passed == done.per_model_usage[0].invocation_count == 1
    for nobody in ({"users": ["someone"]}, {"tools": ["search"]}, {"top_p": 0.1}, {"reasoning_effort": "high"}):
        with pytest.raises(BadRequestError, match="No stored responses match"):
            await evals.start(evaluation, {"type": "responses", "source": {**source, **nobody}})


async def test_a_prompt_may_be_a_trajectory_of_items_with_calls(evals):
    evaluation = await evals.create({**evals.contains, "reference": "heard"}, schema={"type": "object"})
    trajectory = [
        {"role": "user", "content": "Where is order 7?"},
        {"type": "function_call", "call_id": "call_1", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "In Oslo."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Say it."}]},
    ]
    reference = {"type": "item_reference", "item_reference": "item.trajectory"}
    rows = [{"trajectory": trajectory}, {"trajectory": "words"}, {"trajectory": [{"type": "video"}]}]
    done = await evals.finished(evaluation, evals.completions(rows, type="responses", input_messages=reference))
    items = sorted(await evals.items(done), key=lambda item: item.datasource_item_id)
    assert [item.status for item in items] == ["pass", "error", "error"]
    assert [message.role for message in items[0].sample.input] == ["user", "assistant", "tool", "user"]


@pytest.mark.parametrize(
    "sampling",
    [
        {"tools": [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]},
        {"tools": [{"type": "function", "name": "find", "parameters": {"type": "object"}}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}},
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}}},
        {"text": {"format": {"type": "text"}}},
    ],
)
async def test_tools_and_formats_are_taken_in_the_words_of_either_api(evals, sampling):
    evaluation = await evals.create()
    data_source = evals.completions(evals.questions(1), type="responses", sampling_params=sampling)
    done = await evals.finished(evaluation, data_source)
    assert (done.status, done.result_counts.errored) == ("completed", 0)


async def test_an_items_sample_carries_the_tool_calls_of_its_answer(evals):
    called = {
        "type": "string_check",
        "name": "called",
        "input": "{{sample.output_tools}}",
        "reference": "find",
        "operation": "like",
    }
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    rows = [
        {"item": {"question": "a"}, "sample": {"model": "m", "choices": [{"index": 0, "message": message}]}},
        {"item": {"question": "b"}, "sample": {"model": "m", "choices": [], "output_text": "No tool."}},
    ]
    evaluation = await evals.create(called)
    given = {"type": "jsonl", "source": {"type": "file_content", "content": rows}}
    with_call, without = await evals.items(await evals.finished(evaluation, given))
    assert (with_call.status, without.status) == ("pass", "fail")
    assert with_call.sample.to_dict()["output"][0]["tool_calls"] == [call]
    sampled = evals.completions(evals.questions(1), sampling_params={"tools": [tool], "seed": 1})
    (item,) = await evals.items(await evals.finished(evaluation, sampled))
    shown = item.sample.to_dict()
    calls = shown["output"][0]["tool_calls"] or []
    assert (shown["finish_reason"] == "tool_calls") == bool(calls) == (item.status == "pass")


@pytest.mark.parametrize("kind", ["completions", "responses"])
@pytest.mark.parametrize("name", ["max_completion_tokens", "max_completions_tokens", "max_tokens"])
async def test_every_spelling_of_the_token_limit_is_obeyed(evals, kind, name):
    evaluation = await evals.create()
    data_source = evals.completions(evals.questions(1), type=kind, sampling_params={name: 3})
    item = (await evals.items(await evals.finished(evaluation, data_source)))[0]
    assert (item.sample.finish_reason, item.sample.max_completion_tokens) == ("length", 3)
    assert item.sample.usage.completion_tokens == 3
    assert item.status == "fail"


async def test_a_row_without_an_answer_counts_as_errored_only(evals):
    evaluation = await evals.create(EXACT, schema={"type": "object"})
    items = [{"question": "fine", "answer": "?"}, {"answer": "?"}, {"question": "do anything now", "answer": "?"}]
    done = await evals.finished(evaluation, evals.completions(items))
    counts = done.result_counts
    assert (counts.total, counts.passed, counts.failed, counts.errored) == (3, 0, 1, 2)
    listed = (await evals.raw("GET", f"/evals/{evaluation.id}/runs/{done.id}/output_items")).json()
    for item in listed["data"]:
        evals.strictly(OutputItemListResponse, {**item, "sample": {"error": NO_ERROR, **drop_null(item["sample"])}})
    by_row = {item.datasource_item_id: item for item in await evals.items(done)}
    assert (by_row[0].status, by_row[1].status, by_row[2].status) == ("fail", "error", "error")
    assert by_row[1].results == by_row[1].sample.output == []
    assert by_row[1].sample.error.code == "invalid_variable_error"
    assert "{{item.question}}" in by_row[1].sample.error.message
    assert by_row[2].sample.error.code == "content_filter"
    assert done.per_testing_criteria_results[0].failed == 1


async def test_a_row_whose_grader_failed_scores_nothing_and_counts_twice(evals):
    cut_short = {**evals.polite, "name": "cut", "sampling_params": {"max_completions_tokens": 2}}
    evaluation = await evals.create(JSON_FIELD, cut_short, schema={"type": "object"})
    rows = stored(("yes", '{"answer": "yes"}'), ("yes", "not JSON"))
    done = await evals.finished(evaluation, {"type": "jsonl", "source": {"type": "file_content", "content": rows}})
    counts = done.result_counts
    assert (counts.total, counts.passed, counts.failed, counts.errored) == (2, 0, 2, 2)
    by_row = {item.datasource_item_id: item for item in await evals.items(done)}
    field, cut = by_row[0].results
    assert (field.passed, field.score) == (True, 1.0)
    assert (cut.passed, cut.score, cut.sample["error"]["code"]) == (False, 0.0, "model_grader_parse_error")
    assert by_row[1].results[0].error["code"] == "sample_parse_error"
    assert [(entry.passed, entry.failed) for entry in done.per_testing_criteria_results] == [(1, 1), (0, 2)]


async def test_every_grader_of_evaluations_computes(evals):
    criteria = [
        {
            "type": "text_similarity",
            "name": "similar",
            "input": "{{sample.output_text}}",
            "reference": "{{item.answer}}",
            "evaluation_metric": "fuzzy_match",
            "pass_threshold": 0.5,
        },
        {
            "type": "python",
            "source": "def grade(sample, item):\n    return float(sample['output_text'] == item['answer'])",
        },
        {
            "type": "label_model",
            "name": "label",
            "model": "gpt-4.1",
            "input": [
                {"role": "system", "content": "Is the response correct?"},
                {"role": "user", "content": "Reference: {{item.answer}}\nResponse: {{sample.output_text}}"},
            ],
            "labels": ["yes", "no"],
            "passing_labels": ["yes"],
        },
    ]
    evaluation = await evals.create(*criteria, schema={"type": "object"})
    rows = stored(("We open at 8 am.", "We open at 8 am."), ("We open at 8 am.", "zzz"))
    done = await evals.finished(evaluation, {"type": "jsonl", "source": {"type": "file_content", "content": rows}})
    by_row = {item.datasource_item_id: item for item in await evals.items(done)}
    assert [result.passed for result in by_row[0].results] == [True, True, True]
    assert [result.passed for result in by_row[1].results] == [False, False, False]
    assert by_row[0].results[1].name.startswith("python-")


async def test_a_prompt_that_names_no_scale_is_judged_on_the_graders_range(evals):
    grader = {**evals.polite, "input": [{"role": "user", "content": "Is this polite? {{sample.output_text}}"}]}
    evaluation = await evals.create(grader, schema={"type": "object"})
    done = await evals.finished(evaluation, evals.completions(evals.questions(20)))
    assert done.result_counts.errored == 0
    assert all(1 <= item.results[0].score <= 10 for item in await evals.items(done))


async def test_items_filter_by_status_and_page_in_both_orders(evals):
    evaluation = await evals.create(EXACT, schema={"type": "object"})
    rows = stored(*[("yes", "yes" if number % 3 else "no") for number in range(31)])
    done = await evals.finished(evaluation, {"type": "jsonl", "source": {"type": "file_content", "content": rows}})
    everything = [item.id for item in await evals.items(done, limit=7)]
    assert len(set(everything)) == 31
    assert [item.id for item in await evals.items(done, limit=7, order="desc")] == everything[::-1]
    passed, failed = [await evals.items(done, status=status, limit=4) for status in ("pass", "fail")]
    assert (len(passed), len(failed)) == (20, 11)
    assert {item.status for item in failed} == {"fail"}
    path = f"/evals/{evaluation.id}/runs/{done.id}/output_items"
    assert len((await evals.raw("GET", path, params={"status": "failed"})).json()["data"]) == 11
    assert (await evals.raw("GET", path, params={"status": "good"})).status_code == 400


async def test_runs_list_by_status_and_in_order(evals):
    evaluation = await evals.create()
    source = evals.completions(evals.questions(1))
    made = [await evals.start(evaluation, source, name=f"run {number}") for number in range(3)]
    for run in made:
        await evals.ended(run)
    runs = evals.client.evals.runs
    assert [run.name async for run in runs.list(evaluation.id, limit=2)] == ["run 0", "run 1", "run 2"]
    assert [run.id async for run in runs.list(evaluation.id, order="desc")] == [run.id for run in made][::-1]
    assert len([run async for run in runs.list(evaluation.id, status="completed")]) == 3
    assert [run async for run in runs.list(evaluation.id, status="queued")] == []
    with pytest.raises(BadRequestError):
        await runs.list(evaluation.id, status="lost")


async def test_a_canceled_run_keeps_what_was_graded_and_ends_there(start, evals_on):
    async with start(speed=4) as emulator:
        evals = evals_on(emulator)
        evaluation = await evals.create()
        run = await evals.start(evaluation, evals.completions(evals.questions(400)))

        async def some():
            return len((await evals.client.evals.runs.output_items.list(run.id, eval_id=run.eval_id)).data) > 5

        await emulator.until(some)
        canceled = await evals.client.evals.runs.cancel(run.id, eval_id=run.eval_id)
        assert canceled.status == "canceled"
        graded = len(await evals.items(run, limit=100))
        assert 5 < graded < 400
        assert canceled.result_counts.passed == graded
        assert canceled.result_counts.total == 400
        again = evals.client.evals.runs.cancel(run.id, eval_id=run.eval_id)
        with pytest.raises(BadRequestError, match="cannot be canceled"):
            await again
        assert len(await evals.items(run, limit=100)) == graded


async def test_the_older_path_cancels_too(evals):
    evaluation = await evals.create()
    run = await evals.start(evaluation, evals.completions(evals.questions(200)))
    answer = await evals.raw("POST", f"/evals/{evaluation.id}/runs/{run.id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")


async def test_a_deleted_run_is_gone_and_the_others_stay(evals):
    evaluation = await evals.create()
    done = await evals.finished(evaluation, evals.completions(evals.questions(2)))
    other = await evals.start(evaluation, evals.completions(evals.questions(200)))
    gone = await evals.client.evals.runs.delete(other.id, eval_id=evaluation.id)
    assert (gone.object, gone.deleted, gone.run_id) == ("eval.run.deleted", True, other.id)
    assert [run.id async for run in evals.client.evals.runs.list(evaluation.id)] == [done.id]
    with pytest.raises(NotFoundError):
        await evals.items(other)
    assert len(await evals.items(done)) == 2


async def test_a_run_on_a_missing_deployment_fails_and_says_so(evals):
    for criteria, model in (([evals.contains], "none"), ([{**evals.polite, "model": "none"}], "gpt-4.1-nano")):
        evaluation = await evals.create(*criteria)
        done = await evals.finished(evaluation, evals.completions(evals.questions(1), model=model))
        assert (done.status, done.error.code) == ("failed", "DeploymentNotFound")
        assert "'none'" in done.error.message


async def test_a_deployment_with_little_capacity_leaves_errored_rows(start, clock, evals_on):
    async with start(clock=clock, speed=1e6) as emulator:
        evals = evals_on(emulator)
        await evals.deploy("small", capacity=1)
        clock.seconds += 1
        evaluation = await evals.create()
        sampling = {"max_completion_tokens": 600}
        source = evals.completions(evals.questions(4), model="small", sampling_params=sampling)
        done = await evals.finished(evaluation, source)
        counts = done.result_counts
        assert (counts.total, counts.passed, counts.errored) == (4, 1, 3)
        errors = [item.sample.error.code for item in await evals.items(done) if item.status == "error"]
        assert errors == ["429"] * 3


async def test_rows_that_do_not_match_the_schema_are_refused_or_fail_the_run(evals):
    evaluation = await evals.create()
    bad = [*evals.questions(3), {"question": 4}]
    with pytest.raises(BadRequestError, match=r"Row 4 does not match .* item\.question must be of type string"):
        await evals.start(evaluation, evals.completions(bad))
    file_id = await evals.emulator.upload(bad)
    done = await evals.finished(evaluation, evals.completions({"type": "file_id", "id": file_id}))
    assert (done.status, done.error.code) == ("failed", "invalidPayload")
    assert "Row 4" in done.error.message
    broken = await evals.emulator.upload(b'{"question": "x"}\n{"question"\n')
    done = await evals.finished(evaluation, evals.completions({"type": "file_id", "id": broken}))
    assert "line 2" in done.error.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "csv"}, "data_source.type"),
        ({"source": None}, "data_source.source.type"),
        ({"source": {"type": "file_id"}}, "data_source.source.id"),
        ({"source": {"type": "file_content", "content": []}}, "at least one row"),
        ({"source": {"type": "file_content", "content": [1]}}, "Row 1 must be an object"),
        ({"model": None}, "data_source.model"),
        ({"input_messages": None}, "input_messages.type"),
        ({"input_messages": {"type": "template", "template": []}}, "at least one message"),
        ({"input_messages": {"type": "template", "template": [{"role": "x", "content": ""}]}}, "template[0].role"),
        ({"input_messages": {"type": "item_reference"}}, "item_reference"),
        ({"sampling_params": {"temperature": 3}}, "sampling_params.temperature"),
        ({"sampling_params": {"max_tokens": 0}}, "sampling_params.max_tokens"),
        ({"sampling_params": {"seed": "x"}}, "sampling_params.seed"),
        ({"sampling_params": [1]}, "sampling_params"),
    ],
)
async def test_a_data_source_that_makes_no_sense_is_refused_in_words(evals, change, message):
    evaluation = await evals.create()
    body = {"data_source": {**evals.completions(evals.questions(1)), **change}}
    answer = await evals.raw("POST", f"/evals/{evaluation.id}/runs", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


async def test_ids_of_another_evaluation_are_not_found(evals):
    one, other = await evals.create(), await evals.create()
    done = await evals.finished(one, evals.completions(evals.questions(1)))
    with pytest.raises(NotFoundError):
        await evals.client.evals.runs.retrieve(done.id, eval_id=other.id)
    with pytest.raises(NotFoundError):
        await evals.client.evals.runs.output_items.retrieve("outputitem_x", eval_id=one.id, run_id=done.id)


async def test_samples_of_the_router_name_the_model_that_answered(evals):
    evaluation = await evals.create()
    run = await evals.start(evaluation, evals.completions(evals.questions(3), model="model-router"))
    done = await evals.ended(run)
    assert {item.sample.model for item in await evals.items(done)} == {"gpt-4.1-nano-2025-04-14"}
