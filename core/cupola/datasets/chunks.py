"""Sections cut into chunks of a size that a prompt can hold several of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .documents import Section
from .lines import DatasetError

SIZE = 1_000
LEAST_SIZE = 40
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document."""

    source: str
    title: str
    text: str
    place: int
    """From 0, over all documents."""

    @property
    def shown(self) -> str:
        """As it stands in a prompt: the innermost heading and the text, on one line."""
        title = self.title.rsplit(" > ", 1)[-1]
        text = " ".join(self.text.split())
        return f"{title}: {text}" if title else text


def chunks_of(sections: Iterable[Section], size: int = SIZE, overlap: int = 0) -> list[Chunk]:
    """Cut sections at paragraphs, else at sentences, else at words; a chunk never spans two sections.

    Args:
        sections: In order.
        size: Most characters of a chunk's text.
        overlap: Sentences of a chunk that the next one of the same section begins with.

    Raises:
        DatasetError: the size is too small, or the overlap negative.
    """
    if size < LEAST_SIZE or overlap < 0:
        raise DatasetError(f"Chunks of {size} characters with {overlap} sentences of overlap?",
                           remedy=f"Take at least {LEAST_SIZE} characters, and 0 or more sentences.")  # fmt: skip
    found: list[Chunk] = []
    seen: set[tuple[str, str]] = set()
    for section in sections:
        for text in _packed(list(_pieces(section.text, size)), size, overlap):
            # Boilerplate that is repeated word for word is one chunk.
            if (section.title, text) not in seen:
                seen.add((section.title, text))
                found.append(Chunk(section.source, section.title, text, len(found)))
    return found


def _pieces(text: str, size: int) -> Iterator[str]:
    """Sentences, long ones cut at words, longer words cut anywhere."""
    for paragraph in text.split("\n\n"):
        for sentence in _SENTENCE.split(paragraph.strip()):
            rest = sentence
            while len(rest) > size:
                cut = rest.rfind(" ", 1, size + 1)
                cut = cut if cut > 0 else size
                yield rest[:cut].strip()
                rest = rest[cut:].strip()
            if rest:
                yield rest


def _packed(pieces: list[str], size: int, overlap: int) -> Iterator[str]:
    held: list[str] = []
    fresh = False
    for piece in pieces:
        if held and len(" ".join([*held, piece])) > size:
            if fresh:
                yield " ".join(held)
            held = held[-overlap:] if overlap else []
            while held and len(" ".join([*held, piece])) > size:
                held.pop(0)
        held.append(piece)
        fresh = True
    if held and fresh:
        yield " ".join(held)
