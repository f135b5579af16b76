"""Each rule is found where it is broken, and only there."""

from __future__ import annotations

import base64
import copy
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from cupola.datasets.check import Options, check_file
from cupola.datasets.findings import Severity
from cupola.datasets.formats import Format

Row = dict[str, Any]
Change = Callable[[Row], object]

CALL = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"a": 1}'}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


def _found(path, **options: Any) -> dict[str, list[tuple[int, str]]]:
    report = check_file(path, Options(**options))
    return {g.rule.id: [(e.line, e.path) for e in g.examples] for g in report.groups}


def _errors(path, **options: Any) -> set[str]:
    report = check_file(path, Options(**options))
    return {group.rule.id for group in report.groups if group.rule.severity is Severity.ERROR}


def _png(colour: int = 2) -> str:
    header = struct.pack(">IIBBBBB", 8, 6, 8, colour, 0, 0, 0)
    chunk = b"IHDR" + header
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _image(url: str, **more: Any) -> Row:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def _say(row: Row, *parts: Row, role: int = 1) -> None:
    row["messages"][role]["content"] = [{"type": "text", "text": "What is this?"}, *parts]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("chat", Format.CHAT), ("preference", Format.PREFERENCE), ("reinforcement", Format.REINFORCEMENT)],
)
def test_a_well_formed_file_of_each_format_is_recognised_and_clean(write, rows, kind, wanted):
    report = check_file(write(rows[kind](n) for n in range(40)))
    assert report.format is wanted
    assert report.groups == ()
    assert len(report.rows) == 40


def test_images_make_a_vision_file_that_is_accepted(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    for number, row in enumerate(made):
        _say(row, _image(_png()), _image(f"https://example.com/{number}.webp", detail="low"))
    report = check_file(write(made))
    assert report.format is Format.VISION
    assert {group.rule.id for group in report.groups} == {"image.people"}


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"item": {"question": "a", "answer": "b"}}, Format.EVALUATION),
        ({"field": 1, "other": "x"}, Format.EVALUATION),
        ({"question": "a", "answer": "b"}, Format.QUESTION_ANSWER),
        ({"Prompt": "a", "Completion": "b"}, Format.QUESTION_ANSWER),
    ],
)
def test_rows_for_evaluation_and_conversion_are_told_apart(write, row, wanted):
    assert check_file(write([row] * 3)).format is wanted


def _set(*path: str | int, to: Any) -> Change:
    def change(row: Row) -> None:
        inner: Any = row
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


def _drop(*path: str | int) -> Change:
    def change(row: Row) -> None:
        inner: Any = row
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return change


