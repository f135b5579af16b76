"""A job's `results.csv`, made from its steps whenever it is read, so that it grows while the job runs."""

from __future__ import annotations

import base64
import csv
import io

from .resource import Resource
from .state import jobs, progress

_SUPERVISED = (
    "train_loss",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)

COLUMNS = {
    "supervised": _SUPERVISED,
    "dpo": _SUPERVISED,
    "reinforcement": (
        "train_mean_reward",
        "full_valid_mean_reward",
        "completion_tokens_mean",
        "reasoning_tokens_mean",
        "mean_unresponsive_rewards",
    ),
}
"""The columns that every file of a method has; what else was measured follows them."""


def results_csv(method: str, steps: list[tuple[int, dict[str, float]]]) -> str:
    """The table of a job, one row a step; a cell is empty where nothing was measured."""
    columns = dict.fromkeys(COLUMNS[method])
    for _step, metrics in steps:
        columns.update(dict.fromkeys(metrics))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *columns])
    writer.writerows([step, *(metrics.get(name, "") for name in columns)] for step, metrics in steps)
    return text.getvalue()


def results_content(resource: Resource, job_id: str) -> bytes:
    """What `/content` answers: plain CSV in the azure dialect, base64 of it in the other. Empty for a deleted job."""
    job = jobs.find(resource.database, job_id)
    if job is None:
        return b""
    content = results_csv(job.method, progress.steps(resource.database, job_id)).encode()
    return content if resource.dialect == "azure" else base64.b64encode(content)
