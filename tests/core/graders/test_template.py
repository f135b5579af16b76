from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.graders import InvalidVariableError, placeholders, render

SCOPE = {
    "item": {"city": "Oslo", "n": 3, "half": 0.5, "yes": True, "none": None, "deep": {"er": "down"}, "list": [1, "ä"]},
    "sample": {"output_text": "hello", "output_json": {"x": {"y": 2}}, "output_tools": [], "choices": [{"index": 0}]},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{item.city}}", "Oslo"),
        ("{{ item.city }}!", "Oslo!"),
        ("{{item.deep.er}}", "down"),
        ("{{item.n}} {{item.half}} {{item.yes}} {{item.none}}", "3 0.5 true null"),
        ("{{item.list}}", '[1, "ä"]'),
        ("{{sample.output_text}}", "hello"),
        ("{{sample.output_json.x.y}}", "2"),
        ("{{sample.output_tools}}", "[]"),
        ("{{sample.choices}}", '[{"index": 0}]'),
        ("no braces, {one}, {{{item.n}}}", "no braces, {one}, {3}"),
    ],
)
def test_a_placeholder_becomes_its_value(template: str, text: str) -> None:
    assert render(template, SCOPE) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{item.nowhere}}",
        "{{item.city.x}}",
        "{{item.list.0}}",
        "{{other}}",
        "{{item..x}}",
        "{{}}",
        "{{item.__class__}}",
    ],
)
def test_a_name_that_the_row_does_not_have_is_an_invalid_variable(template: str) -> None:
    with pytest.raises(InvalidVariableError):
        render(template, SCOPE)


def test_the_names_of_a_template_are_listed_in_order() -> None:
    assert placeholders("{{ item.a }} and {{sample.output_text}}") == ("item.a", "sample.output_text")


@settings(deadline=None)
@given(st.text())
def test_an_inserted_text_is_never_expanded_again(text: str) -> None:
    hostile = f"{{{{item.secret}}}}{text}"
    scope = {"item": {"secret": "s3cret", "said": hostile}, "sample": {"output_text": text}}
    assert render("{{item.said}}|{{sample.output_text}}", scope) == f"{hostile}|{text}"
