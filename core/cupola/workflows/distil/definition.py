"""What a person wants distilled: the test, the training prompts, the roles and every setting that decides the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ...benchmarks.definition import Arm, Benchmark, from_json
from ...benchmarks.hashing import canonical, digest
from ...benchmarks.outcomes import View, views_of
from ...datasets.twins import NEAR
from ...errors import UsageError

FUSE_SECONDS = 4 * 3_600.0
MOST_SAMPLES = 20
MOST_TIMED = 1_000
FEWEST_ROWS = 10
"""Training rows below which the service refuses a file."""


@dataclass(frozen=True)
class Distillation:
    """Everything that decides what is asked, trained and compared."""

    name: str
    benchmark: str
    """The test as `cupola.benchmarks.definition.to_json` writes it; its arms are the candidates for all roles."""
    prompts: str
    """The hash of the training prompts, a split in the store whose rows have the fields that graders read."""
    teacher: str = ""
    """An arm's name; "" is what was decided last, else what the leaderboard proposes. As for the two below."""
    student: str = ""
    control: str = ""
    samples: int = 1
    """Answers of the teacher to each training prompt."""
    from_stored: bool = False
    """Take completions that the service has stored of the teacher before asking it."""
    by: str = ""
    """The view (a grader's name, or `all graders`) that filters and judges; "" is the benchmark's first."""
    threshold: float | None = None
    """The score from which on an answer is kept; None: it must pass, by the graders' own thresholds."""
    near: float = NEAR
    """Similarity from which on two prompts are twins."""
    validation_share: float = 0.15
    """Of the prompts, held out from training for the validation loss."""
    student_prompt: tuple[Mapping[str, Any], ...] | None = None
    """What the student is trained and tested with instead of the benchmark's prompt; None is the same prompt."""
    hyperparameters: Mapping[str, float | str] = field(default_factory=dict)
    """Of training, under the service's names."""
    seed: int = 7
    training_tier: str = "developerTier"
    sku: str = "DeveloperTier"
    """How the student is deployed to be tested."""
    capacity: int | None = None
    """In thousands of tokens a minute; None: enough for the benchmark."""
    fuse_seconds: float | None = FUSE_SECONDS
    """The deployment removes itself so long after it was wanted; None is never."""
    latency_items: int = 20
    """Of the test, asked once more of every arm, one call at a time, to time it; 0 is no such sample."""
    series: int = 0
    """Under which the teacher and the control are asked again; branches share it."""

    @cached_property
    def test(self) -> Benchmark:
        """The benchmark, parsed; asked and graded here, whoever did so before."""
        return replace(from_json(self.benchmark), engine="here")

    @property
    def view(self) -> View:
        """How answers are judged."""
        views = views_of(self.test)
        return next((view for view in views if view.name == self.by), views[0])

    @property
    def learning(self) -> Benchmark:
        """The benchmark under the student's own prompt."""
        if self.student_prompt is None:
            return self.test
        return replace(self.test, prompt=self.student_prompt, messages_field="")

    def arm(self, name: str) -> Arm:
        """An arm of the test; raises UsageError for a name it does not have."""
        return self.test.arms[self.test.arm_index(name)]

    def teaching(self, teacher: str) -> Benchmark:
        """The teacher's answers to the training prompts, as a benchmark of its own."""
        arm = replace(self.arm(teacher), repeats=self.samples, series=0)
        return replace(
            self.test,
            name=f"{self.test.name[:50]}: training prompts",
            arms=(arm,),
            split=self.prompts,
            dataset=f"training prompts of {self.name}",
            baseline=None,
            budget=None,
        )


def to_json(definition: Distillation) -> str:
    """The canonical JSON of a definition, as the store keeps it."""
    return canonical(asdict(definition))


def parse(text: str) -> Distillation:
    """Read what `to_json` wrote."""
    fields = json.loads(text)
    prompt = fields["student_prompt"]
    return Distillation(**{**fields, "student_prompt": None if prompt is None else tuple(prompt)})


def checked(definition: Distillation) -> Distillation:
    """The same definition, if it can be carried out.

    Raises:
        UsageError: a role names no arm or two roles the same, or a number is out of range.
    """
    if not definition.name or len(definition.name) > 80 or not definition.name.isprintable():
        raise UsageError("A distillation needs a name of up to 80 plain letters.", remedy="Set `name`.")
    roles = [name for name in (definition.teacher, definition.student, definition.control) if name]
    for name in roles:
        definition.test.arm_index(name)
    if len(set(roles)) < len(roles):
        raise UsageError("One arm cannot have two roles.", remedy="Name different arms as teacher, student, control.")
    known = [view.name for view in views_of(definition.test)]
    if definition.by and definition.by not in known:
        raise UsageError(f"There is no grader {definition.by!r} to judge by.", remedy=f"Known: {', '.join(known)}.")
    if not 1 <= definition.samples <= MOST_SAMPLES:
        raise UsageError(f"{definition.samples} samples a prompt?", remedy=f"Take 1 to {MOST_SAMPLES}.")
    timed = definition.latency_items
    if not isinstance(timed, int) or not 0 <= timed <= MOST_TIMED:
        raise UsageError(f"{timed} items to time?", remedy=f"Set `latency_items` to 1 to {MOST_TIMED}, or 0 for none.")
    if not 0.0 <= definition.validation_share < 0.5:
        raise UsageError("The validation share must lie from 0 to below 0.5.")
    if not 0.3 <= definition.near <= 1.0:
        raise UsageError("The similarity of twins must lie from 0.3 to 1.")
    if definition.prompts == definition.test.split:
        raise UsageError(
            "The training prompts are the test items.",
            "What is trained on proves nothing when it is tested on.",
            "Give prompts of their own.",
        )
    return definition


def deployment_name(definition: Distillation, model: str) -> str:
    """The name under which a tuned model is deployed: the same model, the same name. At most 64 plain characters."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in definition.test.name.lower())
    return f"{plain.strip('-')[:40] or 'student'}-{digest([model, definition.sku])[:8]}"
