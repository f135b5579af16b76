"""A benchmark's definition: items, prompt, arms, graders, margin and budget, each part with its content hash."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ..errors import UsageError
from ..graders import Grader, LabelModel, Multi, ScoreModel, StringCheck, TextSimilarity, grader_hash, parse_grader
from ..statistics.estimates import PASS_FAIL, Scale
from .hashing import canonical, digest

SAMPLING = (
    *("temperature", "top_p", "seed", "max_completion_tokens", "max_tokens", "reasoning_effort", "stop"),
    *("tool_choice", "parallel_tool_calls"),
)
"""The settings of an arm that are sent with each request, under the service's names."""
ENGINES = ("here", "evals", "batch")
"""Who asks and grades: this machine, the service's Evals, or Global Batch and this machine."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One model with its settings."""

    name: str
    deployment: str
    model: str
    """The base model or tuned model behind the deployment; prices and retirement are looked up by it."""
    tier: str = "globalStandard"
    sampling: Mapping[str, Any] = field(default_factory=dict)
    response_format: Mapping[str, Any] | None = None
    repeats: int = 1
    series: int = 0
    """Arms that differ in nothing else ask anew for each series: the second run of a noise floor is series 1."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Functions that the model may call, in the service's JSON."""

    def body(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """The request's JSON, without the deployment."""
        form = {} if self.response_format is None else {"response_format": dict(self.response_format)}
        tools = {"tools": [dict(tool) for tool in self.tools]} if self.tools else {}
        return {"messages": messages, **self.sampling, **form, **tools}


@dataclass(frozen=True)
class GraderUse:
    """One grader of a benchmark."""

    definition: Mapping[str, Any]
    """The service's JSON."""
    declared_range: tuple[float, float] | None = None
    """What its rewards can be, where the definition does not say."""

    @cached_property
    def grader(self) -> Grader:
        """The grader, parsed."""
        return parse_grader(self.definition)

    @cached_property
    def hash(self) -> str:
        """Of the whole definition, the threshold included."""
        return grader_hash(self.definition)[:32]

    @property
    def name(self) -> str:
        """The grader's name."""
        return self.grader.name

    @property
    def threshold(self) -> float | None:
        """The reward from which on an answer passes."""
        return self.grader.pass_threshold

    @property
    def scale(self) -> Scale:
        """What its rewards can be, as far as it is known."""
        if self.declared_range is not None:
            return Scale(*self.declared_range)
        if isinstance(self.grader, ScoreModel):
            return Scale(*self.grader.range)
        if isinstance(self.grader, StringCheck | LabelModel):
            return PASS_FAIL
        if isinstance(self.grader, TextSimilarity):
            return Scale(0.0, 1.0)
        return Scale()

    @property
    def judges(self) -> tuple[str, ...]:
        """The deployments that it asks."""
        parts = self.grader.graders.values() if isinstance(self.grader, Multi) else (self.grader,)
        return tuple(dict.fromkeys(part.model for part in parts if isinstance(part, ScoreModel | LabelModel)))


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Everything that decides what is asked and how it is judged."""

    name: str
    prompt: tuple[Mapping[str, Any], ...]
    """Chat messages with `{{item.field}}`; empty if the items bring their own."""
    messages_field: str
    """The item's field that holds its messages, where there is no prompt."""
    arms: tuple[Arm, ...]
    graders: tuple[GraderUse, ...]
    split: str
    """The hash of the items."""
    dataset: str = ""
    """Where the items came from, in words."""
    margin: float = 0.05
    """What does not matter, as a share of a score's range; declared before the run."""
    budget: float | None = None
    """Dollars a run may spend."""
    baseline: str | None = None
    """The arm that the others are held against in a gate; None is the best."""
    seed: int = 0
    """Of the order in which items are asked."""
    engine: str = "here"

    @property
    def prompt_hash(self) -> str:
        """Of the prompt template."""
        return digest([list(self.prompt), self.messages_field])

    @property
    def graders_hash(self) -> str:
        """Of all graders and their thresholds, in any order."""
        return digest(sorted(use.hash for use in self.graders))

    @property
    def digest(self) -> str:
        """Of what is asked and how it is judged; the budget, the margin and the order are no part of it."""
        arms = [_arm_fields(arm) for arm in self.arms]
        return digest([self.split, self.prompt_hash, self.graders_hash, arms])

    def arm_index(self, name: str) -> int:
        """The place of an arm.

        Raises:
            UsageError: there is none of that name.
        """
        for index, arm in enumerate(self.arms):
            if arm.name == name:
                return index
        known = ", ".join(arm.name for arm in self.arms)
        raise UsageError(f"{self.name} has no arm {name!r}.", remedy=f"It has {known}.")


def to_json(benchmark: Benchmark) -> str:
    """The canonical JSON of a definition, as the store keeps it."""
    fields = {name: getattr(benchmark, name) for name in Benchmark.__slots__}
    fields["arms"] = [_arm_fields(arm) for arm in benchmark.arms]
    fields["graders"] = [{"definition": dict(use.definition), "range": use.declared_range} for use in benchmark.graders]
    return canonical(fields)


def from_json(text: str) -> Benchmark:
    """Read what `to_json` wrote."""
    fields = json.loads(text)
    fields["prompt"] = tuple(fields["prompt"])
    fields["arms"] = tuple(Arm(**{**arm, "tools": tuple(arm.get("tools", ()))}) for arm in fields["arms"])
    fields["graders"] = tuple(_use(entry) for entry in fields["graders"])
    return Benchmark(**fields)


def checked(benchmark: Benchmark) -> Benchmark:
    """The same definition, if it can be run.

    Raises:
        UsageError: it has no arm, two of one name, a prompt that holds nothing, or numbers out of range.
    """
    name = benchmark.name
    if not name or len(name) > 80 or not name.isprintable():
        raise UsageError("A benchmark needs a name of up to 80 plain letters.", remedy="Set `name`.")
    if not benchmark.arms:
        raise UsageError(f"{name} has no arm.", remedy="Add at least one [[arms]] with a deployment.")
    if not benchmark.graders:
        raise UsageError(f"{name} has no grader.", remedy="Add at least one [[graders]].")
    _refuse_twins(name, "arm", [arm.name for arm in benchmark.arms])
    _refuse_twins(name, "grader", [use.name for use in benchmark.graders])
    for arm in benchmark.arms:
        if not 1 <= arm.repeats <= 1_000:
            raise UsageError(f"Arm {arm.name!r} cannot be repeated {arm.repeats} times.", remedy="Take 1 to 1,000.")
        _check_tools(arm)
    if not 0 < benchmark.margin < 1:
        raise UsageError(
            f"The margin of {name} is {benchmark.margin:g}.", "It is a share of the score's range.", "Take 0.05, say."
        )
    if benchmark.budget is not None and not (math.isfinite(benchmark.budget) and benchmark.budget > 0):
        raise UsageError(f"The budget of {name} must be above $0.", remedy="Leave it out for no bound.")
    if benchmark.engine not in ENGINES:
        raise UsageError(f"{name} names an engine {benchmark.engine!r}.", remedy=f"Take one of {', '.join(ENGINES)}.")
    if benchmark.baseline is not None:
        benchmark.arm_index(benchmark.baseline)
    return benchmark


def with_threshold(use: GraderUse, threshold: float) -> GraderUse:
    """The same grader with another pass threshold; its hash is another then."""
    return replace(use, definition={**use.definition, "pass_threshold": threshold})


def _arm_fields(arm: Arm) -> dict[str, Any]:
    """An arm as JSON; tools are left out where there are none, as in definitions from before there could be any."""
    fields = asdict(arm)
    if not arm.tools:
        del fields["tools"]
    return fields


def _check_tools(arm: Arm) -> None:
    for tool in arm.tools:
        function = tool.get("function") if isinstance(tool, Mapping) and tool.get("type") == "function" else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise UsageError(
                f"Arm {arm.name!r} has a tool that is no function with a name.",
                remedy='Write {"type": "function", "function": {"name": "...", "parameters": {...}}}.',
            )
    if not arm.tools and ("tool_choice" in arm.sampling or "parallel_tool_calls" in arm.sampling):
        raise UsageError(f"Arm {arm.name!r} says how to call tools, and has none.", remedy="Add `tools`.")


def _use(entry: Mapping[str, Any]) -> GraderUse:
    declared = entry["range"]
    return GraderUse(entry["definition"], None if declared is None else (float(declared[0]), float(declared[1])))


def _refuse_twins(benchmark: str, what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{benchmark} has two {what}s named {name!r}.", remedy="Give each its own name.")
