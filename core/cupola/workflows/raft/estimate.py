"""What it will cost before it begins: stages as ranges, from questions that stand in for those not written yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from ...benchmarks.definition import Benchmark
from ...benchmarks.estimate import estimate
from ...benchmarks.hashing import canonical
from ...benchmarks.items import items_of, split_hash
from ...datasets.chunks import Chunk
from ...datasets.cost import auto_epochs
from ...datasets.raft import Question, training_rows
from ...datasets.tokens import encoding_for, text_counter
from ...store import benchmarks
from ...store.database import Database
from ..distil import prices
from ..distil.estimate import StageEstimate, WholeEstimate
from ..distil.runs import in_dollars
from ..kinds import FREE, Takes
from .asking import answering, asking
from .definition import Raft
from .filtering import test_rows
from .measuring import TUNED, closed_book, with_documents
from .questions import Asked, chunk_rows

_QUESTION_WORDS, _ANSWER_WORDS = 12, 16
"""Of a question and an answer that nobody has seen yet; a declared guess."""
_ROOM = 1.5
"""By how much the training tokens may turn out to be more than the guess."""


def estimate_whole(database: Database, definition: Raft) -> WholeEstimate:
    """Estimate every stage that spends; what the journal answers already costs nothing."""
    chunks = [
        Chunk(str(row["source"]), str(row["title"]), str(row["text"]), int(row["place"]))
        for row in chunk_rows(database, definition)
    ]
    asked = _asked(database, definition, chunks)
    trained, tested = ([one for one in asked if one.test is test] for test in (False, True))
    return WholeEstimate(
        (
            _ask(database, definition),
            _answer(database, definition, [one for one in asked if one.open], chunks),
            StageEstimate("train", _training(definition, trained, chunks)),
            StageEstimate("deploy", _hosting(definition)),
            _test(database, definition, tested, chunks),
        )
    )


def _asked(database: Database, definition: Raft, chunks: Sequence[Chunk]) -> list[Asked]:
    """One's own questions, or as many as will be written."""
    if definition.questions:
        rows = [json.loads(row) for row in benchmarks.items(database, definition.questions)]
        each = [(str(row.get("question") or ""), row) for row in rows]
        return [
            Asked(text, number % len(chunks), _tested(definition, number, row.get("split")),
                  str(row.get("answer") or ""), str(row.get("quote") or ""))
            for number, (text, row) in enumerate(each)
        ]  # fmt: skip
    found: list[Asked] = []
    for chunk in chunks:
        words = (chunk.shown.split() * _QUESTION_WORDS)[:_QUESTION_WORDS]
        for number in range(definition.questions_a_chunk):
            found.append(Asked(f"{number} {' '.join(words)}?", chunk.place, _tested(definition, len(found), None)))
    return found


def _tested(definition: Raft, number: int, split: object) -> bool:
    if split in ("train", "test"):
        return split == "test"
    return int((number + 1) * definition.test_share) > int(number * definition.test_share)


def _ask(database: Database, definition: Raft) -> StageEstimate:
    if definition.questions:
        return StageEstimate("ask", FREE)
    benchmark = asking(definition)
    return _priced("ask", database, [(benchmark, benchmarks.items(database, benchmark.split))])


def _answer(database: Database, definition: Raft, asked: Sequence[Asked], chunks: Sequence[Chunk]) -> StageEstimate:
    if not asked:
        return StageEstimate("answer", FREE)
    lines = [canonical({"question": one.question, "shown": chunks[one.place].shown}) for one in asked]
    return _priced("answer", database, [(answering(definition, split_hash(lines)), lines)])


def _test(database: Database, definition: Raft, tested: Sequence[Asked], chunks: Sequence[Chunk]) -> StageEstimate:
    """Both arms at every level; the tuned one's answers are not there yet, whatever it is called."""
    wanted: list[tuple[Benchmark, Sequence[str]]] = []
    for level in (None, *definition.levels):
        lines = test_rows(definition, tested, chunks, level)
        split = split_hash(lines)
        one = closed_book(definition, split) if level is None else with_documents(definition, split, level)
        tuned = replace(definition.arm, name=TUNED, deployment=f"{definition.arm.deployment} tuned")
        wanted.append((replace(one, arms=(*one.arms, tuned)), lines))
    return _priced("benchmark", database, wanted)


def _priced(name: str, database: Database, wanted: Sequence[tuple[Benchmark, Sequence[str]]]) -> StageEstimate:
    found = [estimate(database, one, items_of(one, lines)) for one, lines in wanted]
    return StageEstimate(name, in_dollars(found), sum(one.calls for one in found))


def _training(definition: Raft, trained: Sequence[Asked], chunks: Sequence[Chunk]) -> Takes:
    questions = []
    for one in trained:
        words = " ".join(chunks[one.place].shown.split()[:_ANSWER_WORDS])
        questions.append(Question(one.question, one.place, one.answer or words, one.quote or words))
    count = text_counter(encoding_for(definition.arm.model).name)
    rows = training_rows(questions, chunks, definition.role, definition.mix, definition.seed)
    tokens = sum(count(str(message["content"])) for row in rows for message in row["messages"])
    epochs = definition.hyperparameters.get("n_epochs")
    times = int(epochs) if isinstance(epochs, int | float) else auto_epochs(len(rows))
    counted = (tokens, int(tokens * _ROOM))
    return prices.training_ahead(definition.arm.model, definition.training_tier, counted, times)


def _hosting(definition: Raft) -> Takes:
    hourly = prices.hosting_per_hour(definition.arm.model, definition.sku)
    if hourly == 0:
        return FREE
    if hourly is None or definition.fuse_seconds is None:
        return Takes(0.0, None, "Hosting has no bound: the price is not known, or no fuse removes the deployment.")
    hours = definition.fuse_seconds / 3_600
    return Takes(0.0, hourly * hours, f"${hourly:.2f} an hour for at most {hours:g} hours.")
