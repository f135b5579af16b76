"""The table of the steps of showing stored answers to a grader."""

from __future__ import annotations

from ..kinds import Kind, Step
from . import carrying, verdict
from .definition import NAME, parse

REGRADE = Kind(
    name=NAME,
    parse=parse,
    steps=(
        Step(
            name="regrade",
            title="Regrade",
            inputs=carrying.inputs,
            takes=carrying.takes,
            go=carrying.go,
            rest=carrying.rest,
        ),
        Step(name="verdict", title="Verdict", inputs=verdict.inputs, go=verdict.go),
    ),
)
"""Show, and hold against the job's own."""
