"""What a kind of workflow is: a table of steps, each of which knows its inputs, its price and its next small deed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..azure.stored_completions import StoredCompletion
from ..azure.wire.requests import JobRequest
from ..benchmarks.calls import AskChat
from ..benchmarks.hashing import digest
from ..errors import UsageError
from ..models import Job
from ..store.database import Database
from ..store.workflows import Stage, Workflow


class Submit(Protocol):
    """Submits a job exactly once for each nonce, as `cupola.azure.jobs.submit` does."""

    def __call__(self, request: JobRequest, nonce: str, /) -> Awaitable[Job]: ...


async def _none(_: Sequence[str], /) -> Sequence[StoredCompletion]:
    return ()


class Beside(Protocol):
    """Work of a step that goes on beside the others'. It may be lost at any moment, and is then begun anew."""

    def rest(self) -> None:
        """Begin nothing more."""

    async def close(self) -> None:
        """Stop at once."""


def _no_chat() -> AbstractAsyncContextManager[AskChat]:
    raise UsageError("No deployment can be asked here.")


@dataclass(frozen=True, slots=True)
class World:
    """What steps need of the world; everything else goes through the store."""

    database: Database
    submit: Submit
    clock: Callable[[], float]
    stored: Callable[[Sequence[str]], Awaitable[Sequence[StoredCompletion]]] = _none
    """The completions that the service has stored of models whose names begin so."""
    chat: Callable[[], AbstractAsyncContextManager[AskChat]] = _no_chat
    """Opens a way to the deployments."""
    beside: dict[int, Beside] = field(default_factory=dict)
    """What goes on beside the steps, by workflow."""


@dataclass(frozen=True, slots=True)
class Takes:
    """What a stage will cost, in US dollars."""

    low: float
    high: float | None
    """None where a price is not known: nothing bounds it then."""
    words: str = ""
    """How the range comes about, as a sentence."""

    @property
    def free(self) -> bool:
        """Nothing will be spent."""
        return self.high == 0


FREE = Takes(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """A workflow as a step sees it."""

    workflow: Workflow
    definition: Any
    """As the kind's `parse` gave it."""
    stages: Mapping[str, Stage]

    def outputs(self, name: str) -> Mapping[str, Any]:
        """What an earlier stage gave."""
        return self.stages[name].outputs

    @property
    def left(self) -> float | None:
        """Dollars that may still be spent; None is no bound."""
        hard = self.workflow.hard
        return None if hard is None else hard - self.workflow.spent - self.workflow.reserved


def _no_inputs(_: World, __: Scene) -> Mapping[str, Any]:
    return {}


def _always(_: World, __: Stage) -> bool:
    return True


def _nothing(_: World, __: Scene, ___: Stage) -> None:
    return


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a kind's table. Every function may be called again at any time with the same effect."""

    name: str
    title: str
    go: Callable[[World, Scene, Stage], Awaitable[Stage]]
    """Do the next small thing and return the stage as it then is; DONE once `outputs` are whole.

    What must be remembered goes into `notes`, which are stored before `go` is called again.
    """
    inputs: Callable[[World, Scene], Mapping[str, Any]] = _no_inputs
    """All that decides the outputs, as JSON. Raises CupolaError if the stage cannot begin."""
    takes: Callable[[World, Scene], Takes] | None = None
    """What it will cost beyond what is known already; None for a step that never spends."""
    question: Callable[[Scene], str] | None = None
    """What it always asks before it begins; "" for nothing."""
    still_good: Callable[[World, Stage], bool] = _always
    """Whether the outputs of an earlier stage of the same inputs can be taken over."""
    rest: Callable[[World, Scene, Stage], None] = _nothing
    """Stop what is under way because of a pause or because the workflow was called off."""
    abandon: Callable[[World, Scene, Stage], None] = _nothing
    """Undo what would go on costing after the workflow was called off."""
    again_from: str = ""
    """The stage to go back to when this one has failed and is tried again; "" is itself."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A table of steps with the name that workflows carry."""

    name: str
    parse: Callable[[str], Any]
    """Reads a workflow's definition."""
    steps: tuple[Step, ...]
    _by_name: dict[str, Step] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({step.name: step for step in self.steps})

    def step(self, name: str) -> Step:
        """One step; raises KeyError for a name it does not have."""
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The stages in order."""
        return tuple(step.name for step in self.steps)


def inputs_hash(kind: str, step: str, inputs: Mapping[str, Any]) -> str:
    """The hash by which a stage of the same inputs is found again."""
    return digest([kind, step, inputs])
