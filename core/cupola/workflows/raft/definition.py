"""What a person wants learnt from documents: the chunks, who asks and answers, the mix, and how it is tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ...benchmarks.definition import Arm, Benchmark, GraderUse, to_json
from ...benchmarks.hashing import canonical
from ...datasets.raft import Mix
from ...errors import UsageError
from ..distil.definition import FUSE_SECONDS, Distillation

ROLE = (
    "Answer the question from the documents. Give the words that prove it after ##Quote: and the answer after"
    " ##Answer:. Without a document that holds it, give what you know after ##Answer: alone."
)
LEVELS = (0, 1, 2, 4, 8)
MOST_LEVEL = 50
_MOST_QUESTIONS = 20
_MOST_COPIES = 20

ANSWERED = {
    "type": "python",
    "name": "answered",
    "pass_threshold": 0.6,
    "source": (
        "def words(text):\n"
        "    kept = ''.join(c if c.isalnum() or c in '$%' else ' ' for c in text.lower())\n"
        "    return kept.split()\n\n\n"
        "def grade(sample, item):\n"
        "    said = words(sample['output_text'].split('##Answer:')[-1])\n"
        "    plain = ' ' + ' '.join(said) + ' '\n"
        "    facts = item['facts']\n"
        "    if facts:\n"
        "        found = [fact for fact in facts if ' ' + ' '.join(words(fact)) + ' ' in plain]\n"
        "        return len(found) / len(facts)\n"
        "    wanted = words(item['reference'])\n"
        "    shared = 0\n"
        "    rest = list(wanted)\n"
        "    for word in said:\n"
        "        if word in rest:\n"
        "            rest.remove(word)\n"
        "            shared += 1\n"
        "    if shared == 0:\n"
        "        return 0.0\n"
        "    return 2 * shared / (len(said) + len(wanted))\n"
    ),
}
"""The share of a row's facts that stand in the answer; without facts the words' F1 with the reference (Rajpurkar 2016).

What is quoted does not count, only what stands after ##Answer:.
"""


@dataclass(frozen=True)
class Raft:
    """Everything that decides what is asked, trained and compared."""

    name: str
    chunks: str
    """The hash of the chunks, a split in the store: `place`, `title`, `text`, `shown`, `source`."""
    student: Mapping[str, Any]
    """The arm that is tuned, as fields of `Arm`."""
    questions: str = ""
    """The hash of questions of one's own, a split in the store; "" has them written."""
    teacher: Mapping[str, Any] | None = None
    """The arm that writes questions and answers; None where one's own questions bring answers and quotes."""
    questions_a_chunk: int = 3
    role: str = ROLE
    """The system message in training and test; the documents follow it."""
    mix: Mix = field(default_factory=Mix)
    levels: tuple[int, ...] = LEVELS
    """Numbers of distractors at which the arms are tested."""
    test_share: float = 0.3
    """Of the questions, held out for the test; those of one's own may say their `split`."""
    validation_share: float = 0.1
    """Of the others, held out from training for the validation loss."""
    near: float = 0.9
    """Similarity from which on a question for training counts as one of the test."""
    graders: tuple[Mapping[str, Any], ...] = (ANSWERED,)
    """Of the test; the first one draws the curve."""
    margin: float = 0.05
    hyperparameters: Mapping[str, float | str] = field(default_factory=dict)
    seed: int = 7
    training_tier: str = "developerTier"
    sku: str = "DeveloperTier"
    capacity: int = 100
    fuse_seconds: float | None = FUSE_SECONDS

    @cached_property
    def arm(self) -> Arm:
        """The student before it is tuned."""
        return arm_of(self.student)

    @cached_property
    def teaching_arm(self) -> Arm:
        """The model that writes.

        Raises:
            UsageError: none is named.
        """
        if self.teacher is None:
            raise UsageError(
                "Which model shall write the questions and answers?",
                remedy="Name a [teacher], or give questions that bring `answer` and `quote`.",
            )
        return arm_of(self.teacher)

    @property
    def uses(self) -> tuple[GraderUse, ...]:
        """The graders of the test."""
        return tuple(GraderUse(definition, (0.0, 1.0)) for definition in self.graders)

    def as_distillation(self) -> Distillation:
        """The settings of training and hosting, as those stages of a distillation read them."""
        test = Benchmark(self.name, (), "messages", (self.arm,), self.uses, split="", margin=self.margin)
        return Distillation(
            name=self.name,
            benchmark=to_json(test),
            prompts="",
            student=self.arm.name,
            hyperparameters=self.hyperparameters,
            seed=self.seed,
            training_tier=self.training_tier,
            sku=self.sku,
            capacity=self.capacity,
            fuse_seconds=self.fuse_seconds,
        )


def arm_of(fields: Mapping[str, Any]) -> Arm:
    """An arm from its stored fields."""
    return Arm(**{**fields, "tools": tuple(fields.get("tools", ()))})


def to_json_text(definition: Raft) -> str:
    """The canonical JSON of a definition, as the store keeps it."""
    return canonical(asdict(definition))


def parse(text: str) -> Raft:
    """Read what `to_json_text` wrote."""
    fields = json.loads(text)
    changed = {"mix": Mix(**fields["mix"]), "levels": tuple(fields["levels"]), "graders": tuple(fields["graders"])}
    return Raft(**{**fields, **changed})


def checked(definition: Raft) -> Raft:
    """The same definition, if it can be carried out.

    Raises:
        UsageError: a number is out of range, or nobody can write what is missing.
    """
    mix = definition.mix
    if not definition.name or len(definition.name) > 40 or not definition.name.isprintable():
        raise UsageError("It needs a name of up to 40 plain letters.", remedy="Set `name`.")
    if not definition.questions:
        _ = definition.teaching_arm
    if not 1 <= definition.questions_a_chunk <= _MOST_QUESTIONS:
        raise UsageError(f"{definition.questions_a_chunk} questions a chunk?", remedy=f"Take 1 to {_MOST_QUESTIONS}.")
    if min(mix.oracle, mix.closed) < 0 or mix.oracle + mix.closed > 1:
        raise UsageError("The shares of the mix must lie from 0 to 1, together at most 1.")
    if not 0 <= mix.distractors <= MOST_LEVEL or mix.by not in ("likeness", "chance"):
        raise UsageError(f"Distractors: 0 to {MOST_LEVEL}, by likeness or by chance.")
    if not 1 <= mix.copies <= _MOST_COPIES:
        raise UsageError(f"{mix.copies} rows a question?", remedy=f"Take 1 to {_MOST_COPIES}.")
    levels = definition.levels
    if not levels or min(levels) < 0 or max(levels) > MOST_LEVEL or len(set(levels)) < len(levels):
        raise UsageError(f"The levels of the test must be different numbers from 0 to {MOST_LEVEL}.")
    if not 0 < definition.test_share < 1 or not 0 <= definition.validation_share < 0.5:
        raise UsageError("The test's share must lie between 0 and 1, that of validation from 0 to below 0.5.")
    if not definition.graders:
        raise UsageError("It has no grader.", remedy="Leave `graders` out for the built-in one.")
    return definition
