"""Rows for retrieval-augmented fine-tuning: a question among documents, of which one may hold the answer (RAFT).

Source: Zhang, Patil, Jain, Shen, Zaharia, Stoica and Gonzalez 2024, "RAFT: Adapting Language Model to Domain Specific
RAG", arXiv 2403.10131.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .chunks import Chunk
from .retrieval import Index

QUOTE, ANSWER = "##Quote:", "##Answer:"
_SPLIT = re.compile(rf"^\s*(?:{QUOTE}(?P<quote>.*?))?{ANSWER}(?P<answer>.*)$", re.DOTALL)
_SPACE = re.compile(r"\s+")
LEAST_QUOTE = 3
"""Words; a shorter quote stands in nearly any text."""

Choice = Literal["likeness", "chance"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """An answer taken apart."""

    quote: str
    """"" where there is none."""
    answer: str


@dataclass(frozen=True, slots=True)
class Mix:
    """How training rows are mixed. The shares are those of whole rows."""

    distractors: int = 3
    """Most documents beside the oracle; each row draws its number from 0 up to this."""
    oracle: float = 0.7
    """Rows among whose documents the one with the answer stands."""
    closed: float = 0.2
    """Rows without any document; the rest have distractors alone, so that the answer must be learnt by heart."""
    copies: int = 1
    """Rows of each question, each of its own kind and with its own distractors."""
    by: Choice = "likeness"
    """Distractors are the nearest to the question, as a retriever would bring them, or drawn by chance."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one chunk with its answer and the words that prove it."""

    text: str
    oracle: int
    """The place of the chunk that holds the answer."""
    answer: str
    quote: str


def evidence_of(text: str) -> Evidence:
    """Take an answer apart; without marks all of it is the answer."""
    found = _SPLIT.match(text)
    if found is None:
        return Evidence("", text.strip())
    return Evidence((found["quote"] or "").strip(), found["answer"].strip())


def as_answer(answer: str, quote: str = "") -> str:
    """The form in which answers are learnt: the quote first, where there is one."""
    return f"{QUOTE} {quote} {ANSWER} {answer}" if quote else f"{ANSWER} {answer}"


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text word for word; white space, outer quotation marks and dots are let pass."""
    wanted = _plain(quote).strip("\"'“”‘’«» .…")
    return len(wanted.split()) >= LEAST_QUOTE and wanted in _plain(text)


def distractors(index: Index, question: str, oracle: int, count: int, by: Choice, seed: object) -> list[int]:
    """Places of chunks beside the oracle; those for a smaller count are among those for a larger one."""
    order = [place for place in index.nearest(question) if place != oracle]
    if by == "chance":
        random.Random(f"{seed} {question}").shuffle(order)
    return order[:count]


def documents(chunks: Sequence[Chunk], places: Sequence[int], seed: object) -> str:
    """Chunks as they stand in a prompt, one a line, in an order that says nothing of which holds the answer."""
    order = sorted(places)
    random.Random(f"order {seed}").shuffle(order)
    return "\n".join(chunks[place].shown for place in order)


def training_rows(
    questions: Sequence[Question], chunks: Sequence[Chunk], role: str, mix: Mix, seed: int
) -> list[dict[str, Any]]:
    """A conversation for each question: the role, the documents, the question, and the answer with its quote.

    A quote is taught only where the oracle stands in the prompt: nobody shall learn to quote from memory.
    """
    index = Index([chunk.shown for chunk in chunks])
    asked = [question for _ in range(mix.copies) for question in questions]
    rows = []
    for number, (question, fate) in enumerate(zip(asked, _fates(len(questions), mix, seed), strict=True)):
        draw = random.Random(f"{seed} {number}")
        count = draw.randint(0 if fate == "oracle" else 1, max(mix.distractors, 0)) if mix.distractors else 0
        beside = distractors(index, question.text, question.oracle, count, mix.by, seed)
        places = {"oracle": [question.oracle, *beside], "apart": beside, "closed": []}[fate]
        system = "\n".join(filter(None, [role, documents(chunks, places, (seed, number))]))
        quote = question.quote if fate == "oracle" else ""
        rows.append(
            {
                "messages": [
                    {"role": "system", "content": system},
                    {"role": "user", "content": question.text},
                    {"role": "assistant", "content": as_answer(question.answer, quote)},
                ]
            }
        )
    return rows


def _fates(questions: int, mix: Mix, seed: int) -> list[str]:
    """Whole numbers of each kind by the shares, dealt so that the copies of a question differ as far as they can."""
    count = questions * mix.copies
    with_oracle = round(count * mix.oracle)
    closed = min(round(count * mix.closed), count - with_oracle)
    kinds = ["oracle"] * with_oracle + ["closed"] * closed + ["apart"] * (count - with_oracle - closed)
    # Question q has the rows q, q + questions, ...: neighbours in `kinds` go to different questions.
    order = list(range(questions))
    random.Random(f"fates {seed}").shuffle(order)
    return [kinds[copy * questions + order[place]] for copy in range(mix.copies) for place in range(questions)]


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
