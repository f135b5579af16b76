"""What a grader asks of the outside world, and the answers it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens that grader models were paid for."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    """All tokens of the replies, reasoning included."""
    reasoning_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        """Return both together."""
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A rendered prompt for a grader model."""

    model: str
    """A model's or, in evaluations, a deployment's name."""
    messages: tuple[Mapping[str, Any], ...]
    """Chat messages in the service's JSON."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """`seed`, `temperature`, `top_p`, `max_completion_tokens`, `reasoning_effort`, where given."""
    response_format: Mapping[str, Any] | None = None
    """The structured output that is asked for."""


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a grader model said, or why it said nothing."""

    text: str = ""
    model: str | None = None
    """The model that answered, as the service names it."""
    refusal: str | None = None
    error: str | None = None
    """Why there is no answer: the call failed for this reason."""
    usage: TokenUsage = TokenUsage()


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """A POST to a grading endpoint."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    """`{"sample", "item", "trace_id"}`."""


@dataclass(frozen=True, slots=True)
class EndpointReply:
    """A grading endpoint's answer: the decoded JSON body, or why there is none."""

    body: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PythonCall:
    """One run of a python grader's `grade(sample, item)`."""

    source: str
    sample: Mapping[str, Any]
    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PythonOutcome:
    """What a sandboxed run came to."""

    value: float | None
    """The grade, finite; None if there is none."""
    failure: Literal["runtime", "limit", "sandbox", "unsupported"] | None = None
    """`runtime`: the grader raised or gave no number. `limit`: time or memory ran out. `sandbox`: the
    sandbox itself failed. `unsupported`: the grader needs what the sandbox lacks and cannot be judged locally."""
    details: str = ""
    """In plain words, cleaned of control characters."""


Call = ModelRequest | EndpointRequest | PythonCall
Reply = ModelReply | EndpointReply | PythonOutcome
AskModel = Callable[[ModelRequest], ModelReply]
Post = Callable[[EndpointRequest], EndpointReply]
