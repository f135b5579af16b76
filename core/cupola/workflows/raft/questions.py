"""The stage that gathers questions, each bound to its chunk, test and training kept apart."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...benchmarks.hashing import canonical
from ...benchmarks.items import split_hash
from ...datasets.raft import stands_in
from ...datasets.retrieval import Index
from ...datasets.writing import fingerprint
from ...errors import CupolaError
from ...store import answers, benchmarks, splits
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..distil import rows as files
from ..kinds import Scene, World
from .definition import Raft

FEWEST_TESTED = 5
_NUMBERING = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):])\s*")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A question bound to a chunk. All texts are others'."""

    question: str
    place: int
    """Of its chunk."""
    test: bool
    answer: str = ""
    quote: str = ""
    facts: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """It lacks an answer or the quote that proves it."""
        return not self.answer or not self.quote


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """Where the questions come from and all that divides them."""
    definition: Raft = scene.definition
    return {
        "asked": dict(scene.stages["ask"].inputs),
        "chunks": definition.chunks,
        "test_share": definition.test_share,
        "near": definition.near,
        "seed": definition.seed,
    }


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Gather, divide and store the questions.

    Raises:
        CupolaError: too few are left for a test, or for training.
    """
    definition: Raft = scene.definition
    database = world.database
    chunks = chunk_rows(database, definition)
    found, fates = (
        _own(benchmarks.items(database, definition.questions), chunks, definition)
        if definition.questions
        else _written(database, scene, chunks, definition)
    )
    folder = files.directory(scene.workflow.place, stage.inputs_hash)
    kept = await asyncio.to_thread(_apart, found, folder, definition.near, fates)
    tested = sum(one.test for one in kept)
    if tested < FEWEST_TESTED or len(kept) - tested < FEWEST_TESTED:
        lost = ", ".join(f"{count} {fate}" for fate, count in fates.items() if count)
        raise CupolaError(
            f"{len(kept)} questions are left, {tested} of them for the test.",
            f"Of {fates.total() + len(kept)}: {lost or 'all kept'}.",
            "Give more documents or more questions a chunk, or another teacher.",
        )
    path = files.write(folder / "questions.jsonl", map(_row, kept))
    outputs = {
        "path": str(path),
        "sha256": fingerprint(path).sha256,
        "questions": len(kept),
        "tested": tested,
        "left_out": dict(fates),
        "open": _store_open(world, definition, kept, chunks),
    }
    return _done(stage, outputs, len(kept))


def read(scene: Scene) -> list[Asked]:
    """The questions that the stage stored.

    Raises:
        CupolaError: their file is gone.
    """
    path = Path(scene.outputs("questions")["path"])
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise CupolaError(f"{path} cannot be read.", error.strerror or "", "Start it anew.") from error
    found = map(json.loads, lines)
    return [Asked(**{**row, "facts": tuple(row["facts"])}) for row in found]


def still_there(_: World, stage: Stage) -> bool:
    """Whether the questions' file is unchanged."""
    try:
        return fingerprint(Path(stage.outputs["path"])).sha256 == str(stage.outputs["sha256"])
    except (CupolaError, OSError):
        return False


def chunk_rows(database: Database, definition: Raft) -> list[dict[str, Any]]:
    """The chunks' fields in order.

    Raises:
        CupolaError: they are not in the store.
    """
    found = sorted((json.loads(row) for row in benchmarks.items(database, definition.chunks)), key=_place)
    if not found:
        raise CupolaError("The chunks of the documents are gone.", remedy="Start it anew.")
    return found


def bound(question: str, quote: str, chunks: Sequence[Mapping[str, Any]], index: Index) -> int:
    """The chunk that a question is about: the nearest of those that hold its quote, else the nearest of all."""
    order = index.nearest(question)
    holders = [place for place in order if quote and stands_in(quote, str(chunks[place]["shown"]))]
    return holders[0] if holders else order[0]


