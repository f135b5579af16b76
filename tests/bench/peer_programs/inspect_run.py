"""Inspect does the same, in an environment of its own: `python inspect_run.py ENDPOINT ITEMS`."""

from __future__ import annotations

import sys
import tempfile

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

AT_ONCE = 64


def run(endpoint: str, items: int, folder: str) -> None:
    """Run it to its end."""
    samples = [Sample(input=f"Question {number}?", target="yes") for number in range(items)]
    task = Task(name="peers", dataset=samples, solver=generate(), scorer=exact())
    model = get_model("openai/echo", base_url=f"{endpoint}/v1", api_key="key", responses_api=False)
    [log] = eval(
        task, model=model, display="none", log_dir=folder, max_connections=AT_ONCE, max_samples=AT_ONCE, max_tasks=1
    )
    assert log.status == "success" and log.results, log.error
    assert log.results.completed_samples == items
    assert log.results.scores[0].metrics["mean"].value == 1.0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        run(sys.argv[1], int(sys.argv[2]), name)
