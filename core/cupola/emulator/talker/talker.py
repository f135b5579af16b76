"""The talker as a model that can be asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import numpy as np

from cupola.emulator.engine import Answer, AnswerRequest, Weights

from .generation import Sample, Wish, generate
from .structured import structured_text
from .tokenizer import Tokenizer, shipped_tokenizer
from .transcript import fit_prompt, prompt_tokens

Size = Literal["nano", "mini", "full"]
_SIZES: Final[tuple[Size, ...]] = ("nano", "mini", "full")
_HOTTEST: Final = 2.0


class Talker:
    """A tiny language model; implements `engine.Model`."""

    def __init__(self, weights: Weights, tokenizer: Tokenizer | None = None, seed: int | None = None) -> None:
        """Take weights as a checkpoint stores them.

        Args:
            weights: The arrays; float16 is widened.
            tokenizer: The vocabulary they belong to; None is the shipped one.
            seed: What requests without a seed of their own draw from; None is the system's entropy.
        """
        self._weights = widened(weights)
        self._tokenizer = tokenizer or shipped_tokenizer()
        self._entropy = np.random.SeedSequence(seed)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        """Answer a batch; the answers stand in the order of the requests.

        Whatever the messages hold is answered. A prompt longer than the context loses its beginning, though all of it
        is counted; the answer may fill the rest of the context. `reasoning_effort` changes nothing, this model does
        not think before it speaks. With `json_schema` a free answer that fits the schema is taken; otherwise the
        answer is written field by field, the model choosing values and the schema giving the frame, and only for
        parts of a schema that are not supported is the value null.
        """
        prompts = [prompt_tokens(self._tokenizer, request.messages) for request in requests]
        wishes = [self._wish(request, prompt) for request, prompt in zip(requests, prompts, strict=True)]
        top = max((request.top_logprobs or 0 for request in requests), default=0)
        samples = generate(self._weights, self._tokenizer, wishes, top)
        answers: list[Answer] = []
        for request, prompt, wish, sample in zip(requests, prompts, wishes, samples, strict=True):
            answers.append(self._answer(request, prompt, wish, sample))
        return answers

    def _wish(self, request: AnswerRequest, prompt: list[int]) -> Wish:
        limit = max(1, request.max_tokens)
        seed = request.seed if request.seed is not None else self._entropy.spawn(1)[0]
        temperature = request.temperature if math.isfinite(request.temperature) else 1.0
        return Wish(
            prompt=fit_prompt(prompt, limit),
            max_tokens=limit,
            temperature=min(max(temperature, 0.0), _HOTTEST),
            top_p=request.top_p if 0 < request.top_p <= 1 else 1.0,
            rng=np.random.default_rng(abs(seed) if isinstance(seed, int) else seed),
            stop=request.stop,
        )

    def _answer(self, request: AnswerRequest, prompt: list[int], wish: Wish, sample: Sample) -> Answer:
        text = self._tokenizer.decode(sample.tokens)
        if sample.stopped:
            text = text[: min(text.find(stop) for stop in request.stop if stop and stop in text)]
        used = len(sample.tokens)
        if request.json_schema is not None:
            text = structured_text(request.json_schema, text, wish, self._weights, self._tokenizer)
            used = max(1, len(self._tokenizer.encode(text)))
            if used > wish.max_tokens:
                cut = self._tokenizer.decode(self._tokenizer.encode(text)[: wish.max_tokens])
                return Answer(cut, "length", len(prompt), wish.max_tokens)
            return Answer(text, "stop", len(prompt), used)
        logprobs = None if request.top_logprobs is None else self._logprobs(sample, request.top_logprobs, text)
        return Answer(text, "stop" if sample.ended else "length", len(prompt), used, logprobs=logprobs)

    def _logprobs(self, sample: Sample, top: int, text: str) -> list[Mapping[str, Any]]:
        """The service's log-probability entries, of the tokens that begin within the text."""
        entries: list[Mapping[str, Any]] = []
        written, end = 0, len(text.encode("utf-8"))
        for place, (token, logp) in enumerate(zip(sample.tokens, sample.logps, strict=True)):
            if sample.stopped and written >= end:
                break
            written += len(self._tokenizer.decode_bytes([token]))
            rivals = sample.alternatives[place][:top] if top else []
            entries.append({**self._entry(token, logp), "top_logprobs": [self._entry(*rival) for rival in rivals]})
        return entries

    def _entry(self, token: int, logp: float) -> dict[str, Any]:
        return {
            "token": self._tokenizer.decode([token]),
            "logprob": logp,
            "bytes": list(self._tokenizer.decode_bytes([token])),
        }


def load(weights: Weights) -> Talker:
    """A talker of a checkpoint's weights."""
    return Talker(weights)


@cache
def load_base(size: Size) -> Talker:
    """The base model of a size."""
    return Talker(base_weights(size))


def base_weights(size: Size) -> Weights:
    """The shipped weights of a size, as float32; if they are missing, those of the nearest size that is there.

    Raises:
        FileNotFoundError: No weights are shipped at all.
    """
    folder = resources.files("cupola_data").joinpath("weights")
    nearest = sorted(_SIZES, key=lambda other: abs(_SIZES.index(other) - _SIZES.index(size)))
    for candidate in nearest:
        file = folder.joinpath(f"{candidate}.npz")
        if file.is_file():
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                return widened({name: arrays[name] for name in arrays.files})
    raise FileNotFoundError("The tiny models' weights are missing. Run `make weights` to make them.")


def widened(weights: Weights) -> Weights:
    """A copy of the weights in float32, without what else a checkpoint may hold."""
    return {
        name: array.copy() if name == "heads" else array.astype(np.float32)
        for name, array in weights.items()
        if not name.startswith(("adam.", "run."))
    }
