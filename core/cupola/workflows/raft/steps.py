"""The table of the steps of retrieval-augmented fine-tuning."""

from __future__ import annotations

from ..distil import filtering as distilled
from ..distil import runs
from ..kinds import Kind, Step
from . import asking, curve, filtering, measuring, questions
from .borrowed import borrowed
from .definition import parse

_MADE = (
    Step(
        name="ask",
        title="Ask",
        inputs=asking.ask_inputs,
        takes=asking.ask_takes,
        go=asking.ask,
        still_good=runs.still_done,
        rest=runs.rest,
    ),
    Step(
        name="questions", title="Questions", inputs=questions.inputs, go=questions.go, still_good=questions.still_there
    ),
    Step(
        name="answer",
        title="Answer",
        inputs=asking.answer_inputs,
        takes=asking.answer_takes,
        go=asking.answer,
        still_good=runs.still_done,
        rest=runs.rest,
    ),
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
        Step(
            name="benchmark",
            title="Benchmark",
            inputs=measuring.inputs,
            takes=measuring.takes,
            go=measuring.go,
            still_good=runs.still_done,
            rest=runs.rest,
            again_from="deploy",
        ),
        Step(name="curve", title="Curve", inputs=curve.inputs, go=curve.go),
        borrowed("clean-up"),
    ),
)
"""Ask, answer, check, train, test, draw."""

RAFT_DATA = Kind(name="raft-data", parse=parse, steps=_MADE)
"""The first half: the training file and no more."""
