"""The table of a distillation's steps."""

from __future__ import annotations

from ..kinds import Kind, Step
from . import deploying, filtering, judging, latency, measuring, roles, runs, training
from .definition import parse

DISTIL = Kind(
    name="distil",
    parse=parse,
    steps=(
        runs.asking_step("benchmark", "Benchmark", measuring.before_inputs, measuring.before_takes, measuring.before),
        Step(name="roles", title="Roles", inputs=roles.inputs, go=roles.go),
        runs.asking_step(
            "generate", "Generate", measuring.generate_inputs, measuring.generate_takes, measuring.generate
        ),
        Step(
            name="filter",
            title="Filter",
            inputs=filtering.inputs,
            go=filtering.go,
            still_good=filtering.files_still_there,
        ),
        Step(
            name="train",
            title="Train",
            inputs=training.inputs,
            takes=training.takes,
            go=training.train,
            still_good=training.job_still_good,
        ),
        Step(
            name="watch",
            title="Watch",
            inputs=training.watch_inputs,
            go=training.watch,
            still_good=training.job_still_good,
            abandon=training.abandon,
            again_from="train",
        ),
        Step(
            name="deploy",
            title="Deploy",
            inputs=deploying.inputs,
            takes=deploying.takes,
            go=deploying.deploy,
            still_good=deploying.stands,
            abandon=deploying.abandon,
        ),
        runs.asking_step(
            "re-benchmark",
            "Re-benchmark",
            measuring.after_inputs,
            measuring.after_takes,
            measuring.after,
            again_from="deploy",
        ),
        Step(
            name="latency",
            title="Latency",
            inputs=latency.inputs,
            takes=latency.takes,
            go=latency.go,
            rest=latency.rest,
            again_from="deploy",
        ),
        Step(name="verdict", title="Verdict", inputs=judging.inputs, go=judging.go),
        Step(
            name="clean-up",
            title="Clean up",
            inputs=deploying.clean_inputs,
            go=deploying.clean_up,
            question=deploying.question,
        ),
    ),
)
"""Benchmark, teach, train, test again, time, judge."""
