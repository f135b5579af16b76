"""The graders of the service as records, one per type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

StringOperation = Literal["eq", "ne", "like", "ilike"]
SimilarityMetric = Literal[
    "fuzzy_match",
    "bleu",
    "gleu",
    "meteor",
    "cosine",
    "rouge_1",
    "rouge_2",
    "rouge_3",
    "rouge_4",
    "rouge_5",
    "rouge_l",
]


@dataclass(frozen=True, slots=True)
class StringCheck:
    """1 if the input relates to the reference as asked, else 0."""

    type: ClassVar[Literal["string_check"]] = "string_check"
    name: str
    input: str
    reference: str
    operation: StringOperation
    pass_threshold: float | None = 1.0


@dataclass(frozen=True, slots=True)
class TextSimilarity:
    """How near the input is to the reference, from 0 to 1."""

    type: ClassVar[Literal["text_similarity"]] = "text_similarity"
    name: str
    input: str
    reference: str
    evaluation_metric: SimilarityMetric
    pass_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """A number that a grader model gives."""

    type: ClassVar[Literal["score_model"]] = "score_model"
    name: str
    model: str
    input: tuple[Mapping[str, Any], ...]
    range: tuple[float, float] = (0.0, 1.0)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    pass_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class LabelModel:
    """A label that a grader model chooses; 1 if it is a passing one, else 0."""

    type: ClassVar[Literal["label_model"]] = "label_model"
    name: str
    model: str
    input: tuple[Mapping[str, Any], ...]
    labels: tuple[str, ...]
    passing_labels: tuple[str, ...]
    sampling: Mapping[str, Any] = field(default_factory=dict)
    pass_threshold: float | None = 1.0


@dataclass(frozen=True, slots=True)
class PythonGrader:
    """A number that `grade(sample, item)` returns."""

    type: ClassVar[Literal["python"]] = "python"
    name: str
    source: str
    image_tag: str | None = None
    pass_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A number that an HTTP endpoint returns."""

    type: ClassVar[Literal["endpoint"]] = "endpoint"
    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Often a secret: never shown."""
    rate_limit: int | None = None
    """Requests a second."""
    pass_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Multi:
    """A formula over the rewards of several graders."""

    type: ClassVar[Literal["multi"]] = "multi"
    name: str
    graders: Mapping[str, SingleGrader]
    calculate_output: str
    invalid_grade: float | None = None
    """What the service gives for a sample that a part could not grade."""
    pass_threshold: float | None = None


SingleGrader = StringCheck | TextSimilarity | ScoreModel | LabelModel | PythonGrader | Endpoint
Grader = SingleGrader | Multi
