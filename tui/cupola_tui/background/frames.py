"""What goes between the screen and its background process: pickled records, each after its length."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from cupola.models import Problem

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Ask:
    """Something to do."""

    id: int
    task: Any
    """One of the records of `tasks`."""


@dataclass(frozen=True, slots=True)
class Drop:
    """What was asked is not wanted any more."""

    id: int


@dataclass(frozen=True, slots=True)
class Step:
    """An early part of the answer."""

    id: int
    value: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer, or why there is none."""

    id: int
    value: Any = None
    problem: Problem | None = None


Frame = Ask | Drop | Step | Answer

HEADER_BYTES = _LENGTH.size


def pack(frame: Frame) -> bytes:
    """A frame as bytes."""
    body = pickle.dumps(frame, protocol=5)
    return _LENGTH.pack(len(body)) + body


def length_in(header: bytes) -> int:
    """How many bytes follow a header."""
    return int(_LENGTH.unpack(header)[0])


def unpack(body: bytes) -> Frame:
    """The frame. Both ends are this program, over a pipe that no one else holds."""
    frame: Frame = pickle.loads(body)
    return frame


def read(stream: BinaryIO) -> Frame | None:
    """The next frame; None at the end."""
    header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    body = stream.read(length_in(header))
    return unpack(body)
