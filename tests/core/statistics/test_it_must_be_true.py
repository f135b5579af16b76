"""The promises of the statistics on a small scale; `python -m tests.calibrate` keeps them in full."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from cupola.statistics.clusters import clusters_of
from cupola.statistics.comparison import compare
from cupola.statistics.estimates import PASS_FAIL
from cupola.statistics.leaderboard import compare_arms
from cupola.statistics.pass_rates import estimate_pass_rate
from cupola.statistics.verdicts import Word, judge

CLAIMS = (Word.BETTER, Word.WORSE)


@pytest.mark.parametrize(("items", "rate"), product((50, 100, 500), (0.1, 0.5, 0.9)))
def test_wilson_intervals_cover_93_to_97_percent(items: int, rate: float) -> None:
    chances = stats.binom.pmf(np.arange(items + 1), items, rate)
    covered = [rate in estimate_pass_rate(np.arange(items) < passed).interval for passed in range(items + 1)]
    assert 0.93 <= round(float(chances @ covered), 3) <= 0.97


@pytest.mark.parametrize(("prompts", "rate"), product((10, 20, 100), (0.1, 0.5, 0.9)))
def test_intervals_over_repeats_cover_the_truth(prompts: int, rate: float) -> None:
    source = np.random.default_rng([prompts, round(rate * 10)])
    clusters = clusters_of(np.repeat(np.arange(prompts), 5).tolist())
    chances = source.beta(rate, 1 - rate, (1500, prompts, 1))
    tables = (source.random((1500, prompts, 5)) < chances).astype(float).reshape(1500, -1)
    covered = np.mean([rate in estimate_pass_rate(table, clusters).interval for table in tables])
    # 1,500 tables place a share within about 0.012 of itself.
    assert 0.93 - 0.012 <= covered <= 0.97 + 0.012


def test_a_copy_of_an_arm_is_seldom_called_different() -> None:
    source = np.random.default_rng(1)
    chances = source.beta(2, 1, (600, 1, 120))
    tables = (source.random((600, 2, 120)) < chances).astype(float)
    claimed = [judge(compare(*table, scale=PASS_FAIL), 0.05).word in CLAIMS for table in tables]
    assert np.mean(claimed) <= 0.05


def test_a_leaderboard_of_eight_copies_seldom_names_a_better_one() -> None:
    source = np.random.default_rng(2)
    chances = source.beta(2, 1, (150, 1, 120))
    tables = (source.random((150, 8, 120)) < chances).astype(float)
    verdicts = [
        [judge(p.comparison, 0.05).word for p in compare_arms(t, scale=PASS_FAIL) if p.comparison] for t in tables
    ]
    assert np.mean([any(word in CLAIMS for word in words) for words in verdicts]) <= 0.05
