"""Tokens are those of the published vocabulary, counted without a network."""

from __future__ import annotations

import hashlib
import lzma
import os
import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.formats import Format
from cupola.datasets.images import ImageFacts
from cupola.datasets.tokens import encoding_for, image_tokens, row_counter, text_counter
from cupola.datasets.units import encoder

COUNT = text_counter("o200k_base")

SAMPLES = (
    "The quick brown fox doesn't jump; IT'S 12345 times 6.78!\n\n\tdef f(x):\r\n    return x  ",
    "Grüße aus Köln, 東京の天気は晴れです。 Привет, мир! مرحبا 🙂👩‍👩‍👧 <|endoftext|>",
)


def test_the_encoder_is_tiktokens_own_byte_for_byte(tmp_path):
    packed = files("cupola_data.encodings").joinpath("o200k_base.tiktoken.xz").read_bytes()
    url = b"https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    (tmp_path / hashlib.sha1(url).hexdigest()).write_bytes(lzma.decompress(packed))
    code = (
        "import sys, tiktoken; encode = tiktoken.get_encoding('o200k_base').encode_ordinary;"
        "print([encode(text) for text in sys.argv[1:]])"
    )
    theirs = subprocess.run(
        [sys.executable, "-c", code, *SAMPLES],
        env={**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert theirs.stdout.strip() == str([encoder("o200k_base").encode_ordinary(text) for text in SAMPLES])


# White space of every kind between words, where pieces are hardest to tell apart.
_SPACED = st.lists(
    st.sampled_from([" ", " ", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\x1f", "\x85", "\v"])
    | st.sampled_from(
        ["word", "Word's", "IT'S", "12345", "...", "/", "(a)", "naïve", "東京", "🙂", "don't", "a/\n", "'", "—"]
    )
    | st.text(max_size=4),
    max_size=40,
).map("".join)


@settings(deadline=None, max_examples=700)
@given(st.text(max_size=300) | _SPACED)
def test_counting_is_encoding(text: str):
    assert COUNT(text) == len(encoder("o200k_base").encode_ordinary(text))


@pytest.mark.parametrize("unit", ["some words, and 1234 more. ", "x", "naïve 東京 ", "\n\n  "])
def test_a_text_too_long_for_one_piece_counts_the_same(unit: str):
    text = unit * (450_000 // len(unit)) if unit.strip() else unit * 10_000
    assert COUNT(text) == len(encoder("o200k_base").encode_ordinary(text))


def test_a_million_blanks_are_counted_and_nothing_panics():
    assert COUNT("a" + " " * 1_500_000 + "b") > 0


def test_a_row_counts_as_the_published_recipe_does():
    row = {
        "messages": [
            {"role": "system", "content": "You are Cora."},
            {"role": "user", "name": "Ada", "content": "Which paint?"},
            {"role": "assistant", "content": "The blue one."},
        ]
    }
    texts = sum(COUNT(m["content"]) + COUNT(m["role"]) + 3 for m in row["messages"])
    assert row_counter("o200k_base", Format.CHAT)(row) == texts + 1 + COUNT("Ada") + 3


@pytest.mark.parametrize(
    ("model", "exact"),
    [
        ("gpt-4.1", True),
        ("gpt-4.1-nano-2025-04-14", True),
        ("gpt-4.1-nano-2025-04-14.ft-694c4afe08ce47269b9467b82814b074-o3", True),
        ("ft:gpt-4.1:x", True),
        ("o4-mini-2025-04-16", True),
        ("gpt-oss-20b", True),
        ("Ministral-3B", False),
        ("gpt-4", False),
        (None, False),
    ],
)
def test_the_encoding_is_that_of_the_base_model_and_unknown_ones_are_an_estimate(model, exact):
    assert encoding_for(model).exact is exact


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [((1024, 1024), "high", 765), ((2048, 4096), "high", 1105), ((4096, 8192), "low", 85), ((100, 100), "auto", 255)],
)
def test_image_tokens_are_those_of_the_guides_examples(size, detail, tokens):
    assert image_tokens(ImageFacts("image/png", *size, colour=True), detail) == tokens


def test_rows_past_the_training_context_are_named(write, rows):
    made = [rows["chat"](n) for n in range(12)]
    made[8]["messages"][1]["content"] = "word " * 70_000
    report = check_file(write(made), Options(model="gpt-4.1-nano", count_tokens=True))
    groups = {group.rule.id: group for group in report.groups}
    assert [finding.line for finding in groups["context.exceeded"].examples] == [9]
    assert report.tokens == int(report.rows["tokens"].sum()) and report.tokens > 70_000
