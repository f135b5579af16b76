from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.graders.records import SimilarityMetric
from cupola.graders.text_similarity import gleu, similarity

WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "42"]), max_size=12).map(" ".join)
METRICS: tuple[SimilarityMetric, ...] = get_args(SimilarityMetric)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_rouge_equals_the_reference_library(text: str, reference: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    kinds = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rouge5": "rouge_5", "rougeL": "rouge_l"}
    expected = RougeScorer(list(kinds)).score(reference, text)
    for theirs, ours in kinds.items():
        assert similarity(ours, text, reference) == pytest.approx(expected[theirs].fmeasure)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(WORDS, WORDS.filter(bool))
def test_gleu_equals_the_reference_library(text: str, reference: str) -> None:
    from nltk.translate.gleu_score import sentence_gleu

    assert gleu(text.split(), reference.split()) == pytest.approx(sentence_gleu([reference.split()], text.split()))


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_every_metric_lies_between_0_and_1_for_any_texts(text: str, reference: str) -> None:
    for metric in METRICS:
        assert 0.0 <= similarity(metric, text, reference) <= 1.0, metric


def test_every_metric_prefers_the_nearer_text() -> None:
    reference = "the drill can be hired for two days from any store"
    near, far = "the drill can be hired for three days from any store", "paint covers twelve square metres a litre"
    for metric in METRICS:
        assert similarity(metric, near, reference) > similarity(metric, far, reference), metric


def test_the_same_text_is_1_by_every_metric_but_meteor_which_has_a_penalty_for_its_chunks() -> None:
    text = "one two three four five six"
    for metric in METRICS:
        assert similarity(metric, text, text) == pytest.approx(1.0, abs=0.01 if metric == "meteor" else 1e-9), metric
