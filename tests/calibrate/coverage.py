"""How often 95% intervals hold the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from scipy import stats

from cupola.statistics.clusters import Clusters
from cupola.statistics.differences import estimate_difference
from cupola.statistics.estimates import PASS_FAIL, Estimate, Scale
from cupola.statistics.means import estimate_mean
from cupola.statistics.pass_rates import estimate_pass_rate

from .populations import Floats, passes, rival, scores
from .rows import Row

ITEMS = (50, 100, 500)
REPEATS = (1, 5)
RATES = (0.1, 0.5, 0.9)
LOW, HIGH = 0.93, 0.97


def coverage_rows(source: np.random.Generator, tables: int) -> Iterator[Row]:
    """Yield the coverage of every kind of interval in every case."""
    for items, repeats, rate in product(ITEMS, REPEATS, RATES):
        case = _case(items, repeats, rate)
        if repeats == 1:
            yield Row("pass rate", case, exact_pass_rate_coverage(items, rate), LOW, HIGH, None)
        else:
            yield Row("pass rate", case, pass_rate_coverage(source, items, repeats, rate, tables), LOW, HIGH, tables)
    for items, repeats, rate in product(ITEMS, REPEATS, RATES):
        share = score_coverage(source, items, repeats, rate, tables // 4)
        yield Row("mean score", _case(items, repeats, rate), share, LOW, HIGH, tables // 4)
    for items, repeats, rate in product(ITEMS, REPEATS, RATES):
        for drop in (0.0, min(0.1, rate / 2)):
            share = difference_coverage(source, items, repeats, rate, drop, tables // 4)
            case = f"{_case(items, repeats, rate)}, {drop:.2f} apart"
            yield Row("difference of pass rates", case, share, LOW, 1.0, tables // 4)


def _case(items: int, repeats: int, rate: float) -> str:
    return f"N={items}, {repeats} to a prompt, true {rate}"


def exact_pass_rate_coverage(items: int, rate: float) -> float:
    """Return the coverage of a pass rate of independent items, summed over all possible numbers of passes."""
    chances = stats.binom.pmf(np.arange(items + 1), items, rate)
    covered = [rate in estimate_pass_rate(np.arange(items) < count).interval for count in range(items + 1)]
    return float(chances @ covered)


def pass_rate_coverage(source: np.random.Generator, items: int, repeats: int, rate: float, tables: int) -> float:
    """Return the simulated coverage of a pass rate with repeats."""
    clusters = _clusters(items, repeats)
    drawn = passes(source, rate, tables, items // repeats, repeats)
    # Tables that differ in the order of prompts or repeats only have the same interval: each kind is computed once.
    kinds, times = np.unique(np.sort(drawn.sum(axis=2), axis=1), axis=0, return_counts=True)
    filled = np.arange(repeats) < kinds[..., None]
    return _share(filled, times, lambda table: estimate_pass_rate(table, clusters), rate)


def score_coverage(source: np.random.Generator, items: int, repeats: int, mean: float, tables: int) -> float:
    """Return the simulated coverage of a mean score."""
    clusters = _clusters(items, repeats)
    drawn = scores(source, mean, tables, items // repeats, repeats)
    scale = Scale(0.0, 1.0)
    return _share(drawn, np.ones(tables), lambda table: estimate_mean(table, clusters, scale), mean)


def difference_coverage(
    source: np.random.Generator, items: int, repeats: int, rate: float, drop: float, tables: int
) -> float:
    """Return the simulated coverage of the difference of two arms' pass rates on the same items."""
    clusters = _clusters(items, repeats)
    first = passes(source, rate, tables, items // repeats, repeats)
    both = np.stack([first, rival(source, first, rate, drop)], axis=1)
    return _share(
        both,
        np.ones(tables),
        lambda table: estimate_difference(table[:items], table[items:], clusters, PASS_FAIL),
        drop,
    )


def _share(drawn: Floats, times: Floats, estimate: Callable[[Floats], Estimate], truth: float) -> float:
    covered = [truth in estimate(table.ravel()).interval for table in drawn.astype(np.float64)]
    return float(np.average(covered, weights=times))


def _clusters(items: int, repeats: int) -> Clusters:
    return Clusters(np.arange(items) // repeats, items // repeats)
