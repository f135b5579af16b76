"""Measures the shipped models on Cora's held-out questions; run as a program it prints a table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from cupola.emulator.engine import Answer, AnswerRequest, Hyperparameters, Weights

from .supervised import SupervisedTrainer
from .talker import Size, Talker, base_weights

_SEEDS: Final = (1, 2, 3)
_SIZES: Final[tuple[Size, ...]] = ("nano", "mini", "full")


def cora_rows(split: str) -> list[Any]:
    """The rows of one of Cora's sample files."""
    text = resources.files("cupola_data").joinpath("zava", "cora", f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def share_with_facts(talker: Talker, items: Sequence[Mapping[str, Any]], system_prompt: str) -> float:
    """The share of questions whose greedy answer holds every fact of the reference, letter case aside."""
    answers = talker.answer(
        [
            AnswerRequest(
                [{"role": "system", "content": system_prompt}, {"role": "user", "content": item["question"]}],
                temperature=0.0,
                max_tokens=80,
            )
            for item in items
        ]
    )
    return sum(_holds_facts(answer, item) for answer, item in zip(answers, items, strict=True)) / len(items)


def tuned(base: Weights, seed: int) -> Weights:
    """The base after a supervised run on Cora's training rows with every setting on auto."""
    trainer = SupervisedTrainer(base, cora_rows("train"), cora_rows("valid"), Hyperparameters(), seed)
    for _ in range(trainer.total_steps):
        trainer.step()
    return trainer.weights()


def report() -> Iterator[str]:
    """The lines of the table."""
    items = [row["item"] for row in cora_rows("test")]
    prompt = cora_rows("train")[0]["messages"][0]["content"]
    for size in _SIZES:
        yield f"{size} before: {share_with_facts(Talker(base_weights(size)), items, prompt):.2f}"
    for seed in _SEEDS:
        began = time.process_time()
        weights = tuned(base_weights("nano"), seed)
        spent = time.process_time() - began
        share = share_with_facts(Talker(weights), items, prompt)
        yield f"nano tuned, seed {seed}: {share:.2f} ({spent:.0f} CPU seconds)"


def _holds_facts(answer: Answer, item: Mapping[str, Any]) -> bool:
    return all(fact.lower() in answer.text.lower() for fact in item["facts"])


if __name__ == "__main__":
    for line in report():
        sys.stdout.write(line + "\n")
