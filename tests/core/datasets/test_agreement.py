"""What passes here is accepted by the local service, which checks files with its own eyes."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.formats import METHODS, format_of_row
from cupola.emulator.jobs.dataset import DatasetError, check_dataset


@settings(max_examples=1_500, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_a_row_that_passes_here_is_never_refused_there(mutant, tmp_path_factory, seed: int):
    row = mutant(Random(seed))
    format_ = format_of_row(row)
    if format_ not in METHODS:
        return
    path = Path(tmp_path_factory.getbasetemp()) / "agreement.jsonl"
    path.write_text(json.dumps(row) + "\n")
    if not check_file(path, Options(training=False, format=format_)).blocked:
        assert check_dataset(path, METHODS[format_], training=False) == 1


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"{broken", "line 4"),
        (b"[]", "line 4"),
        (b'{"messages": [], "messages": []}', "line 4"),
        (b'{"messages": [{"role": "human", "content": "x"}]}', "line 4"),
        (b'{"messages": "\xff"}', "line 4"),
    ],
)
def test_both_name_the_same_line(write, rows, content: bytes, place: str):
    made = [rows["chat"](n) for n in range(12)]
    made[3] = content
    path = write(made)
    errors = [group for group in check_file(path).groups if group.rule.severity == "error"]
    assert [finding.line for group in errors for finding in group.examples] == [4]
    with pytest.raises(DatasetError, match=place):
        check_dataset(path, "supervised", training=True)


def test_both_want_ten_rows(write, rows):
    few, enough = (write((rows["chat"](n) for n in range(count)), f"{count}.jsonl") for count in (9, 10))
    assert check_file(few).blocked and not check_file(enough).blocked
    assert check_dataset(enough, "supervised", training=True) == 10
    with pytest.raises(DatasetError):
        check_dataset(few, "supervised", training=True)
