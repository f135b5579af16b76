"""Which metrics belong on which chart, how far a job has come, and smoothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..models import Checkpoint, Event, Job

Split = Literal["train", "valid"]

ROWS_KEY = "cupola_rows"
"""Metadata key under which Cupola tells how many training rows a job that it submits has."""


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """One line of a chart."""

    metric: str
    label: str
    split: Split
    sparse: bool = False
    """Measured at a few steps only: worth a mark at every point."""
    line: bool = True
    """Whether the points are joined; a few marks say more without a line across other series."""


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """One chart: series that share an axis."""

    title: str
    series: tuple[SeriesSpec, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many optimizer steps are done, and of how many if that is known."""

    step: int
    total: int | None

    @property
    def share(self) -> float | None:
        """From 0 to 1, or None while the total is unknown."""
        return min(1.0, self.step / self.total) if self.total else None


_LOSS = ChartSpec(
    "loss",
    (
        SeriesSpec("train_loss", "train", "train"),
        SeriesSpec("valid_loss", "valid", "valid"),
        SeriesSpec("full_valid_loss", "valid, all rows", "valid", sparse=True, line=False),
    ),
)
_ACCURACY = ChartSpec(
    "token accuracy",
    (
        SeriesSpec("train_mean_token_accuracy", "train", "train"),
        SeriesSpec("valid_mean_token_accuracy", "valid", "valid"),
        SeriesSpec("full_valid_mean_token_accuracy", "valid, all rows", "valid", sparse=True, line=False),
    ),
)
_PREFERENCE = (
    ChartSpec(
        "reward margin, chosen over rejected",
        (
            SeriesSpec("train_reward_margin", "train", "train"),
            SeriesSpec("valid_reward_margin", "valid", "valid", sparse=True),
        ),
    ),
    ChartSpec(
        "share of pairs ranked right",
        (
            SeriesSpec("train_reward_accuracy", "train", "train"),
            SeriesSpec("valid_reward_accuracy", "valid", "valid", sparse=True),
        ),
    ),
)
_REWARD = ChartSpec(
    "mean reward",
    (
        SeriesSpec("train_mean_reward", "train", "train"),
        SeriesSpec("full_valid_mean_reward", "valid", "valid", sparse=True),
    ),
)
_TOKENS = ChartSpec(
    "tokens an answer",
    (
        SeriesSpec("reasoning_tokens_mean", "reasoning", "train"),
        SeriesSpec("valid_reasoning_tokens_mean", "reasoning, valid", "valid", sparse=True),
        SeriesSpec("completion_tokens_mean", "completion", "train"),
    ),
)
_UNRESPONSIVE = ChartSpec("share without a reward", (SeriesSpec("mean_unresponsive_rewards", "train", "train"),))

_BY_METHOD: dict[str, tuple[ChartSpec, ...]] = {
    "supervised": (_LOSS, _ACCURACY),
    "dpo": (_LOSS, *_PREFERENCE, _ACCURACY),
    "reinforcement": (_REWARD, _TOKENS, _UNRESPONSIVE),
}


def charts(method: str, metrics: Iterable[str]) -> list[ChartSpec]:
    """The charts to draw for a job, most telling first; only series that have points stand in them.

    Grader errors and sub-graders get charts of their own. A metric nobody has told us about is drawn alone.
    """
    present = set(metrics)
    found = [_keep(spec, present) for spec in _BY_METHOD.get(method, (_LOSS, _ACCURACY, _REWARD))]
    found += _grader_charts(present)
    drawn = {series.metric for spec in found for series in spec.series}
    found += [ChartSpec(name, (SeriesSpec(name, name, _split_of(name)),)) for name in sorted(present - drawn)]
    return [spec for spec in found if spec.series]


def _keep(spec: ChartSpec, present: set[str]) -> ChartSpec:
    return ChartSpec(spec.title, tuple(series for series in spec.series if series.metric in present))


def _grader_charts(present: set[str]) -> list[ChartSpec]:
    errors = sorted(name for name in present if name.startswith("errors/") and not name.endswith("_count"))
    rewards = sorted(name for name in present if name.startswith("graders/"))
    return [
        ChartSpec("reward by grader", tuple(_of_grader(name) for name in rewards)),
        ChartSpec("grader errors, share of answers", tuple(_of_grader(name) for name in errors)),
    ]


def _of_grader(metric: str) -> SeriesSpec:
    _, _, rest = metric.partition("/")
    label = rest.replace("_mean", "").replace("train_", "").replace("_", " ")
    return SeriesSpec(metric, label, _split_of(metric.rpartition("/")[2]))


def _split_of(name: str) -> Split:
    return "valid" if "valid" in name else "train"


def progress(
    job: Job, events: Sequence[Event], last_step: int | None, checkpoints: Sequence[Checkpoint] = ()
) -> Progress | None:
    """How far a job has come, or None before its first step.

    The service names the total only for reinforcement jobs. For the others it follows from the number of rows, where
    Cupola submitted the job, or from the first epoch's checkpoint, where the number of epochs was set.
    """
    if last_step is None:
        return None
    total = _total_from_events(events) or _total_from_rows(job) or _total_from_checkpoints(job, checkpoints)
    return Progress(last_step, max(total, last_step) if total else None)


_STEP_OF = re.compile(r"^Step \d+/(\d+)\b")


def _total_from_events(events: Sequence[Event]) -> int | None:
    for event in reversed(events):
        match = _STEP_OF.match(event.message)
        if match:
            return int(match[1])
    return None


def _total_from_rows(job: Job) -> int | None:
    rows = _metadata(job).get(ROWS_KEY)
    batch, epochs = _number(job, "batch_size"), _number(job, "n_epochs")
    if not (isinstance(rows, str) and rows.isdecimal() and batch and epochs):
        return None
    return math.ceil(int(rows) / batch) * int(epochs)


def _total_from_checkpoints(job: Job, checkpoints: Sequence[Checkpoint]) -> int | None:
    epochs = _number(job, "n_epochs")
    if job.method == "reinforcement" or not checkpoints or not epochs:
        return None
    return min(checkpoint.step for checkpoint in checkpoints) * int(epochs)


def _metadata(job: Job) -> dict[str, Any]:
    told = json.loads(job.raw)
    metadata = told.get("metadata") if isinstance(told, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _number(job: Job, name: str) -> float | None:
    value = job.hyperparameters.get(name)
    return float(value) if isinstance(value, int | float) and value > 0 else None


def smooth(values: npt.NDArray[np.float64], weight: float) -> npt.NDArray[np.float64]:
    """Exponential smoothing with bias correction; weight 0 leaves the values as they are, towards 1 flattens them.

    Args:
        values: shape (n,); NaN counts as not measured and stays NaN.
        weight: in [0, 1).

    Source: the debiased moving average of Kingma and Ba 2015, algorithm 1.
    """
    if weight <= 0 or not len(values):
        return values
    smoothed = np.empty_like(values)
    average, mass = 0.0, 0.0
    for index, value in enumerate(values.tolist()):
        if math.isfinite(value):
            average = weight * average + (1 - weight) * value
            mass = weight * mass + (1 - weight)
        smoothed[index] = average / mass if mass and math.isfinite(value) else math.nan
    return smoothed
