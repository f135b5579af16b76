"""A grader's verdict: a reward, or what went wrong in the service's own error families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from .calls import ModelReply, ModelRequest, TokenUsage


@dataclass(frozen=True, slots=True)
class GraderErrors:
    """The flags of the service's graders/run response, under its names."""

    formula_parse_error: bool = False
    sample_parse_error: bool = False
    truncated_observation_error: bool = False
    unresponsive_reward_error: bool = False
    invalid_variable_error: bool = False
    other_error: bool = False
    python_grader_server_error: bool = False
    python_grader_server_error_type: str | None = None
    python_grader_runtime_error: bool = False
    python_grader_runtime_error_details: str | None = None
    model_grader_server_error: bool = False
    model_grader_refusal_error: bool = False
    model_grader_parse_error: bool = False
    model_grader_server_error_details: str | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """The names of the flags that are up."""
        return tuple(entry.name for entry in fields(self) if getattr(self, entry.name) is True)

    def __bool__(self) -> bool:
        """Whether any flag is up."""
        return bool(self.families)

    def __or__(self, other: GraderErrors) -> GraderErrors:
        """Return both together; the first detail of a kind is kept."""
        return GraderErrors(**{e.name: getattr(self, e.name) or getattr(other, e.name) for e in fields(self)})


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One prompt to a grader model and its reply."""

    request: ModelRequest
    reply: ModelReply


@dataclass(frozen=True, slots=True)
class GraderResult:
    """What one grader made of one sample. An error is never a score: the reward is then None."""

    name: str
    type: str
    reward: float | None
    """On the grader's own scale."""
    passed: bool | None
    """Whether the reward reaches the pass threshold; None without a threshold or without a reward."""
    errors: GraderErrors = GraderErrors()
    details: str = ""
    """What went wrong, in plain words; empty if nothing did."""
    label: str | None = None
    """The label that a label_model grader chose."""
    sub_results: Mapping[str, GraderResult] = field(default_factory=dict)
    """The results of a multi grader's parts, by key."""
    model_calls: tuple[ModelCall, ...] = ()
    """This grader's own calls; those of parts stand with the parts."""
    execution_time: float = 0.0
    """Seconds."""

    @property
    def sub_rewards(self) -> dict[str, float]:
        """The rewards of the parts that have one."""
        return {key: part.reward for key, part in self.sub_results.items() if part.reward is not None}

    @property
    def all_model_calls(self) -> tuple[ModelCall, ...]:
        """Every call to a grader model, the parts' included."""
        return self.model_calls + tuple(call for part in self.sub_results.values() for call in part.all_model_calls)

    @property
    def token_usage(self) -> dict[str, TokenUsage]:
        """Tokens by grader model, the parts' included."""
        usage: dict[str, TokenUsage] = {}
        for call in self.all_model_calls:
            usage[call.request.model] = usage.get(call.request.model, TokenUsage()) + call.reply.usage
        return usage

    @property
    def judged_locally(self) -> bool:
        """False if a python grader needs what the sandbox lacks, so that only the service can judge."""
        return self.errors.python_grader_server_error_type != CANNOT_BE_JUDGED_LOCALLY


CANNOT_BE_JUDGED_LOCALLY = "cannot_be_judged_locally"
"""The `python_grader_server_error_type` of a grader that the local sandbox cannot run."""
