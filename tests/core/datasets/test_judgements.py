"""What only the whole file tells, secrets, and duplicates."""

from __future__ import annotations

from typing import Any

import pytest

from cupola.datasets.check import Options, check_file, check_files


def _groups(path, **options: Any):
    return {group.rule.id: group for group in check_file(path, Options(**options)).groups}


def test_a_repeated_row_is_named_with_the_line_it_repeats(write, rows):
    made = [rows["chat"](n) for n in range(20)]
    made[13] = made[4]
    group = _groups(write(made))["duplicate.row"]
    assert group.count == 1
    assert (group.examples[0].line, group.examples[0].excerpt) == (14, "the same as line 5")


def test_the_same_prompt_with_another_answer_is_no_duplicate_row(write, rows):
    made = [rows["chat"](n) for n in range(20)]
    made[13] = {"messages": [*made[4]["messages"][:2], {"role": "assistant", "content": "Quite another answer."}]}
    groups = _groups(write(made))
    assert set(groups) == {"duplicate.prompt"}
    assert groups["duplicate.prompt"].examples[0].line == 14


def test_a_system_prompt_that_drifts_or_is_missing_is_shown(write, rows):
    made = [rows["chat"](n) for n in range(20)]
    made[7]["messages"][0]["content"] = "You are Cora, and rude."
    del made[9]["messages"][0]
    groups = _groups(write(made))
    assert [(f.line, f.excerpt) for f in groups["system.drift"].examples] == [(8, "You are Cora, and rude.")]
    assert [f.line for f in groups["system.missing"].examples] == [10]


def test_rows_that_each_have_a_system_prompt_of_their_own_do_not_drift(write, rows):
    made = [rows["chat"](n) for n in range(20)]
    for number, row in enumerate(made):
        row["messages"][0]["content"] = f"You know document {number}."
    assert _groups(write(made)) == {}


def test_labels_that_are_far_apart_in_number_are_imbalanced(write, rows):
    made = [rows["chat"](n) for n in range(60)]
    for number, row in enumerate(made):
        row["messages"][2]["content"] = "spam" if number < 3 else "ham"
    assert "ham: 57 of 60; spam: 3" in _groups(write(made))["label.imbalance"].examples[0].excerpt
    for number, row in enumerate(made):
        row["messages"][2]["content"] = "spam" if number % 2 else "ham"
    assert "label.imbalance" not in _groups(write(made))


def test_length_alone_telling_the_preferred_answer_is_a_bias(write, rows):
    made = [rows["preference"](2 * n) for n in range(40)]
    finding = _groups(write(made))["pair.length_bias"].examples[0]
    assert finding.excerpt == "a rule that takes the longer answer would get 100%"


def test_a_pair_preferred_both_ways_round_contradicts_itself(write, rows):
    made = [rows["preference"](n) for n in range(20)]
    one = made[3]
    made[11] = {**one, "preferred_output": one["non_preferred_output"], "non_preferred_output": one["preferred_output"]}
    finding = _groups(write(made))["pair.contradiction"].examples[0]
    assert (finding.line, finding.excerpt) == (12, "line 4 prefers the other")


@pytest.mark.parametrize(("tail", "rule"), [("", "pair.identical"), (" now", "pair.near")])
def test_outputs_that_are_nearly_the_same_leave_nothing_to_prefer(write, rows, tail, rule):
    made = [rows["preference"](n) for n in range(20)]
    text = "The delivery takes three working days, and you may follow it on the map that we send you at once."
    made[6]["preferred_output"][0]["content"] = text
    made[6]["non_preferred_output"][0]["content"] = text + tail
    assert [f.line for f in _groups(write(made))[rule].examples] == [7]


@pytest.mark.parametrize(
    "answer",
    [
        "The paint covers twelve square metres a litre. You need two coats on bare wood, and between the",
        "Here is the code that you asked for:\n```python\nprint(1)",
        "We have them in blue, green, yellow, orange and red, and if you order before noon we deliver,",
    ],
)
def test_an_answer_that_stops_in_the_middle_is_noticed(write, rows, answer):
    made = [rows["chat"](n) for n in range(20)]
    made[5]["messages"][2]["content"] = answer
    assert [f.line for f in _groups(write(made))["answer.cut_off"].examples] == [6]


