"""What the server asks of a training process: a file in the job's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..engines import Method, ModelReference


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run."""

    folder: str
    """Where its progress, state and checkpoints are kept."""
    engines: str
    method: Method
    model: ModelReference
    """What it starts from."""
    training_file: str
    validation_file: str | None
    hyperparameters: Mapping[str, Any]
    """Without those left to auto."""
    seed: int
    step_seconds: float
    """The least real time of a step."""
    evaluation_seconds: float
    """The least real time that a validation pass adds to it."""
    grader: Mapping[str, Any] | None = None
    json_schema: Mapping[str, Any] | None = None
    """The named schema that a reinforcement job's answers keep to."""


def write_plan(plan: Plan) -> Path:
    """Put the plan into its folder."""
    path = Path(plan.folder) / "plan.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    draft.replace(path)
    return path


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote."""
    body = json.loads(path.read_text(encoding="utf-8"))
    return Plan(**{**body, "model": ModelReference.from_json(body["model"])})
