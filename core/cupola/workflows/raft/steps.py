"""The table of the steps of retrieval-augmented fine-tuning."""

from __future__ import annotations

from ..distil import filtering as distilled
from ..distil import runs
from ..kinds import Kind, Step
from . import asking, curve, filtering, measuring, questions
from .borrowed import borrowed
from .definition import parse

_MADE = (
    runs.asking_step("ask", "Ask", asking.ask_inputs, asking.ask_takes, asking.ask),
    Step(
        name="questions", title="Questions", inputs=questions.inputs, go=questions.go, still_good=questions.still_there
    ),
    runs.asking_step("answer", "Answer", asking.answer_inputs, asking.answer_takes, asking.answer),
    Step(
        name="filter",
        title="Check quotes",
        inputs=filtering.inputs,
        go=filtering.go,
        still_good=distilled.files_still_there,
    ),
)

RAFT = Kind(
    name="raft",
    parse=parse,
    steps=(
        *_MADE,
        borrowed("train"),
        borrowed("watch"),
        borrowed("deploy"),
        runs.asking_step(
            "benchmark", "Benchmark", measuring.inputs, measuring.takes, measuring.go, again_from="deploy"
        ),
        Step(name="curve", title="Curve", inputs=curve.inputs, go=curve.go),
        borrowed("clean-up"),
    ),
)
"""Ask, answer, check, train, test, draw."""

RAFT_DATA = Kind(name="raft-data", parse=parse, steps=_MADE)
"""The first half: the training file and no more."""
