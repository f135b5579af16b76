"""What a grader's code looks up in a row, told without running it."""

from __future__ import annotations

import pytest

from cupola.datasets.grader_code import looked_up


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('return item["answer"] == 1', ("item.answer",)),
        ('return item["a"]["b"][0]', ("item.a.b",)),
        ('return item["a"] + item["a"]', ("item.a",)),
        ('return item.get("a", 0)', ()),
        ('return item["a"] if "a" in item else 0', ()),
        ('try:\n        return item["a"]\n    except KeyError:\n        return 0', ()),
        ('item["made"] = 1\n    return 0', ()),
        ("return item[sample]", ()),
        ('return sample["output_text"]', ()),
    ],
)
def test_only_what_every_row_must_have_counts(body: str, expected: tuple[str, ...]):
    assert looked_up(f"def grade(sample, item):\n    {body}\n") == expected


@pytest.mark.parametrize(
    "source", ["", "def grade(", "\0", "def grade(item):\n    return item['a']", "(" * 5_000, "x = '\\q'"]
)
def test_code_that_is_none_or_grades_nothing_needs_nothing(source: str):
    assert looked_up(source) == ()


def test_the_item_may_have_any_name():
    assert looked_up("def grade(s, row):\n    return row['x']") == ("item.x",)
