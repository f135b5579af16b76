"""Label-model graders: the prompt they ask and the label they read."""

from __future__ import annotations

from .calls import ModelRequest
from .model_reply import read_label
from .records import LabelModel
from .score_model import steps_and_result
from .template import Scope, render_json


def label_request(grader: LabelModel, scope: Scope) -> ModelRequest:
    """Return the rendered prompt, asking for steps and then one of the labels as `result`."""
    return ModelRequest(
        model=grader.model,
        messages=tuple(render_json(message, scope) for message in grader.input),
        sampling=grader.sampling,
        response_format=steps_and_result("label", {"type": "string", "enum": list(grader.labels)}),
    )


def label_of(grader: LabelModel, reply: str) -> tuple[str, float]:
    """Return the label in a reply, and 1.0 if it is a passing one, else 0.0."""
    label = read_label(reply, grader.labels)
    return label, float(label in grader.passing_labels)
