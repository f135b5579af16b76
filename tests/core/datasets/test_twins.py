"""Near-duplicates: found when they are near, not when they share a template."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.datasets.check import check_file
from cupola.datasets.signatures import common_shingles, jaccard, normalised, shingle_sets, shingles, signatures
from cupola.datasets.twins import Source, candidate_pairs, equal_pairs, find_twins, groups

NONE = np.empty(0, np.uint64)
WORDS = [f"{a}{b}{c}" for a in "bcdfghklm" for b in "aeiou" for c in ("nt", "rk", "st", "ll", "mp")]


def _text(seed: int, words: int = 40) -> str:
    return " ".join(np.random.default_rng(seed).choice(WORDS, words))


def _prompt(text: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes, it is."}]}


def _twins(path):
    report = check_file(path)
    assert report.format is not None
    return find_twins([Source(path, report.format, report.rows)], report.boilerplate).twins


def test_a_prompt_with_a_word_changed_is_the_twin_of_the_other(write):
    texts = [_text(n) for n in range(200)]
    texts[150] = texts[20].replace(texts[20].split()[5], "other", 1)
    found = _twins(write(_prompt(text) for text in texts))
    assert [(twin.kind, twin.first.line, twin.second.line) for twin in found] == [("near", 21, 151)]
    assert 0.8 <= found[0].similarity < 1


def test_case_space_and_punctuation_make_no_difference(write):
    texts = [_text(n) for n in range(30)]
    texts[20] = texts[3].upper().replace(" ", "\n  ") + "?!"
    found = _twins(write(_prompt(text) for text in texts))
    assert [(twin.kind, twin.first.line, twin.second.line) for twin in found] == [("prompt", 4, 21)]


def test_a_long_template_that_all_rows_share_makes_no_twins(write):
    template = _text(1, 150)
    assert _twins(write(_prompt(f"{template} {_text(n, 25)}") for n in range(2, 200))) == ()


def test_twins_are_missed_rarely_and_made_up_never():
    near = 0
    for seed in range(200):
        words = _text(seed, 60).split()
        changed = [*words]
        changed[seed % 60] = "zzzzzz"
        pair = [normalised(" ".join(words)), normalised(" ".join(changed))]
        bands = signatures(pair, NONE)
        near += bool((bands[0] == bands[1]).any())
        far = signatures([normalised(_text(seed, 60)), normalised(_text(seed + 10_000, 60))], NONE)
        assert jaccard(*shingle_sets([normalised(_text(s, 60)) for s in (seed, seed + 10_000)], NONE)) < 0.5
        assert (far > 0).all()
    assert near >= 198


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=12))
def test_shingles_of_many_texts_are_those_of_each(texts: list[bytes]):
    hashes, counts = shingles(texts)
    alone = [shingles([text])[0] for text in texts]
    assert counts.tolist() == [max(0, len(text) - 5) for text in texts]
    assert hashes.tolist() == [value for part in alone for value in part.tolist()]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=12))
def test_a_signature_does_not_depend_on_the_company_it_is_made_in(texts: list[bytes]):
    together = signatures(texts, NONE)
    assert (together == np.concatenate([signatures([text], NONE) for text in texts])).all()


def test_boilerplate_is_what_a_fifth_of_the_texts_share():
    texts = [b"thesharedpart" * (n % 4 == 0) + bytes(str(n * 7919), "ascii") * 3 for n in range(100)]
    common = common_shingles(texts)
    assert set(np.unique(shingles([b"thesharedpart"])[0])) <= set(common.tolist())
    assert len(common) < 20


@given(st.lists(st.integers(0, 5).map(lambda n: n * 77), max_size=40))
def test_equal_pairs_name_the_first_of_each(hashes: list[int]):
    expected = [
        (hashes.index(value), index) for index, value in enumerate(hashes) if value and hashes.index(value) < index
    ]
    found = equal_pairs(np.array(hashes, np.uint64)).tolist()
    assert [tuple(pair) for pair in found] == expected


@pytest.mark.parametrize(
    ("pairs", "expected"), [([], [0, 1, 2, 3]), ([(2, 3), (1, 3)], [0, 1, 1, 1]), ([(0, 1), (2, 3), (1, 2)], [0] * 4)]
)
def test_connected_rows_form_one_group(pairs, expected):
    assert groups(4, iter(pairs)).tolist() == expected


def test_rows_that_are_all_alike_give_a_bounded_number_of_pairs_and_the_rest_is_counted():
    pairs, left = candidate_pairs(np.ones((300_000, 8), np.uint32))
    assert len(pairs) < 300_000
    assert left == 8 * (299_999 - 200_000)
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_pairs_that_share_the_most_bands_come_first():
    bands = np.arange(1, 33, dtype=np.uint32).reshape(4, 8)
    bands[1, :2] = bands[0, :2]
    bands[3, :5] = bands[2, :5]
    pairs, left = candidate_pairs(bands)
    assert pairs.tolist() == [[2, 3], [0, 1]] and left == 0


def test_more_equal_rows_than_are_named_are_counted_and_leaks_are_named_first(write):
    row = _prompt("What is it?")
    files = [write([row] * 30, "one.jsonl"), write([row] * 3, "other.jsonl")]
    reports = [check_file(path) for path in files]
    sources = [Source(report.path, report.format, report.rows) for report in reports if report.format]
    found = find_twins(sources, NONE, most_named=5)
    assert len(found.twins) == 5 and found.equals_left == 32 - 5
    assert [twin.across for twin in found.twins].count(True) == 3


def test_long_and_short_prompts_on_both_sides_of_a_limit_still_meet():
    met = 0
    for seed in range(100):
        text = normalised(_text(seed, 90))
        pair = [text[:318], text[:330]]
        bands = signatures(pair, NONE)
        met += bool((bands[0] == bands[1]).any())
    assert met >= 90
