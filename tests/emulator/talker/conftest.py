"""A micro network and small tasks, made in the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cupola.emulator.engine import Weights
from cupola.emulator.talker.network import Shape, initial_weights, trainable
from cupola.emulator.talker.tokenizer import Tokenizer, shipped_tokenizer

Row = dict[str, Any]

ANIMALS = ("cat", "dog", "cow", "owl", "fox", "bee")


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return shipped_tokenizer()


@pytest.fixture
def micro(tokenizer: Tokenizer) -> Callable[[int], Weights]:
    """Random weights of a tiny network, in which every array matters."""

    def make(seed: int) -> Weights:
        rng = np.random.default_rng(seed)
        weights = initial_weights(Shape(16, 2, 2, tokenizer.size, copy_width=8), rng)
        for name in trainable(weights):
            weights[name] += (0.2 * rng.standard_normal(weights[name].shape)).astype(np.float32)
        return weights

    return make


@pytest.fixture
def chat_rows() -> list[Row]:
    """Every animal has its own short answer, asked for in a few ways."""
    asks = ("What is a {}?", "Tell me of the {}.", "And the {}?", "Who is {}?")
    return [
        {
            "messages": [
                {"role": "user", "content": ask.format(animal)},
                {"role": "assistant", "content": f"It is the {animal}."},
            ]
        }
        for ask in asks
        for animal in ANIMALS
    ]


@pytest.fixture
def preference_rows() -> list[Row]:
    return [
        {
            "input": {"messages": [{"role": "user", "content": f"Where is the {animal}?"}]},
            "preferred_output": [{"role": "assistant", "content": f"The {animal} is here, thank you."}],
            "non_preferred_output": [{"role": "assistant", "content": "Go away."}],
        }
        for animal in ANIMALS * 2
    ]
