"""The stages that have questions and answers written: benchmarks of one arm, so that every call is in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...benchmarks.definition import Arm, Benchmark, GraderUse
from ...benchmarks.prices import base_of
from ...benchmarks.prompt_tokens import most_completion
from ...store.workflows import Stage, StageState
from ..distil import runs
from ..kinds import FREE, Scene, Takes, World
from .borrowed import seen_as_distillation
from .definition import Raft

_NOTHING: Mapping[str, Any] = {"runs": [], "usd": 0.0}

_QUESTION_TOKENS, _ANSWER_TOKENS, _THOUGHT_TOKENS = 160, 800, 4_000
"""Room for a question, for an answer with its quote, and for the thoughts of a model that reasons: where the teacher
sets no bound of its own. Questions have some 15 words and answers some 60; bounds only cut off what runs away."""

_ASKS = {
    "type": "python",
    "name": "asks",
    "pass_threshold": 0.01,
    "source": (
        "def grade(sample, item):\n"
        "    lines = [line.strip() for line in sample['output_text'].split('\\n')]\n"
        "    return float(len([line for line in lines if line.endswith('?')]) > 0)\n"
    ),
}
_QUOTES = {
    "type": "python",
    "name": "quotes",
    "pass_threshold": 1.0,
    "source": (
        "def plain(text):\n"
        "    return ' '.join(text.lower().split())\n\n\n"
        "def grade(sample, item):\n"
        "    said = sample['output_text']\n"
        "    if '##Quote:' not in said or '##Answer:' not in said:\n"
        "        return 0.0\n"
        "    quote = plain(said.split('##Quote:')[-1].split('##Answer:')[0]).strip(' \"\\'.')\n"
        "    return float(len(quote.split()) >= 3 and quote in plain(item['shown']))\n"
    ),
}


def asking(definition: Raft) -> Benchmark:
    """The teacher writes questions about each chunk."""
    task = (
        f"Write {definition.questions_a_chunk} questions that customers may ask and that the document answers, each"
        " worded differently and understood without the document. One question a line, nothing else."
    )
    return Benchmark(
        name=f"{definition.name}: questions",
        prompt=(
            {"role": "system", "content": task},
            {"role": "user", "content": "Document:\n{{item.shown}}"},
        ),
        messages_field="",
        arms=(_teacher(definition, _QUESTION_TOKENS * definition.questions_a_chunk),),
        graders=(GraderUse(_ASKS, (0.0, 1.0)),),
        split=definition.chunks,
        dataset="chunks",
    )


def answering(definition: Raft, split: str) -> Benchmark:
    """The teacher answers each question from its chunk, and quotes it.

    Args:
        definition: What is learnt.
        split: The hash of the questions, whose rows hold `question` and `shown`, the chunk.
    """
    task = (
        "Answer the question from the document. First write ##Quote: and, word for word, the sentence of the document"
        " that proves the answer; then ##Answer: and the answer in one short sentence."
    )
    return Benchmark(
        name=f"{definition.name}: answers",
        prompt=(
            {"role": "system", "content": task},
            {"role": "user", "content": "Document:\n{{item.shown}}\n\nQuestion: {{item.question}}"},
        ),
        messages_field="",
        arms=(_teacher(definition, _ANSWER_TOKENS),),
        graders=(GraderUse(_QUOTES, (0.0, 1.0)),),
        split=split,
        dataset="questions",
    )


def _teacher(definition: Raft, tokens: int) -> Arm:
    """The teacher as it is asked, its answers bounded: what nothing bounds could pass any limit on the spend."""
    arm = definition.teaching_arm
    sampling = dict(arm.sampling)
    if most_completion(sampling) is None:
        thinks = (base.reasoning if (base := base_of(arm.model)) else False) or "reasoning_effort" in sampling
        sampling["max_completion_tokens"] = tokens + (_THOUGHT_TOKENS if thinks else 0)
    return replace(arm, repeats=1, series=0, sampling=sampling)


def ask_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """Who is asked what; or whose questions they are."""
    definition: Raft = scene.definition
    return {"questions": definition.questions, "runs": runs.digests(_asked(definition))}


def ask_takes(world: World, scene: Scene) -> Takes:
    """What the questions will cost."""
    wanted = _asked(scene.definition)
    return runs.takes(world.database, wanted) if wanted else FREE


async def ask(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have the questions written, unless they are one's own."""
    return await _carried(world, scene, stage, _asked(scene.definition))


def answer_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The questions that lack an answer, and who is asked."""
    return {"questions": scene.outputs("questions")["sha256"], "runs": runs.digests(_answered(scene))}


def answer_takes(world: World, scene: Scene) -> Takes:
    """What the answers will cost."""
    wanted = _answered(scene)
    return runs.takes(world.database, wanted) if wanted else FREE


async def answer(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have the questions answered that bring no answer with a quote."""
    return await _carried(world, scene, stage, _answered(scene))


def _asked(definition: Raft) -> list[Benchmark]:
    return [] if definition.questions else [asking(definition)]


def _answered(scene: Scene) -> list[Benchmark]:
    split = scene.outputs("questions")["open"]
    return [answering(scene.definition, split)] if split else []


async def _carried(world: World, scene: Scene, stage: Stage, wanted: list[Benchmark]) -> Stage:
    if not wanted:
        return replace(stage, state=StageState.DONE, outputs=_NOTHING)
    return await runs.carried(world, seen_as_distillation(scene), stage, wanted)