def _calls(**call: Any) -> Change:
    def change(row: Row) -> None:
        row["tools"] = [TOOL]
        row["messages"][2:2] = [
            {"role": "assistant", "content": None, "tool_calls": [{**copy.deepcopy(CALL), **call}]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
        ]

    return change


CHAT_ERRORS: list[tuple[str, str, Change]] = [
    ("messages.missing", "messages", _drop("messages")),
    ("messages.missing", "messages", _set("messages", to="hello")),
    ("messages.empty", "messages", _set("messages", to=[])),
    ("messages.no_user", "messages", _drop("messages", 1)),
    ("messages.last_not_assistant", "messages[2].role", lambda r: r["messages"].insert(1, r["messages"].pop())),
    ("message.not_object", "messages[1]", _set("messages", 1, to="hello")),
    ("role.missing", "messages[0].role", _drop("messages", 0, "role")),
    ("role.unknown", "messages[1].role", _set("messages", 1, "role", to="human")),
    ("role.unknown", "messages[1].role", _set("messages", 1, "role", to=7)),
    ("role.unknown", "messages[1].role", _set("messages", 1, "role", to=["user"])),
    ("content.missing", "messages[2].content", _drop("messages", 2, "content")),
    ("content.type", "messages[1].content", _set("messages", 1, "content", to={"text": "x"})),
    ("content.part", "messages[1].content[0]", _set("messages", 1, "content", to=[{"type": "video"}])),
    ("name.type", "messages[1].name", _set("messages", 1, "name", to=4)),
    ("weight.value", "messages[2].weight", _set("messages", 2, "weight", to=0.5)),
    ("weight.value", "messages[2].weight", _set("messages", 2, "weight", to=True)),
    ("weight.role", "messages[1].weight", _set("messages", 1, "weight", to=0)),
    ("tools.type", "tools", _set("tools", to="look_up")),
    ("tools.type", "tools[0]", _set("tools", to=[{"name": "look_up"}])),
    ("tools.too_many", "tools", _set("tools", to=[TOOL] * 129)),
    ("tools.parallel", "parallel_tool_calls", _set("parallel_tool_calls", to="yes")),
    ("tool_calls.type", "messages[2].tool_calls", _set("messages", 2, "tool_calls", to=[])),
    ("tool_calls.role", "messages[1].tool_calls", _set("messages", 1, "tool_calls", to=[CALL])),
    (
        "tool_call.id",
        "messages[2].tool_calls[1].id",
        lambda r: (_calls()(r), r["messages"][2]["tool_calls"].append(CALL)),
    ),
    (
        "tool_call.arguments",
        "messages[2].tool_calls[0].function.arguments",
        _calls(function={"name": "look_up", "arguments": {"a": 1}}),
    ),
    (
        "tool_call.undeclared",
        "messages[2].tool_calls[0].function.name",
        _calls(function={"name": "other", "arguments": "{}"}),
    ),
    (
        "tool.no_call",
        "messages[1].tool_call_id",
        lambda r: r["messages"].insert(1, {"role": "tool", "tool_call_id": "zz", "content": "x"}),
    ),
    ("tool.no_id", "messages[1].tool_call_id", lambda r: r["messages"].insert(1, {"role": "tool", "content": "x"})),
    ("image.role", "messages[0].content[1]", lambda r: _say(r, _image(_png()), role=0)),
    ("image.url", "messages[1].content[1].image_url.url", lambda r: _say(r, _image("http://example.com/a.png"))),
    ("image.url", "messages[1].content[1].image_url.url", lambda r: _say(r, _image("file:///etc/passwd"))),
    ("image.url", "messages[1].content[1].image_url.url", lambda r: _say(r, {"type": "image_url", "image_url": "x"})),
    ("image.data", "messages[1].content[1].image_url.url", lambda r: _say(r, _image("data:image/png;base64,?"))),
    ("image.type", "messages[1].content[1].image_url.url", lambda r: _say(r, _image("data:image/gif;base64,AA=="))),
    (
        "image.size",
        "messages[1].content[1].image_url.url",
        lambda r: _say(r, _image(_png() + "A" * 14_000_000)),
    ),
    ("image.colour", "messages[1].content[1].image_url.url", lambda r: _say(r, _image(_png(colour=0)))),
    ("image.detail", "messages[1].content[1].image_url.detail", lambda r: _say(r, _image(_png(), detail="best"))),
    ("image.too_many", "messages", lambda r: _say(r, *[_image(_png())] * 65)),
]


@pytest.mark.parametrize(("rule", "path", "change"), CHAT_ERRORS)
def test_a_chat_row_that_breaks_one_rule_is_blocked_for_it_alone(write, rows, rule, path, change):
    made = [rows["chat"](n) for n in range(15)]
    change(made[6])
    found = _found(write(made))
    assert found[rule] == [(7, path)]
    assert _errors(write(made)) == {rule}


PREFERENCE_ERRORS: list[tuple[str, str, Change]] = [
    ("input.missing", "input", _drop("input")),
    ("messages.missing", "input.messages", _set("input", to={})),
    ("messages.no_user", "input.messages", _drop("input", "messages", 1)),
    ("output.missing", "preferred_output", _drop("preferred_output")),
    ("output.missing", "non_preferred_output", _set("non_preferred_output", to="text")),
    ("output.empty", "preferred_output", _set("preferred_output", to=[])),
    (
        "output.role",
        "preferred_output[0].role",
        lambda r: r["preferred_output"].insert(0, {"role": "user", "content": "x"}),
    ),
]


@pytest.mark.parametrize(("rule", "path", "change"), PREFERENCE_ERRORS)
def test_a_preference_row_that_breaks_one_rule_is_blocked_for_it_alone(write, rows, rule, path, change):
    made = [rows["preference"](n) for n in range(15)]
    change(made[6])
    path_written = write(made)
    assert _found(path_written)[rule] == [(7, path)]
    assert _errors(path_written) == {rule}


def test_a_reinforcement_row_must_end_with_the_user(write, rows):
    made = [rows["reinforcement"](n) for n in range(15)]
    made[3]["messages"].append({"role": "assistant", "content": "42"})
    made[5]["messages"].append({"role": "developer", "content": "Now."})
    found = _found(write(made))
    assert found["rft.last_not_user"] == [(4, "messages[2].role")]
    assert found["rft.last_developer"] == [(6, "messages[2].role")]
    assert _errors(write(made)) == {"rft.last_not_user"}


def test_a_row_that_the_graders_templates_cannot_read_is_named_with_the_variable(write, rows):
    made = [rows["reinforcement"](n, facts={"first": "x"}) for n in range(15)]
    del made[2]["facts"]["first"]
    found = _found(write(made), needs=("item.reference", "item.facts.first", "sample.output_text"))
    assert found["rft.template"] == [(3, "item.facts.first")]


def test_reinforcement_fields_that_are_empty_or_never_differ_are_noticed(write, rows):
    made = [rows["reinforcement"](n, unit="m", note="a\nb" if n == 4 else "a") for n in range(15)]
    made[7]["reference"] = ""
    found = _found(write(made))
    assert found["rft.empty_reference"] == [(8, "reference")]
    assert found["rft.newline"] == [(5, "note")]
    assert [path for _, path in found["rft.same_answer"]] == ["unit"]


def test_fewer_than_ten_rows_cannot_train(write, rows):
    assert _errors(write(rows["chat"](n) for n in range(9))) == {"file.too_few_rows"}
    assert _errors(write(rows["chat"](n) for n in range(10))) == set()
    assert _errors(write(rows["chat"](n) for n in range(9)), training=False) == set()


def test_a_row_of_another_format_is_named(write, rows):
    made = [rows["chat"](n) for n in range(15)]
    made[4] = rows["preference"](4)
    found = _found(write(made))
    assert found["row.other_format"] == [(5, "")]


def test_warnings_do_not_block(write, rows):
    made = [rows["chat"](n) for n in range(15)]
    made[1]["extra"] = 1
    made[2]["messages"][1]["mood"] = "good"
    made[3]["messages"][2]["weight"] = 0
    _calls(function={"name": "look_up", "arguments": "not json"})(made[4])
    report = check_file(write(made))
    assert not report.blocked
    assert {group.rule.id for group in report.groups} == {
        "row.unknown_key",
        "message.unknown_key",
        "messages.nothing_to_learn",
        "tool_call.arguments_json",
    }


def test_a_vision_file_for_a_model_without_eyes_is_blocked(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    for row in made:
        _say(row, _image(_png()))
    path = write(made)
    assert "image.model" in _errors(path, model="gpt-4.1-nano")
    assert "image.model" not in _errors(path, model="gpt-4.1")


def test_parallel_tool_calls_with_their_answers_are_accepted(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    for row in made:
        row["tools"], row["parallel_tool_calls"] = [TOOL], True
        row["messages"][2:2] = [
            {"role": "assistant", "tool_calls": [{**CALL, "id": "a"}, {**CALL, "id": "b"}]},
            {"role": "tool", "tool_call_id": "b", "content": "1"},
            {"role": "tool", "tool_call_id": "a", "content": "2"},
        ]
    assert check_file(write(made)).groups == ()


def test_a_call_that_nobody_answers_is_a_warning_unless_it_is_the_end(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    for row in made:
        row["tools"] = [TOOL]
        row["messages"][2] = {"role": "assistant", "tool_calls": [{**CALL, "id": "a"}]}
    assert check_file(write(made)).groups == ()
    made[3]["messages"] += [{"role": "user", "content": "And?"}, {"role": "assistant", "content": "Done."}]
    assert _found(write(made))["tool_call.unanswered"] == [(4, "messages[2].tool_calls")]
