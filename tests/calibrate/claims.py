"""How often the screen would claim what is not so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cupola.statistics.clusters import Clusters
from cupola.statistics.comparison import compare
from cupola.statistics.estimates import PASS_FAIL, Scale
from cupola.statistics.leaderboard import compare_arms
from cupola.statistics.picking import Claim, pick_best
from cupola.statistics.verdicts import Word, equivalent, judge, not_inferior

from .populations import Floats, copies, passes, ranked, scored_copies
from .rows import Row

MARGIN = 0.05
CLAIMS = (Word.BETTER, Word.WORSE)
LIMIT = 0.05
ZERO_TO_ONE = Scale(0.0, 1.0)
Draw = Callable[[np.random.Generator, int, int, int], Floats]


def claim_rows(source: np.random.Generator, tables: int) -> Iterator[Row]:
    """Yield the rates of false claims in every case."""
    kinds: tuple[tuple[str, Draw, Scale, tuple[tuple[int, int], ...]], ...] = (
        ("passes", copies, PASS_FAIL, ((120, 1), (24, 5))),
        ("scores", scored_copies, ZERO_TO_ONE, ((120, 1), (12, 5))),
    )
    for arms, claim in ((2, "a copy is better or worse"), (8, "any of 8 copies is")):
        for name, draw, scale, shapes in kinds:
            for prompts, repeats in shapes:
                # A test at .05 may be wrong in nearly 5%: more of the cheap tables, so that chance does not decide.
                many = tables * 5 if arms == 2 else tables
                share = copy_claims(source, draw, scale, arms, prompts, repeats, many)
                yield Row(claim, f"{name}, {prompts} prompts of {repeats}", share, 0.0, LIMIT, many)
    for prompts in (100, 200, 500):
        inferior, unequal = margin_claims(source, prompts, tables)
        yield Row("inferior called not inferior", f"{prompts} prompts, at the margin", inferior, 0.0, 0.065, tables)
        yield Row("unequal called the same", f"{prompts} prompts, at the margin", unequal, 0.0, 0.065, tables)
    for prompts in (120, 500, 1000):
        claimed, wrong = picks(source, prompts, tables // 2, spread_rates)
        case = f"{prompts} prompts, 8 arms, {claimed:.0%} claim"
        yield Row("pick within the margin", case, 1 - wrong / claimed if claimed else 1.0, 0.95, 1.0, tables // 2)
        _, wrong = picks(source, prompts, tables // 2, crowded_rates)
        yield Row("pick beyond the margin", f"{prompts} prompts, 7 arms just beyond", wrong, 0.0, LIMIT, tables // 2)


def copy_claims(
    source: np.random.Generator, draw: Draw, scale: Scale, arms: int, prompts: int, repeats: int, tables: int
) -> float:
    """Return how often at least one of the arms, all one model, is called better or worse than another."""
    clusters = Clusters(np.repeat(np.arange(prompts), repeats), prompts)

    def claimed() -> bool:
        values = draw(source, arms, prompts, repeats).reshape(arms, -1)
        pairs = compare_arms(values, clusters, scale)
        return any(judge(pair.comparison, MARGIN).word in CLAIMS for pair in pairs if pair.comparison)

    return float(np.mean([claimed() for _ in range(tables)]))


def margin_claims(source: np.random.Generator, prompts: int, tables: int) -> tuple[float, float]:
    """Return how often a student exactly one margin below its teacher is called not inferior, and the same.

    Eleven of a hundred answers are discordant and most of those are lost, which is where normal theory is at its worst.
    """
    teacher = passes(source, 0.85, tables, prompts, 1)[..., 0]
    lost = teacher * (source.random(teacher.shape) < 0.08 / 0.85)
    won = (1 - teacher) * (source.random(teacher.shape) < 0.03 / 0.15)
    found = [
        compare(student, usual, None, PASS_FAIL) for student, usual in zip(teacher - lost + won, teacher, strict=True)
    ]
    inferior = float(np.mean([not_inferior(one, MARGIN) for one in found]))
    return inferior, float(np.mean([equivalent(one, MARGIN) for one in found]))


def spread_rates(source: np.random.Generator) -> Floats:
    """Return pass rates of eight arms as they come."""
    return source.uniform(0.5, 0.95, 8)


def crowded_rates(source: np.random.Generator) -> Floats:
    """Return one best arm and seven that lie a little more than the margin below it: the worst case for a picker."""
    return np.append(np.full(7, 0.9 - MARGIN - 0.001), 0.9)


def picks(
    source: np.random.Generator, prompts: int, tables: int, rates_of: Callable[[np.random.Generator], Floats]
) -> tuple[float, float]:
    """Return how often a pick is claimed, and how often a claimed one lies beyond the margin of the truly best arm."""
    claimed, wrong = 0, 0
    for _ in range(tables):
        rates = rates_of(source)
        values = ranked(source, rates, prompts)
        # Better arms tend to be dearer, which tempts a picker that looks for the cheapest.
        costs = (rates + source.normal(0.0, 0.05, len(rates))).tolist()
        pick = pick_best(values, costs, compare_arms(values, None, PASS_FAIL), MARGIN, None, PASS_FAIL)
        if pick.claim is not Claim.NOT_SEPARABLE:
            claimed += 1
            wrong += bool(rates[pick.picked] < rates.max() - MARGIN)
    return claimed / tables, wrong / tables
