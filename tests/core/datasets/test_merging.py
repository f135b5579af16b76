"""Tokens of whole blocks: the same as those of the encoder, text by text and piece by piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.datasets.keys import LONGEST, PADDING, Table, keys_of
from cupola.datasets.merging import LONGEST_PIECE, merges
from cupola.datasets.units import UnitCounter, encoder, unit_counter

COUNTER = unit_counter("o200k_base")
MERGES = merges("o200k_base")
WORDS = [
    "the",
    " the",
    " Zava",
    " antidisestablish",
    "naïve",
    " ſ",
    "'S",
    "'ſ",
    " it's",
    "12345",
    " \n",
    "\r\n/",
    "\u3000",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=20).map("".join), max_size=30))
def test_texts_counted_together_count_as_each_alone(texts: list[str]):
    alone = [len(encoder("o200k_base").encode_ordinary(text)) for text in texts]
    assert COUNTER.counts(texts).tolist() == alone


def test_long_words_that_were_forgotten_count_the_same_again():
    counter = UnitCounter("o200k_base", long_bytes=1_000)
    texts = [f"Some prose around https://zava.example/articles/{number} and more of it." for number in range(40)]
    alone = [len(encoder("o200k_base").encode_ordinary(text)) for text in texts]
    one_by_one = [counter.counts([text])[0] for text in texts * 2]
    assert one_by_one == alone * 2


def test_texts_that_repeat_are_counted_in_every_place():
    alone = [len(encoder("o200k_base").encode_ordinary(text)) for text in ("user", "", " Zava's paint")]
    texts = ["user", " Zava's paint", "", "user", " Zava's paint"]
    assert COUNTER.counts(texts).tolist() == [alone[0], alone[2], alone[1], alone[0], alone[2]]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text("abcdeEthin gr", min_size=1, max_size=LONGEST_PIECE), min_size=1, max_size=30))
def test_pieces_are_merged_as_the_encoder_merges_them(pieces: list[str]):
    words = [piece.replace(" ", "").lower() or "x" for piece in pieces]
    alone = [len(encoder("o200k_base").encode_ordinary(word)) for word in words]
    assert MERGES.counts([word.encode() for word in words]).tolist() == alone


@pytest.mark.parametrize("blank", ["\u00a0", "\u0085", "\u1680", "\u2003", "\u2028", "\u205f", "\u3000", "\t", "\x1f"])
def test_white_space_of_every_kind_beside_a_space_counts_as_the_encoder_counts_it(blank: str):
    texts = [f"a {blank}b", f"a{blank} b", f"a {blank} b", f"{blank} b", f"b {blank}", f"a\n{blank} b"]
    assert COUNTER.counts(texts).tolist() == [len(encoder("o200k_base").encode_ordinary(text)) for text in texts]


@given(st.lists(st.binary(min_size=1, max_size=LONGEST), unique=True, max_size=60), st.data())
def test_a_table_finds_what_was_added_and_nothing_else(strings: list[bytes], data: st.DataObject):
    known = data.draw(st.integers(0, len(strings)))
    content = b"".join(strings) + b"\0" * PADDING
    lengths = np.array([len(string) for string in strings], np.int64)
    low, high = keys_of(content, np.cumsum(lengths) - lengths, lengths)
    table = Table(64)
    for start in range(0, known, 7):
        some = slice(start, min(start + 7, known))
        table.add((low[some], high[some]), np.arange(some.start, some.stop, dtype=np.int32))
    assert table.find((low, high)).tolist() == [*range(known), *[-1] * (len(strings) - known)]
    assert table.room == 64 - known
