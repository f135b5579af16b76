"""The leaderboard as records: every arm with its interval, outcomes, latency, cost and verdict."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..statistics.clusters import Clusters
from ..statistics.estimates import PASS_FAIL, Estimate, Scale
from ..statistics.latency import Latency, estimate_latency
from ..statistics.leaderboard import Pair, compare_arms, estimate_arms
from ..statistics.outcomes import OutcomeCounts
from ..statistics.picking import Pick, pick_best
from ..statistics.verdicts import Verdict, judge, not_comparable
from ..store import benchmarks
from ..store.benchmarks import Run
from ..store.database import Database
from .definition import Arm, Benchmark, from_json
from .outcomes import Judged, View, judged_table, views_of
from .prices import base_of, price_of
from .table import ArmColumns, Floats, Kind, Table, from_columns


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars, and where the price was read."""

    per_thousand: float
    """A thousand answers."""
    per_answer: float
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """Means of one answer."""

    prompt: float
    completion: float
    """Reasoning included."""
    reasoning: float
    cached: float


@dataclass(frozen=True, slots=True)
class Row:
    """One arm of the leaderboard."""

    index: int
    """In the definition."""
    arm: Arm
    score: Estimate | None
    """None until something is judged."""
    passes: Estimate | None
    outcomes: OutcomeCounts
    latency: Latency | None
    """Seconds. An infinite upper end is not bounded by what was measured."""
    first_token: Latency | None
    tokens: Tokens | None
    cost: Cost | None
    """None where the price is not known."""
    retires: dt.date | None
    """When the service no longer promises the model; None is not known."""
    methods: tuple[str, ...]
    """How the model can be tuned; empty is not at all, as far as is known."""
    verdict: Verdict | None
    """Against the reference; None for the reference itself and for arms without a result."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """What is known of a run under one view, best score first."""

    run: Run
    benchmark: Benchmark
    view: View
    views: tuple[View, ...]
    rows: tuple[Row, ...]
    reference: int | None
    """The arm that verdicts are against: the declared baseline, else the highest; None without results."""
    pairs: tuple[Pair, ...]
    """Every arm against every other, Holm-corrected together; `first` and `second` are arms' indices."""
    pick: Pick | None
    """The best choice by score and cost; its numbers are arms' indices. None unless every arm has results."""
    margin: float
    """In the score's unit."""
    items: int
    prompts: int
    judged: tuple[Judged, ...]
    """By arm index."""
    clusters: Clusters

    @property
    def few_prompts(self) -> bool:
        """Intervals rest on fewer than ten prompts."""
        return any(row.score is not None and row.score.few_prompts for row in self.rows)

    def row_of(self, index: int) -> Row:
        """An arm's row by its index in the definition."""
        return next(row for row in self.rows if row.index == index)

    def pair_of(self, first: int, second: int) -> Pair | None:
        """Two arms' comparison, as first minus second."""
        for pair in self.pairs:
            if (pair.first, pair.second) == (first, second):
                return pair
            if (pair.first, pair.second) == (second, first):
                return pair.turned()
        return None

    def verdict_of(self, first: int, second: int) -> Verdict | None:
        """How the first arm stands to the second."""
        return _verdict(self.pair_of(first, second), self.margin, _item_cost(self.row_of(first), self.row_of(second)))


def load_table(database: Database, run: Run) -> Table | None:
    """A run's results as arrays; None before it has begun."""
    return from_columns(from_json(run.definition), benchmarks.columns(database, run.id))


def leaderboard_of(database: Database, run: Run, view_name: str | None = None) -> Leaderboard | None:
    """A run's leaderboard, by the view of that name or the first; None before the run has begun."""
    table = load_table(database, run)
    if table is None:
        return None
    benchmark = from_json(run.definition)
    views = views_of(benchmark)
    view = next((view for view in views if view.name == view_name), views[0])
    return leaderboard(run, benchmark, table, view)


def leaderboard(run: Run, benchmark: Benchmark, table: Table, view: View) -> Leaderboard:
    """The leaderboard of a table of results."""
    found = judged_table(table, benchmark, view)
    clusters, scale = table.clusters(), view.scale
    scores = np.stack([one.scores for one in found])
    passes = np.stack([one.passes for one in found])
    scored = estimate_arms(scores, clusters, scale)
    passing = estimate_arms(passes, clusters, PASS_FAIL)
    known = [index for index, estimate in enumerate(scored) if estimate is not None]
    margin = margin_of(benchmark, scale, scores)
    pairs = _pairs(scores, known, clusters, scale)
    reference = _reference(benchmark, scored, known)
    rows = tuple(
        _row(index, benchmark, table.arms[index], found[index], scored[index], passing[index])
        for index in range(len(benchmark.arms))
    )
    board = Leaderboard(
        run=run,
        benchmark=benchmark,
        view=view,
        views=views_of(benchmark),
        rows=rows,
        reference=reference,
        pairs=pairs,
        pick=_pick(scores, rows, pairs, known, margin, clusters, scale),
        margin=margin,
        items=len(table.prompts),
        prompts=clusters.count,
        judged=tuple(found),
        clusters=clusters,
    )
    return _with_verdicts(board)