@pytest.mark.parametrize(
    ("rule", "text", "secret"),
    [
        ("secret.key", "use sk-proj-abcdefghijklmnopqrstuvwx12 here", "abcdefghijklmnop"),
        ("secret.key", "AKIAABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
        ("secret.key", "AccountKey=" + "Ab1+" * 20 + "==", "Ab1+Ab1+"),
        ("secret.key", "-----BEGIN RSA PRIVATE KEY-----", "PRIVATE"),
        ("personal.email", "write to ada.lovelace@example.org", "lovelace"),
        ("personal.card", "pay with 4111 1111 1111 1111 now", "1111 1111"),
        ("personal.card", "pay with 5500005555555559.", "00005555"),
        ("personal.ssn", "my number is 123-45-6789.", "45-6789"),
        ("personal.iban", "to IBAN DE89 3704 0044 0532 0130 00 please", "3704 0044"),
        ("personal.phone", "call +44 20 7946 0958 today", "7946"),
    ],
)
def test_keys_and_personal_data_are_found_and_masked(write, rows, rule, text, secret):
    made = [rows["chat"](n) for n in range(12)]
    made[4]["messages"][1]["content"] += " " + text
    groups = _groups(write(made))
    assert set(groups) == {rule}
    finding = groups[rule].examples[0]
    assert (finding.line, finding.path) == (5, "messages[1].content")
    assert secret not in finding.excerpt


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "version 1234567890123456",
        "000-12-3456",
        "DE00 3704 0044 0532 0130 00",
        "a @ b",
        "task-key",
    ],
)
def test_what_only_resembles_personal_data_is_left_alone(write, rows, text):
    made = [rows["chat"](n) for n in range(12)]
    made[4]["messages"][1]["content"] += " " + text
    assert _groups(write(made)) == {}


def test_leaks_between_splits_are_named_pair_by_pair(write, rows):
    train = [rows["chat"](n) for n in range(40)]
    valid = [rows["chat"](n) for n in range(100, 130)]
    valid[3] = train[7]
    valid[5] = {"messages": [*train[9]["messages"][:2], {"role": "assistant", "content": "Something else again."}]}
    train[12]["messages"][1]["content"] = near = (
        "When my grandmother repainted her veranda she swore by linseed oil; would you still recommend it today,"
        " or has something better for outdoor wood come along since the seventies?"
    )
    valid[8]["messages"][1]["content"] = near + " Thanks!"
    first, second = check_files([write(train, "train.jsonl"), write(valid, "valid.jsonl")])
    assert not first.blocked
    found = {group.rule.id: [(f.line, f.excerpt.split(" ")[0]) for f in group.examples] for group in second.groups}
    assert found["leak.row"] == [(4, "train.jsonl:8")]
    assert found["leak.prompt"] == [(6, "train.jsonl:10")]
    assert found["leak.twin"] == [(9, "train.jsonl:13")]
    assert second.blocked


def test_findings_keep_their_count_and_their_first_examples_in_order(write, rows):
    made = [rows["chat"](n) for n in range(300)]
    for row in made[::3]:
        row["messages"][1]["role"] = "human"
    group = _groups(write(made))["role.unknown"]
    assert group.count == 100
    assert [finding.line for finding in group.examples] == [1, 4, 7, 10, 13]


def test_two_processes_find_what_one_finds(write, rows):
    made: list[Any] = [rows["chat"](n) for n in range(16_000)]
    made[12_000] = made[100]
    made[14_000] = b"{broken"
    path = write(made)
    assert path.stat().st_size > 2 * 2**21
    alone, together = (check_file(path, Options(workers=workers)) for workers in (0, 2))
    assert alone.groups == together.groups
    assert (alone.rows == together.rows).all()
    lines = {group.rule.id: [finding.line for finding in group.examples] for group in together.groups}
    assert lines["json.invalid"] == [14_001] and lines["duplicate.row"] == [12_001]


def test_evaluation_rows_wrapped_and_bare_in_one_file_are_mixed(write):
    made = [{"item": {"question": f"Q{n}?", "answer": str(n)}} for n in range(12)]
    assert _groups(write(made)) == {}
    made[4] = made[4]["item"]
    assert _groups(write(made))["item.mixed"].examples[0].excerpt == "11 of 12 rows are wrapped"


def test_rows_for_evaluation_cannot_train(write):
    path = write({"item": {"question": f"Q{n}?", "answer": str(n)}} for n in range(12))
    assert not check_file(path).blocked
    assert "file.not_for_training" in _groups(path, training=True)


@pytest.mark.parametrize("unit", ["eyJ", "+9", "sk-", "a@b.", "9", "4111 ", "+99999", "password="])
def test_text_made_to_stall_a_pattern_does_not(write, rows, unit):
    made = [rows["chat"](n) for n in range(12)]
    made[3]["messages"][1]["content"] = unit * (600_000 // len(unit))
    assert len(check_file(write(made)).rows) == 12
