"""Malformed and hostile files: never an exception, blocked for the reason planted, shown safely."""

from __future__ import annotations

import json
import string
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cupola.datasets.check import check_file
from cupola.datasets.excerpts import excerpt
from cupola.datasets.formats import CHECKS, Format, format_of_row
from cupola.datasets.lines import DatasetError
from cupola.datasets.parsing import RowError, parse_row
from cupola.datasets.rules import RULES
from cupola.datasets.scan import Plan, scan_block
from cupola.datasets.tokens import row_counter

SOUND = json.dumps(
    {"messages": [{"role": "user", "content": "Which paint?"}, {"role": "assistant", "content": "The blue one."}]}
).encode()


def _errors(line: bytes) -> dict[str, list[int]]:
    block = b"\n".join([SOUND, line, SOUND]) + b"\n"
    tally = scan_block(block, 0, Plan(Format.CHAT)).tally
    return {rule: [finding.line for finding in found] for rule, (_, found) in tally.items()}


@settings(max_examples=1_500, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_no_row_of_whatever_shape_makes_a_check_raise(mutant, seed: int):
    random = Random(seed)
    row = mutant(random)
    for kind in {random.choice(list(Format)), format_of_row(row)}:
        broken: list[tuple[str, str, object]] = []
        if CHECKS[kind](row, broken) is not None:
            assert row_counter("o200k_base", kind)(row) >= 0
        for rule, path, value in broken:
            assert rule in RULES
            assert "\x1b" not in excerpt(path) + excerpt(value)


@settings(max_examples=1_000, deadline=None)
@given(line=st.binary(max_size=200))
def test_random_bytes_are_either_a_row_or_named_as_what_they_are(line: bytes):
    try:
        row = parse_row(line)
    except RowError as error:
        assert error.rule.startswith("json.")
    else:
        assert isinstance(json.loads(line), dict) and row == json.loads(line)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_a_file_of_random_bytes_is_reported_and_never_raises(tmp_path, content: bytes):
    path = tmp_path / "any.jsonl"
    path.write_bytes(content)
    assert check_file(path).blocked


@settings(max_examples=1_000, deadline=None)
@given(data=st.data())
def test_a_broken_line_among_sound_ones_is_blocked_on_its_line_for_the_reason_planted(data: st.DataObject):
    text = data.draw(st.text(string.ascii_letters + " ", max_size=20)).encode()
    wanted, line = data.draw(
        st.sampled_from(
            [
                ("json.invalid", SOUND[: data.draw(st.integers(1, len(SOUND) - 1))]),
                ("json.invalid", SOUND + b" " + text + b"]"),
                ("json.invalid", SOUND.replace(b'"role"', b"'role'")),
                ("json.invalid", SOUND.replace(b"]}", b",]}")),
                ("json.encoding", SOUND.replace(b"blue", b"bl\xff" + text)),
                ("json.encoding", SOUND.replace(b"blue", b"\xed\xa0\x80")),
                ("json.control_character", SOUND.replace(b"blue", text + b"\x00")),
                ("json.control_character", SOUND.replace(b"blue", b"\x1b[31m" + text)),
                ("json.surrogate", SOUND.replace(b"blue", b"\\ud800" + text)),
                ("json.surrogate", SOUND.replace(b"blue", b"\\udc00")),
                ("json.duplicate_key", SOUND.replace(b'{"role"', b'{"content": "x", "role"', 1)),
                ("json.number", SOUND.replace(b"]}", b'], "n": NaN}')),
                ("json.number", SOUND.replace(b"]}", b'], "n": -Infinity}')),
                ("json.number", SOUND.replace(b"]}", b'], "n": 1e999}')),
                ("json.number", SOUND.replace(b"]}", b'], "n": -1.5E+400}')),
                ("json.number", SOUND.replace(b"]}", b'], "n": ' + b"9" * 5_000 + b"}")),
                ("json.too_deep", SOUND.replace(b"]}", b'], "n": ' + b"[" * 5_000 + b"]" * 5_000 + b"}")),
                ("json.not_object", b"[" + SOUND + b"]"),
                ("json.not_object", b'"' + text + b'"'),
                ("json.not_object", b"null"),
                ("json.not_object", b"17"),
            ]
        )
    )
    errors = {rule: lines for rule, lines in _errors(line).items() if rule.startswith(("json", "role", "message"))}
    assert errors == {wanted: [2]}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_byte_order_marks_and_line_ends_do_not_matter(tmp_path, start: bytes, ending: bytes):
    path = tmp_path / "data.jsonl"
    rows = [SOUND.replace(b"Which", f"Number {n}: which".encode()) for n in range(12)]
    path.write_bytes(start + ending.join(rows) + ending)
    report = check_file(path)
    assert not report.blocked
    assert list(report.rows["line"]) == list(range(1, 13))
    assert {group.rule.id for group in report.groups} == (
        ({"file.bom"} if start else set()) | ({"file.crlf"} if ending == b"\r\n" else set())
    )


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.empty"),
        (b"\n \n\t\n", "file.empty"),
        (b"\xef\xbb\xbf", "file.empty"),
        ("{}\n".encode("utf-16"), "file.encoding"),
        ("{}\n".encode("utf-16-le"), "file.encoding"),
        (b"PK\x03\x04rest", "file.not_text"),
        (b"\x1f\x8b\x08rest", "file.not_text"),
        (b'[\n{"a": 1},\n{"a": 2}\n]\n', "file.document"),
        (b'{\n  "messages": []\n}\n', "file.document"),
        (b"question,answer\nWhy?,So.\n", "file.table"),
    ],
)
def test_a_file_that_is_no_json_lines_at_all_is_told_so_once(tmp_path, content: bytes, rule: str):
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)
    report = check_file(path)
    assert report.format is None
    assert report.groups[0].rule.id == rule
    assert report.blocked


def test_a_line_of_ten_megabytes_is_checked_and_shown_short(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    made[3]["messages"][1]["content"] = "long " * 2_000_000
    made[5]["messages"][1]["role"] = "x" * 10_000_000
    report = check_file(write(made))
    assert len(report.rows) == 12
    for group in report.groups:
        assert all(len(finding.excerpt) < 200 for finding in group.examples)


def test_terminal_escapes_and_bidi_controls_never_reach_an_excerpt(write, rows):
    made: list[Any] = [rows["chat"](n) for n in range(12)]
    made[2]["messages"][1]["role"] = "\x1b]0;PWN\x07\x9b31m\u202egnp.exe\u2066"
    made[4]["\x1b[2J[/]"] = 1
    for group in check_file(write(made)).groups:
        for finding in group.examples:
            for character in finding.path + finding.excerpt:
                assert character.isprintable() or character == "␛"


def test_a_byte_range_never_tears_a_line(tmp_path):
    from cupola.datasets.lines import ranges, read_range, split

    lines = [b"x" * (n * 37 % 101) for n in range(200)]
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(lines))
    size = path.stat().st_size
    for step in (1, 7, 64, 100, 4096, size):
        read = [line for start, end in ranges(size, step) for line in split(read_range(path, start, end)[1])]
        assert read == lines


def test_a_name_with_a_zero_byte_is_told_to_be_none():
    with pytest.raises(DatasetError, match="no file's name"):
        check_file(Path("train\0.jsonl"))
