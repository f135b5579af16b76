"""The stage that checks the evidence, and writes the training file and the items of the test."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ...benchmarks.hashing import canonical
from ...benchmarks.items import split_hash
from ...benchmarks.table import Kind, kind_of
from ...datasets.chunks import Chunk
from ...datasets.raft import Question, distractors, documents, evidence_of, stands_in, training_rows
from ...datasets.retrieval import Index
from ...errors import CupolaError
from ...store import answers, benchmarks, splits
from ...store.answers import Answer
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..distil import rows as files
from ..distil.definition import FEWEST_ROWS
from ..kinds import Scene, World
from .definition import Raft
from .questions import FEWEST_TESTED, Asked, chunk_rows, read


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The answers, the mix and the levels."""
    definition: Raft = scene.definition
    return {
        "answers": dict(scene.stages["answer"].inputs),
        "chunks": definition.chunks,
        "mix": asdict(definition.mix),
        "levels": list(definition.levels),
        "role": definition.role,
        "validation_share": definition.validation_share,
        "seed": definition.seed,
        "model": definition.arm.model,
    }


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Keep what is proved, write the files, and store the test's items.

    Raises:
        CupolaError: too little is left to train on or to test with.
    """
    definition: Raft = scene.definition
    chunks = [_chunk(row) for row in chunk_rows(world.database, definition)]
    proved, fates = _proved(read(scene), _answers(world.database, scene), chunks)
    tested = [one for one in proved if one.test]
    train, valid = _held_out([one for one in proved if not one.test], definition)
    if len(train) < FEWEST_ROWS or len(tested) < FEWEST_TESTED:
        raise _too_few(train, tested, fates)
    folder = files.directory(scene.workflow.place, stage.inputs_hash)
    described: dict[str, Any] = {"train": None, "valid": None}
    for name, part in (("train", train), ("valid", valid)):
        if part:
            asked = [Question(one.question, one.place, one.answer, one.quote) for one in part]
            made = training_rows(asked, chunks, definition.role, definition.mix, definition.seed)
            path = files.write(folder / f"{name}.jsonl", made)
            described[name] = await asyncio.to_thread(files.described, path, definition.arm.model)
    outputs = {
        **described,
        "fates": {**fates, "training": len(train), "validation": len(valid), "test": len(tested)},
        "tests": {str(level): _store_test(world, definition, tested, chunks, level) for level in definition.levels},
        "closed": _store_test(world, definition, tested, chunks, None),
    }
    return replace(
        stage, state=StageState.DONE, outputs=outputs, done=len(proved), total=sum(fates.values()) + len(proved),
        unit="rows kept",
    )  # fmt: skip


def test_rows(definition: Raft, tested: Sequence[Asked], chunks: Sequence[Chunk], level: int | None) -> list[str]:
    """The items of one level as canonical JSON, in the order of the questions; None is without documents."""
    index = Index([chunk.shown for chunk in chunks])
    lines = []
    for number, one in enumerate(tested):
        shown = ""
        if level is not None:
            beside = distractors(index, one.question, one.place, level, definition.mix.by, definition.seed)
            shown = documents(chunks, [one.place, *beside], (definition.seed, "test", number))
        fields = {"question": one.question, "reference": one.answer, "facts": list(one.facts), "documents": shown}
        lines.append(canonical({**fields, "number": number}))
    return lines


def _store_test(
    world: World, definition: Raft, tested: Sequence[Asked], chunks: Sequence[Chunk], level: int | None
) -> str:
    lines = test_rows(definition, tested, chunks, level)
    split = split_hash(lines)
    what = "closed book" if level is None else f"{level} distractors"
    splits.save(world.database, split, f"{definition.name}: {what}", lines, world.clock())
    return split


def _answers(database: Database, scene: Scene) -> dict[str, Answer]:
    """The teacher's answers by question."""
    found: dict[str, Answer] = {}
    for run in scene.outputs("answer")["runs"]:
        stored = benchmarks.get_run(database, int(run))
        if stored is None:
            raise CupolaError("The teacher's answers are gone.", remedy="Start it anew.")
        entries = {(entry.sent.request, entry.sent.number): entry.answer for entry in answers.of_run(database, run)}
        rows = benchmarks.items(database, stored.split)
        for ask in benchmarks.asks(database, run):
            answer = entries.get((ask.request, ask.number))
            if answer is not None:
                found[_question_of(rows[ask.place])] = answer
    return found


def _question_of(row: str) -> str:

    return str(json.loads(row)["question"])


def _proved(
    asked: Sequence[Asked], answered: Mapping[str, Answer], chunks: Sequence[Chunk]
) -> tuple[list[Asked], Counter[str]]:
    """The questions whose answer is proved by a quote that stands in their chunk, and what became of the others."""
    fates: Counter[str] = Counter()
    proved = []
    for one in asked:
        whole = _whole(one, answered.get(one.question)) if one.open else one
        fate = _fate(whole, chunks)
        if fate:
            fates[fate] += 1
        elif whole is not None:
            proved.append(whole)
    return proved, fates


def _whole(one: Asked, answer: Answer | None) -> Asked | None:
    """The question with the teacher's answer; None if there is no whole answer. An answer of one's own stays."""
    if answer is None or kind_of(answer) is not Kind.ANSWERED:
        return None
    said = evidence_of(answer.text or "")
    return replace(one, answer=one.answer or said.answer, quote=said.quote)


def _fate(one: Asked | None, chunks: Sequence[Chunk]) -> str:
    if one is None or not one.answer:
        return "not answered"
    if not one.quote:
        return "without a quote"
    return "" if stands_in(one.quote, chunks[one.place].shown) else "quote is not in the document"


def _held_out(trained: Sequence[Asked], definition: Raft) -> tuple[list[Asked], list[Asked]]:
    count = round(definition.validation_share * len(trained))
    chosen = set(random.Random(f"valid {definition.seed}").sample(range(len(trained)), count))
    train = [one for place, one in enumerate(trained) if place not in chosen]
    return train, [one for place, one in enumerate(trained) if place in chosen]


def _chunk(row: Mapping[str, Any]) -> Chunk:
    return Chunk(str(row["source"]), str(row["title"]), str(row["text"]), int(row["place"]))


def _too_few(train: Sequence[Asked], tested: Sequence[Asked], fates: Mapping[str, int]) -> CupolaError:
    return CupolaError(
        f"{len(train)} rows are left to train on and {len(tested)} questions to test with.",
        f"Left out: {', '.join(f'{count} {fate}' for fate, count in fates.items()) or 'none'}.",
        f"At least {FEWEST_ROWS} and {FEWEST_TESTED} are needed: give more questions, or a teacher that quotes.",
    )
