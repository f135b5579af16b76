"""Pretraining of the shipped base models; `python -m cupola.emulator.talker.pretrain [size ...]` writes them anew.

The corpus is written by code, everything is seeded, and the number of steps is fixed: the same machine gives the same
weights. BLAS runs on one thread, whatever the machine has.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

import cupola_data
from cupola.emulator.engine import Weights

from .adam import Adam
from .batches import batch_of
from .corpus import dialogue, dialogues
from .muon import Muon
from .network import Network, Shape, initial_weights, trainable
from .tokenizer import Tokenizer
from .transcript import Example, conversation_example
from .vocabulary import train_vocabulary

MERGES: Final = 1150
TOKENS_PER_STEP: Final = 2200
HELD_OUT_SEED: Final = 999_983
_POOL: Final = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a base model and how long it is pretrained."""

    width: int
    layers: int
    heads: int
    steps: int


PLANS: Final = {
    "nano": Plan(width=80, layers=2, heads=4, steps=1000),
    "mini": Plan(width=112, layers=2, heads=4, steps=1000),
    "full": Plan(width=128, layers=3, heads=4, steps=2500),
}
Log = Callable[[str], None]


def corpus_vocabulary(seed: int = 2) -> Tokenizer:
    """The byte-pair vocabulary of a sample of the corpus."""
    rng = Random(seed)
    sample = [dialogue(rng) for _ in range(3000)]
    return train_vocabulary((message["content"] for turns in sample for message in turns), MERGES)


def pretrain(plan: Plan, tokenizer: Tokenizer, seed: int, log: Log) -> Weights:
    """Train a network from random weights on the corpus: Muon for the layers' matrices, Adam for the rest."""
    shape = Shape(plan.width, plan.layers, plan.heads, tokenizer.size)
    weights = initial_weights(shape, np.random.default_rng(seed))
    network = Network(weights)
    inner = {name: weights[name] for name in trainable(weights) if name.startswith("layer")}
    outer = {name: weights[name] for name in trainable(weights) if name not in inner}
    muon, adam = Muon(inner), Adam(outer, betas=(0.9, 0.95), clip=10.0)
    recent = 0.0
    for step, examples in enumerate(islice(_batches(tokenizer, seed), plan.steps)):
        predictions = batch_of(examples)
        logp = network.logp(predictions.batch)
        gradients = network.backward(np.full(len(logp), -1 / len(logp), np.float32))
        pace = min(1.0, (step + 1) / 60, 1.2 * (1 - step / plan.steps))
        muon.descend(gradients, 0.02 * pace)
        adam.descend(gradients, 0.004 * pace)
        recent += 0.02 * (float(-logp.mean()) - recent)
        if step % 100 == 99:
            log(f"step {step + 1} of {plan.steps}: loss {recent:.3f}, {time.process_time():.0f} CPU seconds")
    return weights


def held_out_accuracy(weights: Weights, tokenizer: Tokenizer, count: int = 400) -> float:
    """The share of answer tokens of unseen dialogues that are the model's likeliest."""
    examples = [conversation_example(tokenizer, turns) for turns in islice(dialogues(HELD_OUT_SEED), count)]
    network, right, total = Network(weights), 0, 0
    for begin in range(0, count, 20):
        network.logp(batch_of(examples[begin : begin + 20]).batch)
        hits = network.hits()
        right, total = right + int(hits.sum()), total + len(hits)
    return right / total


def _batches(tokenizer: Tokenizer, seed: int) -> Iterator[list[Example]]:
    """Batches of about `TOKENS_PER_STEP` tokens whose examples are of similar length."""
    source, rng = dialogues(seed), Random(seed)
    while True:
        pool = sorted(
            (conversation_example(tokenizer, turns) for turns in islice(source, _POOL)), key=lambda e: len(e.tokens)
        )
        batches: list[list[Example]] = [[]]
        for example in pool:
            if (len(batches[-1]) + 1) * len(example.tokens) > TOKENS_PER_STEP and batches[-1]:
                batches.append([])
            batches[-1].append(example)
        rng.shuffle(batches)
        yield from batches


def main(sizes: list[str], directory: Path, log: Log) -> None:
    """Write the vocabulary and the weights of the sizes named."""
    tokenizer = corpus_vocabulary()
    (directory / "vocabulary.json").write_text(json.dumps({"merges": tokenizer.merges}) + "\n", encoding="utf-8")
    for size in sizes:
        log(f"{size}:")
        _write_size(size, tokenizer, directory, log)


def _write_size(size: str, tokenizer: Tokenizer, directory: Path, log: Log) -> None:
    began = time.process_time()
    weights = pretrain(PLANS[size], tokenizer, seed=1, log=log)
    spent = time.process_time() - began
    stored = {name: array if name == "heads" else array.astype(np.float16) for name, array in weights.items()}
    np.savez_compressed(directory / f"{size}.npz", allow_pickle=False, **stored)
    count = sum(weights[name].size for name in trainable(weights))
    accuracy = held_out_accuracy(weights, tokenizer)
    log(f"{size}: {count} parameters, {spent:.0f} CPU seconds, held-out token accuracy {accuracy:.3f}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or list(PLANS), Path(next(iter(cupola_data.__path__))) / "weights", _say)