def margin_of(benchmark: Benchmark, scale: Scale, scores: Floats) -> float:
    """The declared margin in the score's unit; where the range is not known, its share of the range that was seen."""
    if math.isfinite(scale.width):
        return benchmark.margin * scale.width
    seen = scores[~np.isnan(scores)]
    width = float(np.ptp(seen)) if seen.size else 0.0
    return benchmark.margin * (width or 1.0)


def _pairs(scores: Floats, known: Sequence[int], clusters: Clusters, scale: Scale) -> tuple[Pair, ...]:
    """All pairs: the reference is usually chosen by its score, and so all have been looked at."""
    if len(known) < 2:
        return ()
    found = compare_arms(scores[list(known)], clusters, scale)
    return tuple(Pair(known[pair.first], known[pair.second], pair.comparison, pair.reasons) for pair in found)


def _reference(benchmark: Benchmark, scored: Sequence[Estimate | None], known: Sequence[int]) -> int | None:
    if benchmark.baseline is not None:
        index = benchmark.arm_index(benchmark.baseline)
        return index if index in known else None
    return max(known, key=lambda index: _value(scored[index]), default=None)


def _value(estimate: Estimate | None) -> float:
    return -math.inf if estimate is None else estimate.value


def _pick(
    scores: Floats,
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    known: Sequence[int],
    margin: float,
    clusters: Clusters,
    scale: Scale,
) -> Pick | None:
    if len(known) != len(rows) or len(rows) < 2:
        return None
    # An unknown price is no low price.
    costs = [row.cost.per_answer if row.cost else math.inf for row in rows]
    return pick_best(scores, costs, pairs, margin, clusters, scale)


def _row(
    index: int,
    benchmark: Benchmark,
    arm: ArmColumns,
    found: Judged,
    score: Estimate | None,
    passes: Estimate | None,
) -> Row:
    definition = benchmark.arms[index]
    base = base_of(definition.model)
    return Row(
        index=index,
        arm=definition,
        score=score,
        passes=passes,
        outcomes=found.counts,
        latency=_latency(arm, arm.seconds),
        first_token=_latency(arm, arm.first),
        tokens=_tokens(arm),
        cost=_cost(definition, benchmark.engine, arm),
        retires=base.retires if base else None,
        methods=base.methods if base else (),
        verdict=None,
    )


def _latency(arm: ArmColumns, seconds: Floats) -> Latency | None:
    told = np.isin(arm.kind, (Kind.ANSWERED, Kind.TRUNCATED, Kind.REFUSED)) & ~np.isnan(seconds)
    return estimate_latency(seconds[told]) if told.any() else None


def _tokens(arm: ArmColumns) -> Tokens | None:
    told = ~np.isnan(arm.prompt) & ~np.isnan(arm.completion)
    if not told.any():
        return None
    means = (float(np.nan_to_num(c[told]).mean()) for c in (arm.prompt, arm.completion, arm.reasoning, arm.cached))
    return Tokens(*means)


def _cost(definition: Arm, engine: str, arm: ArmColumns) -> Cost | None:
    price = price_of(definition.model, definition.tier, engine)
    told = ~np.isnan(arm.usd) & np.isin(arm.kind, (Kind.ANSWERED, Kind.TRUNCATED, Kind.REFUSED))
    if price is None or not told.any():
        return None
    mean = float(arm.usd[told].mean())
    return Cost(mean * 1_000, mean, price.source, price.confirmed)


def _with_verdicts(board: Leaderboard) -> Leaderboard:
    """Best first, each arm with its verdict against the reference."""
    rows = sorted(board.rows, key=lambda row: (-_value(row.score), row.index))
    if board.reference is not None:
        rows = [_judged_row(board, row) for row in rows]
    return replace(board, rows=tuple(rows))


def _judged_row(board: Leaderboard, row: Row) -> Row:
    if board.reference is None or row.index == board.reference or row.score is None:
        return row
    return replace(row, verdict=board.verdict_of(row.index, board.reference))


def _verdict(pair: Pair | None, margin: float, cost_per_item: float | None) -> Verdict | None:
    if pair is None:
        return None
    if pair.comparison is None:
        return not_comparable(pair.reasons)
    return judge(pair.comparison, margin, cost_per_item)


def _item_cost(first: Row, second: Row) -> float | None:
    """What one more item costs in both arms, their graders left out."""
    if first.cost is None or second.cost is None:
        return None
    return first.cost.per_answer + second.cost.per_answer
