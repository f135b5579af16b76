"""The checks of training files, and the results file, apart from any server."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.jobs.dataset import check_dataset
from cupola.emulator.jobs.hyperparameters import read_hyperparameters, render_hyperparameters
from cupola.emulator.jobs.images import is_skipped
from cupola.emulator.jobs.lines import DatasetError, read_rows
from cupola.emulator.results import COLUMNS, results_csv

USER = {"role": "user", "content": "x"}
ASSISTANT = {"role": "assistant", "content": "y"}
TOOL = {"type": "function", "function": {"name": "f"}}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLS = {"role": "assistant", "tool_calls": [CALL]}


def check(tmp_path, rows, method="supervised", *, training=False):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(json.dumps(row).encode() for row in rows))
    return check_dataset(path, method, training=training)


@pytest.mark.parametrize(
    ("method", "row"),
    [
        ("supervised", {"messages": [{"role": "system", "content": ""}, USER, {**ASSISTANT, "weight": 0}]}),
        ("supervised", {"messages": [USER, CALLS], "tools": [TOOL]}),
        ("supervised", {"messages": [USER, {"role": "assistant", "function_call": {"name": "f"}}]}),
        ("supervised", {"messages": [{**USER, "content": [{"type": "text", "text": "x"}]}, ASSISTANT], "tools": []}),
        ("dpo", {"input": {"messages": [USER]}, "preferred_output": [ASSISTANT], "non_preferred_output": [ASSISTANT]}),
        ("reinforcement", {"messages": [USER], "target": "5"}),
        ("reinforcement", {"messages": [USER, {"role": "developer", "content": "x"}]}),
    ],
)
def test_good_rows_pass(tmp_path, method, row):
    assert check(tmp_path, [row] * 10, method, training=True) == 10


@pytest.mark.parametrize(
    ("method", "row", "problem"),
    [
        ("supervised", {}, "'messages' must be a non-empty array."),
        ("supervised", {"messages": [USER]}, "the last message must have the role 'assistant'."),
        ("supervised", {"messages": [ASSISTANT]}, "at least one message must have the role 'user'."),
        ("supervised", {"messages": [USER, {"role": "king", "content": "x"}]}, "'messages[1].role' must be one of"),
        ("supervised", {"messages": [USER, {"role": "assistant"}]}, "'messages[1].content' is missing."),
        ("supervised", {"messages": [USER, {"role": "assistant", "content": 5}]}, "must be a string or an array"),
        ("supervised", {"messages": [USER, {**ASSISTANT, "weight": 2}]}, "'messages[1].weight' must be 0 or 1"),
        ("supervised", {"messages": [{**USER, "weight": 1}, ASSISTANT]}, "'messages[0].weight' must be 0 or 1"),
        (
            "supervised",
            {"messages": [USER, {**CALLS, "tool_calls": [{**CALL, "function": {"arguments": {}}}]}], "tools": [TOOL]},
            "must be a JSON string.",
        ),
        ("dpo", {"messages": [USER]}, "'input' must be an object."),
        ("dpo", {"input": {"messages": [ASSISTANT]}}, "'input.messages' must have a message of the role 'user'."),
        ("dpo", {"input": {"messages": [USER]}, "preferred_output": []}, "'preferred_output' must be a non-empty"),
        (
            "dpo",
            {"input": {"messages": [USER]}, "preferred_output": [ASSISTANT], "non_preferred_output": [USER]},
            "'non_preferred_output' must hold assistant messages.",
        ),
        ("reinforcement", {"messages": [USER, ASSISTANT]}, "the last message must have the role 'user'."),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path, method, row, problem):
    good = {
        "messages": [USER, ASSISTANT] if method == "supervised" else [USER],
        "input": {"messages": [USER]},
        "preferred_output": [ASSISTANT],
        "non_preferred_output": [ASSISTANT],
    }
    with pytest.raises(DatasetError) as caught:
        check(tmp_path, [good, row], method)
    assert "line 2: " in caught.value.message
    assert problem in caught.value.message


def test_training_passes_over_an_example_with_an_image_of_more_than_ten_megabytes():
    def example(size):
        url = "data:image/png;base64," + "A" * size
        image = {"type": "image_url", "image_url": {"url": url}}
        return {"messages": [{"role": "user", "content": [image]}, ASSISTANT]}

    assert is_skipped(example(11 * 1024 * 1024 * 4 // 3))
    assert not is_skipped(example(9 * 1024 * 1024 * 4 // 3)) and not is_skipped({"messages": [USER, ASSISTANT]})


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n  \r\n{"a": 2}\n')
    assert list(read_rows(path)) == [(1, {"a": 1}), (4, {"a": 2})]


@given(content=st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_refusal_in_words(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(content)
    for method in COLUMNS:
        with pytest.raises(DatasetError, match="Validation of jsonl file failed"):
            check_dataset(path, method, training=True)


_METRICS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), st.floats(allow_nan=False), max_size=4
)


@given(st.lists(_METRICS, max_size=6))
def test_a_results_file_reads_back_as_what_was_measured(measured):
    steps = [
        (number, {name: value for name, value in metrics.items() if name != "step"})
        for number, metrics in enumerate(measured, start=1)
    ]
    rows = list(csv.DictReader(io.StringIO(results_csv("supervised", steps), newline="")))
    read = [
        (int(row["step"]), {name: float(value) for name, value in row.items() if name != "step" and value != ""})
        for row in rows
    ]
    assert read == steps


def test_hyperparameters_left_to_auto_are_spelled_as_the_dialect_does():
    given_ = read_hyperparameters("reinforcement", {"n_epochs": "auto", "batch_size": -1, "compute_multiplier": 2})
    assert given_ == {"compute_multiplier": 2.0}
    azure = render_hyperparameters("reinforcement", given_, None, "azure")
    openai = render_hyperparameters("reinforcement", given_, None, "openai")
    assert (azure["n_epochs"], openai["n_epochs"]) == (-1, "auto")
    assert azure["reasoning_effort"] == openai["reasoning_effort"] == "default"
    assert azure["compute_multiplier"] == 2.0