def _own(
    lines: Sequence[str], chunks: Sequence[Mapping[str, Any]], definition: Raft
) -> tuple[list[Asked], Counter[str]]:
    index = Index([str(chunk["shown"]) for chunk in chunks])
    fates: Counter[str] = Counter()
    found = []
    for number, row in enumerate(map(json.loads, lines)):
        question = row.get("question")
        if not isinstance(question, str) or not question.strip():
            fates["without a question"] += 1
            continue
        answer, quote = (str(row.get(name) or "") for name in ("answer", "quote"))
        split = row.get("split")
        test = split == "test" if split in ("train", "test") else _is_test(definition, number)
        given = row.get("facts")
        facts = tuple(map(str, given)) if isinstance(given, list) else ()
        found.append(Asked(question.strip(), bound(question, quote, chunks, index), test, answer, quote, facts))
    return found, fates


def _written(
    database: Database, scene: Scene, chunks: Sequence[Mapping[str, Any]], definition: Raft
) -> tuple[list[Asked], Counter[str]]:
    (run,) = scene.outputs("ask")["runs"]
    texts = {(entry.sent.request, entry.sent.number): entry.answer.text for entry in answers.of_run(database, run)}
    places = [_place(json.loads(row)) for row in benchmarks.items(database, definition.chunks)]
    fates: Counter[str] = Counter()
    found: list[Asked] = []
    for ask in sorted(benchmarks.asks(database, run), key=lambda one: one.place):
        lines = (texts.get((ask.request, ask.number)) or "").splitlines()
        asked = [_NUMBERING.sub("", line).strip() for line in lines]
        questions = [line for line in asked if line.endswith("?") and len(line) <= _LONGEST]
        fates["no question"] += len([line for line in asked if line]) - len(questions)
        for question in questions[: definition.questions_a_chunk]:
            found.append(Asked(question, places[ask.place], _is_test(definition, len(found))))
    return found, fates


def _is_test(definition: Raft, number: int) -> bool:
    return random.Random(f"{definition.seed} {number}").random() < definition.test_share


def _apart(found: Sequence[Asked], folder: Path, near: float, fates: Counter[str]) -> list[Asked]:
    """Without repetitions, and without questions for training that are nearly one of the test."""
    kept = list({" ".join(one.question.casefold().split()): one for one in reversed(found)}.values())[::-1]
    fates["asked twice"] += len(found) - len(kept)
    tested, trained = ([one for one in kept if one.test is test] for test in (True, False))
    if tested and trained:
        leaks, _ = files.alike(folder, list(map(_asked, tested)), list(map(_asked, trained)), near)
        fates["nearly in the test"] += len(leaks)
        trained = [one for place, one in enumerate(trained) if place not in leaks]
    return [*trained, *tested]


def _asked(one: Asked) -> list[Mapping[str, Any]]:
    return [{"role": "user", "content": one.question}]


def _store_open(world: World, definition: Raft, kept: Sequence[Asked], chunks: Sequence[Mapping[str, Any]]) -> str:
    """Store the questions that are to be answered, as a split; "" if there are none.

    Raises:
        UsageError: there are some, and no teacher to answer them.
    """
    lines = [canonical({"question": one.question, "shown": chunks[one.place]["shown"]}) for one in kept if one.open]
    if not lines:
        return ""
    _ = definition.teaching_arm
    split = split_hash(lines)
    splits.save(world.database, split, f"{definition.name}: questions", lines, world.clock())
    return split


def _row(one: Asked) -> dict[str, Any]:
    return {
        "question": one.question,
        "place": one.place,
        "test": one.test,
        "answer": one.answer,
        "quote": one.quote,
        "facts": list(one.facts),
    }


def _place(row: Mapping[str, Any]) -> int:
    return int(row["place"])


def _done(stage: Stage, outputs: Mapping[str, Any], count: int) -> Stage:
    return replace(stage, state=StageState.DONE, outputs=outputs, done=count, total=count, unit="questions")
