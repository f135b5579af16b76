"""Byte-level byte-pair encoding: any text becomes tokens and comes back unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

PAD: Final = 256
SYSTEM: Final = 257
USER: Final = 258
ASSISTANT: Final = 259
TOOL: Final = 260
END: Final = 261
FIRST_MERGE: Final = 262
"""Ids below 256 are bytes, then come the marks above, then one id for each merge."""

MARKS: Final = frozenset(range(PAD, FIRST_MERGE))
"""Ids that no text can produce: a prompt cannot forge a turn."""

# A piece is a word with its leading space, one digit (so that numbers are copied digit by digit), a run of
# signs or a run of blanks. Lengths are bounded: merging within a piece takes time square to its length.
_PIECES: Final = re.compile(r" ?[^\W\d_]{1,32}| ?\d| ?[^\w\s]{1,4}|\s{1,16}|_")
_MEMORY: Final = 50_000


class Tokenizer:
    """A vocabulary of bytes, marks and merges."""

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        """`merges[i]` are the two token ids that make token `FIRST_MERGE + i`."""
        self.merges = tuple(merges)
        self._ranks = {pair: FIRST_MERGE + i for i, pair in enumerate(self.merges)}
        self._bytes: list[bytes] = [bytes([i]) for i in range(256)] + [b""] * len(MARKS)
        for left, right in self.merges:
            self._bytes.append(self._bytes[left] + self._bytes[right])
        self._known: dict[str, tuple[int, ...]] = {}

    @property
    def size(self) -> int:
        """Number of token ids."""
        return len(self._bytes)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; lone surrogates are carried through as their bytes."""
        tokens: list[int] = []
        for piece in pieces(text):
            tokens.extend(self._encode_piece(piece))
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; bytes that are no UTF-8 become U+FFFD, marks become nothing."""
        return self.decode_bytes(tokens).decode("utf-8", errors="replace")

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        """The bytes of tokens."""
        return b"".join(self._bytes[token] for token in tokens)

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        known = self._known.get(piece)
        if known is None:
            known = tuple(self._merge(list(piece.encode("utf-8", errors="surrogatepass"))))
            if len(self._known) < _MEMORY:
                self._known[piece] = known
        return known

    def _merge(self, tokens: list[int]) -> list[int]:
        while len(tokens) > 1:
            ranks = [self._ranks.get(pair, self.size) for pair in pairwise(tokens)]
            best = min(ranks)
            if best == self.size:
                break
            tokens = replace_pair(tokens, self.merges[best - FIRST_MERGE], best)
        return tokens


def pieces(text: str) -> list[str]:
    """Cut a text into the pieces within which bytes are merged; joined they are the text."""
    found: list[str] = []
    end = 0
    for match in _PIECES.finditer(text):
        if match.start() > end:  # what no alternative matches is left as it stands
            found.append(text[end : match.start()])
        found.append(match.group())
        end = match.end()
    if end < len(text):
        found.append(text[end:])
    return found


def replace_pair(tokens: Sequence[int], pair: tuple[int, int], merged: int) -> list[int]:
    """Replace each occurrence of a pair, from the left."""
    out: list[int] = []
    i = 0
    while i < len(tokens):
        if i + 1 < len(tokens) and (tokens[i], tokens[i + 1]) == pair:
            out.append(merged)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


@cache
def shipped_tokenizer() -> Tokenizer:
    """The vocabulary that the shipped weights were trained with."""
    text = resources.files("cupola_data").joinpath("weights", "vocabulary.json").read_text(encoding="utf-8")
    return Tokenizer([(left, right) for left, right in json.loads(text)["merges"]])
