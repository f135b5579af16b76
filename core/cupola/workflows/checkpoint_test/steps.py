"""The table of the steps of testing checkpoints."""

from __future__ import annotations

from ..distil import runs
from ..kinds import Kind, Step
from . import deploying, measuring, verdict
from .definition import NAME, parse

CHECKPOINT_TEST = Kind(
    name=NAME,
    parse=parse,
    steps=(
        Step(
            name="deploy",
            title="Deploy",
            inputs=deploying.inputs,
            takes=deploying.takes,
            go=deploying.deploy,
            still_good=deploying.stand,
            abandon=deploying.abandon,
        ),
        runs.asking_step(
            "benchmark", "Benchmark", measuring.inputs, measuring.takes, measuring.go, again_from="deploy"
        ),
        Step(name="verdict", title="Verdict", inputs=verdict.inputs, go=verdict.go),
        Step(
            name="clean-up",
            title="Clean up",
            inputs=deploying.clean_inputs,
            go=deploying.clean_up,
            question=deploying.question,
        ),
    ),
)
"""Deploy, ask, judge, remove."""
