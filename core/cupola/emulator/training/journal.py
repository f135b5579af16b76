"""A training run's memory on disk: what it has told, and the state from which it can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..engine import Weights
from ..parent import tell

_POSITION = "journal/position"
_TRAINER = "trainer/"


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an npz in one move, so that a kill leaves the old file or the new one."""
    draft = path.with_suffix(".new")
    with draft.open("wb") as stream:
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


class Journal:
    """Everything told is first written down; a saved state remembers how much had been told when it was saved.

    Going on from a state cuts off what was told after it and tells the rest once more, so that the server hears every
    step at least once, whichever of the two was killed.
    """

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state.npz"
        self._stream = (folder / "progress.jsonl").open("a+b")

    def tell(self, message: Mapping[str, Any]) -> None:
        """Write a message down and send it to the server."""
        self._stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        self._stream.flush()
        tell(message)

    def save(self, step: int, state: Weights) -> None:
        """Keep a state that the run can go on from."""
        os.fsync(self._stream.fileno())
        position = np.array([step, self._stream.tell()], dtype=np.int64)
        arrays = {f"{_TRAINER}{name}": array for name, array in state.items()}
        write_arrays(self._state, {_POSITION: position, **arrays})

    def restore(self) -> tuple[int, Weights] | None:
        """The step and state of the last save, None for a fresh run; what was told up to then is told again."""
        if not self._state.exists():
            self._stream.truncate(0)
            return None
        with np.load(self._state, allow_pickle=False) as arrays:
            step, told = (int(value) for value in arrays[_POSITION])
            state = {name.removeprefix(_TRAINER): arrays[name] for name in arrays.files if name.startswith(_TRAINER)}
        self._stream.truncate(told)
        for message in self._told():
            tell(message)
        return step, state

    def _told(self) -> Iterator[dict[str, Any]]:
        self._stream.seek(0)
        for line in self._stream:
            yield json.loads(line)
        self._stream.seek(0, os.SEEK_END)
