"""Find the tiny models: which weights a reference means, which model serves them, which trainer trains them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

from .engine import GradeSample, Hyperparameters, Message, Model, Trainer, TrainingRow, Weights

EngineName = Literal["talker", "reasoner"]
Method = Literal["supervised", "dpo", "reinforcement"]

SHIPPED = "cupola.emulator.shipped:ENGINES"


@dataclass(frozen=True, slots=True)
class WeightsReference:
    """Which weights: a base that ships, or those a job left in a file."""

    engine: EngineName
    base: str
    """The talker's size or the reasoner's stage."""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ModelReference:
    """What answers for a model of the service: number puzzles go to the reasoner where there is one."""

    talker: WeightsReference
    reasoner: WeightsReference | None

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> ModelReference:
        """Read what `dataclasses.asdict` wrote."""
        reasoner = body["reasoner"]
        return ModelReference(WeightsReference(**body["talker"]), WeightsReference(**reasoner) if reasoner else None)


@dataclass(frozen=True, slots=True)
class Training:
    """What a trainer is made from."""

    engine: EngineName
    method: Method
    base: Weights
    train_rows: Sequence[TrainingRow]
    valid_rows: Sequence[TrainingRow] | None
    hyperparameters: Hyperparameters
    seed: int
    grade: GradeSample | None = None
    json_schema: Mapping[str, Any] | None = None
    """The named schema of a reinforcement job's response format."""


class Engines(Protocol):
    """A set of tiny models. Tests bring their own."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        """Whether the reasoner understands these messages."""
        ...

    def weights(self, reference: WeightsReference) -> Weights:
        """The weights that a reference means."""
        ...

    def model(self, reference: WeightsReference) -> Model:
        """A model serving those weights."""
        ...

    def trainer(self, training: Training) -> Trainer:
        """A trainer at its start."""
        ...


def _module(place: str) -> ModuleType:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    spec = importlib.util.spec_from_file_location(Path(place).stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"No module can be loaded from {place}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_engines(place: str) -> Engines:
    """The set of tiny models at `module:name` or `/path/to/file.py:name`. Raises ImportError or AttributeError."""
    module, _, name = place.rpartition(":")
    engines: Engines = getattr(_module(module), name)
    return engines
