"""The nouns of Cupola as frozen records; times are unix seconds, raw is the service's own JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where a job stands, whatever dialect the service speaks. The service's own word stays in `Job.status`."""

    QUEUED = "queued"
    VALIDATING = "validating"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to the job."""
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)

    @property
    def moving(self) -> bool:
        """The job changes by itself; worth polling often."""
        return not self.ended and self is not Phase.PAUSED


_PHASES = {
    "created": Phase.QUEUED,
    "pending": Phase.QUEUED,
    "queued": Phase.QUEUED,
    "notrunning": Phase.QUEUED,
    "validating_files": Phase.VALIDATING,
    "running": Phase.RUNNING,
    "pausing": Phase.PAUSING,
    "paused": Phase.PAUSED,
    "resuming": Phase.RESUMING,
    "succeeded": Phase.SUCCEEDED,
    "failed": Phase.FAILED,
    "cancelled": Phase.CANCELLED,
    "canceled": Phase.CANCELLED,
}


def phase_of(status: str) -> Phase:
    """Read the service's status word; a word not known yet is UNKNOWN, never an error."""
    return _PHASES.get(status.lower(), Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong, in words for a person."""

    what: str
    why: str = ""
    remedy: str = ""
    raw: str = ""
    """The service's answer as it came, if there was one."""


@dataclass(frozen=True, slots=True)
class Job:
    """A fine-tuning job as the service last told it."""

    id: str
    model: str
    method: str
    """supervised, dpo, reinforcement, or whatever the service calls it."""
    status: str
    """The service's own word."""
    created_at: int
    finished_at: int | None = None
    estimated_finish: int | None = None
    """The service's estimate; recorded ones were off by hours."""
    suffix: str | None = None
    training_type: str | None = None
    seed: int | None = None
    hyperparameters: Mapping[str, float | str | None] = field(default_factory=dict)
    """In the service's names; None means auto."""
    training_file: str | None = None
    validation_file: str | None = None
    result_files: tuple[str, ...] = ()
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    eval_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    raw: str = "{}"
    as_of: float = 0.0
    """When the service first told this state; `Health.checked_at` says when it last answered at all."""

    @property
    def phase(self) -> Phase:
        """Where the job stands."""
        return phase_of(self.status)

    @property
    def name(self) -> str:
        """What a person calls the job: its suffix, else its id."""
        return self.suffix or self.id


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's log."""

    id: str
    job_id: str
    created_at: int
    level: str
    message: str
    type: str = "message"
    data: str | None = None
    """JSON text of the event's measurements, if it carried any."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement of a job at one step."""

    metric: str
    """The service's column name, such as `train_loss`."""
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved state of a job's model."""

    id: str
    job_id: str
    created_at: int
    step: int
    model: str
    """The name to deploy it under, `fine_tuned_model_checkpoint`."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    raw: str = "{}"


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """A file held by the service."""

    id: str
    filename: str
    purpose: str
    status: str
    bytes: int | None
    created_at: int
    raw: str = "{}"
    as_of: float = 0.0


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """A model that the service offers, base or fine-tuned."""

    id: str
    created_at: int
    base_model: str | None = None
    """For a fine-tuned model, what it was tuned from."""
    can_fine_tune: bool | None = None
    lifecycle: str | None = None
    fine_tune_until: int | None = None
    inference_until: int | None = None
    raw: str = "{}"


class IntentState(StrEnum):
    """How far a wish has come."""

    WANTED = "wanted"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Intent:
    """A person's wish, written by a face and obeyed by the worker."""

    id: int
    kind: str
    """job.pause, job.resume, job.cancel, refresh, ..."""
    target: str
    state: IntentState
    created_at: float
    updated_at: float
    arguments: Mapping[str, object] = field(default_factory=dict)
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How the worker's talk with the service goes."""

    checked_at: float | None = None
    """When the service last answered."""
    problem: Problem | None = None
    """Why it does not, if it does not."""
    since: float | None = None
    """Since when the problem stands."""
    next_try: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call as it was sent, secrets removed."""

    id: int
    at: float
    method: str
    path: str
    """Path and query, without the host."""
    status: int | None
    """None when no answer came."""
    milliseconds: float
    body: str | None = None
    cli: str | None = None
    """The equal Cupola command, where there is one."""
    request_id: str | None = None


class UploadState(StrEnum):
    """How far a file has come on its way to the service."""

    WAITING = "waiting"
    SENDING = "sending"
    PROCESSING = "processing"
    """The service has all of it and looks through it."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """Something is still to be done."""
        return self in (UploadState.WAITING, UploadState.SENDING, UploadState.PROCESSING)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to the service; enough of it is stored to go on after any interruption."""

    id: int
    path: str
    name: str
    """Under which the service is to know it."""
    sha256: str
    """Of the content that was agreed to; a file that has changed since is not sent."""
    bytes: int
    purpose: str
    state: UploadState
    created_at: float
    updated_at: float
    sent: int = 0
    """Bytes that the service has taken."""
    started_at: float | None = None
    """When the first byte was sent; what the service holds since then under this name may be this file."""
    upload_id: str | None = None
    """The service's id while it is sent in parts."""
    part_bytes: int = 0
    parts: tuple[str, ...] = ()
    """The service's ids of the parts it has, in order."""
    file_id: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A dataset on disk as it was last looked at."""

    path: str
    size: int
    changed_ns: int
    """The file's time of change, in nanoseconds."""
    sha256: str = ""
    """Empty until it was read."""
    format: str = ""
    """Empty until it was looked at, or when it is none."""
    rows: int | None = None
    """None until it was checked."""
    errors: int | None = None
    """Kinds of problems that block it; None until it was checked."""
    warnings: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation under which a reinforcement job's validation passes are found."""

    job_id: str
    id: str
    name: str
    created_at: int
    link: str
    """How it was found to be the job's: `field`, `name` or `time`."""
    raw: str = "{}"


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """One pass over the items; of a reinforcement job the pass at one step."""

    id: str
    eval_id: str
    name: str
    step: int | None
    """From its name; None where that tells no step."""
    status: str
    """The service's own word."""
    created_at: int
    total: int
    """Items, as the service counts them; 0 until it has ended."""
    raw: str = "{}"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to the run."""
        return self.status in ("completed", "failed", "canceled", "cancelled")


class EvaluationItem(NamedTuple):
    """What became of one item in one run; a tuple, since they are read by the hundred thousand."""

    id: str
    run_id: str
    place: int
    """The item's number in the data source."""
    row: str
    """A hash of the item's content, without what differs from run to run; joins it across runs."""
    prompt: str
    """A hash of what the model is asked; items that share it form one cluster."""
    outcome: str
    """pass, fail, refused, filtered, truncated or error."""
    score: float | None
    """The first grader's, on its own scale; None where there is none."""
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    raw: str = "{}"


@dataclass(frozen=True, slots=True)
class GraderScore:
    """What one grader made of one answer of an evaluation."""

    name: str
    score: float | None
    passed: bool | None
    problem: str = ""
    """What kept it from a score, in the service's words."""
    reasons: tuple[str, ...] = ()
    """What a grader model wrote."""


@dataclass(frozen=True, slots=True)
class EvaluationAnswer:
    """What was asked, answered and said of the answer in one output item. All of it is hostile text."""

    messages: tuple[tuple[str, str], ...]
    """Role and text of what was asked."""
    fields: tuple[tuple[str, str], ...]
    """The rest of the row that graders may read."""
    text: str
    tools: str
    """The tool calls, one a line; "" for none."""
    finish_reason: str
    problem: str
    """Why there is no answer, in the service's words; "" where there is one."""
    grades: tuple[GraderScore, ...]
