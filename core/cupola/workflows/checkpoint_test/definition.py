"""Which checkpoints are tested on what, how they are deployed, and against which model they are held."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ...benchmarks.definition import Arm, Benchmark, from_json
from ...benchmarks.hashing import canonical, digest
from ...deployments.candidates import deployment_name
from ...errors import UsageError
from ...store.deployments import DEFAULT_FUSE_SECONDS, Wanted
from ..distil import prices
from ..distil.definition import Distillation

NAME = "checkpoint-test"
MOST_CHECKPOINTS = 20
_MOST_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Chosen:
    """One checkpoint."""

    step: int
    model: str
    """The name to deploy it under."""

    @property
    def arm(self) -> str:
        """Its name in the benchmark."""
        return f"step {self.step}"


@dataclass(frozen=True)
class CheckpointTest:
    """Everything that decides what is deployed, asked and compared."""

    name: str
    """Of the job, as people call it."""
    job: str
    """The job's id."""
    checkpoints: tuple[Chosen, ...]
    benchmark: str
    """Items, prompt and graders as `cupola.benchmarks.definition.to_json` writes them; of its arms only `base` counts.

    Its items are a split in the store.
    """
    asked_like: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Arm` that every checkpoint shares: sampling, response format, tools, repeats."""
    base: str = ""
    """The arm that stands for the base model; "" is none: the steps are held against the highest of them."""
    sku: str = "DeveloperTier"
    capacity: int = 50
    """Of each deployment, in thousands of tokens a minute."""
    fuse_seconds: float | None = DEFAULT_FUSE_SECONDS
    """Each deployment removes itself so long after it was wanted; None is never."""
    remove_at_once: bool = False
    """Remove the deployments after the test without asking."""

    @cached_property
    def test(self) -> Benchmark:
        """The benchmark as it was given, parsed."""
        return from_json(self.benchmark)

    @cached_property
    def whole(self) -> Benchmark:
        """What is run: the base and every checkpoint on the same items, asked and graded here."""
        tested = tuple(self._arm(one) for one in self.checkpoints)
        base = tuple(arm for arm in self.test.arms if arm.name == self.base)
        return replace(
            self.test,
            name=_short(f"{self.test.name[:40]}: steps of {self.name}"),
            arms=(*base, *tested),
            baseline=self.base or None,
            budget=None,
            engine="here",
        )

    def deployment(self, checkpoint: Chosen) -> str:
        """The name under which a checkpoint is deployed: the same model and tier, the same name."""
        plain = deployment_name(f"{self.name[:30]}-step{checkpoint.step}")
        return f"{plain[:50]}-{digest([checkpoint.model, self.sku])[:8]}"

    def wanted(self, checkpoint: Chosen) -> Wanted:
        """A checkpoint's deployment as it is wished for."""
        return Wanted(self.deployment(checkpoint), checkpoint.model, self.sku, self.capacity, self.fuse_seconds)

    def as_distillation(self) -> Distillation:
        """The settings of hosting, as the stage of a distillation reads them."""
        return Distillation(
            name=self.name,
            benchmark=self.benchmark,
            prompts="",
            sku=self.sku,
            capacity=self.capacity,
            fuse_seconds=self.fuse_seconds,
        )

    def _arm(self, checkpoint: Chosen) -> Arm:
        return Arm(
            name=checkpoint.arm,
            deployment=self.deployment(checkpoint),
            model=checkpoint.model,
            tier=prices.token_tier(self.sku),
            **{**self.asked_like, "tools": tuple(self.asked_like.get("tools", ()))},
        )


def to_json_text(definition: CheckpointTest) -> str:
    """The canonical JSON of a definition, as the store keeps it."""
    return canonical(asdict(definition))


def parse(text: str) -> CheckpointTest:
    """Read what `to_json_text` wrote."""
    fields = json.loads(text)
    return CheckpointTest(**{**fields, "checkpoints": tuple(Chosen(**one) for one in fields["checkpoints"])})


def checked(definition: CheckpointTest) -> CheckpointTest:
    """The same definition, if it can be carried out.

    Raises:
        UsageError: there is no checkpoint, one twice or too many, no grader, no such base, or a number out of range.
    """
    steps = [one.step for one in definition.checkpoints]
    if not steps:
        raise UsageError("Which checkpoints?", remedy="Name at least one step.")
    if len(set(steps)) < len(steps):
        raise UsageError("A step is named twice.", remedy="Name each once.")
    if len(steps) > MOST_CHECKPOINTS:
        raise UsageError(f"{len(steps)} checkpoints at once?", remedy=f"Take at most {MOST_CHECKPOINTS}.")
    if not definition.test.graders:
        raise UsageError(f"{definition.test.name} has no grader.", remedy="Name a benchmark that has one.")
    if definition.base:
        definition.test.arm_index(definition.base)
    if definition.base in [one.arm for one in definition.checkpoints]:
        raise UsageError(f"{definition.base!r} is the name of a step already.", remedy="Give the base another name.")
    if not 1 <= definition.capacity <= 10**9:
        raise UsageError("The capacity must be a whole number of at least 1.")
    if definition.fuse_seconds is not None and definition.fuse_seconds <= 0:
        raise UsageError("The fuse must be longer than nothing.", remedy="Take 4 hours, say.")
    return definition


def _short(name: str) -> str:
    """A benchmark's name: printable, and no longer than one may be."""
    return "".join(sign if sign.isprintable() else " " for sign in name)[:_MOST_LETTERS]
