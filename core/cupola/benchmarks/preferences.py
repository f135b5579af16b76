"""A run's stored answers as material for preference pairs, and as wins of one arm over another."""

from __future__ import annotations

from ..datasets.pairs import Said
from ..errors import UsageError
from ..statistics.win_rate import WinRate, win_rate
from ..store import answers, benchmarks, grades
from ..store.answers import AnswerState, Entry
from ..store.benchmarks import Run
from ..store.database import Database
from .definition import Benchmark, from_json
from .items import items_of
from .leaderboard import load_table
from .outcomes import View, judged, views_of
from .table import Table


def view_named(benchmark: Benchmark, name: str | None) -> View:
    """The view of that name, or the first.

    Raises:
        UsageError: there is none of that name.
    """
    views = views_of(benchmark)
    found = views[0] if name is None else next((view for view in views if view.name == name), None)
    if found is None:
        raise UsageError(f"There is no grader {name!r}.", remedy=f"Known: {', '.join(view.name for view in views)}.")
    return found


def said_in(database: Database, run: Run, grader: str | None = None) -> list[Said]:
    """Every whole answer of a run, with its score under a view and what people said of it.

    A person's no to any grader's question is a no; a yes is a yes where nobody said no.

    Raises:
        UsageError: the run has no results, or there is no such grader.
    """
    benchmark = from_json(run.definition)
    view = view_named(benchmark, grader)
    table = _table(database, run)
    scores = [judged(arm, benchmark, view).scores for arm in table.arms]
    labels = _labels(database, benchmark, view)
    items = items_of(benchmark, benchmarks.items(database, run.split))
    entries = {(entry.sent.request, entry.sent.number): entry for entry in answers.of_run(database, run.id)}
    found = []
    for ask in benchmarks.asks(database, run.id):
        entry, item = entries.get((ask.request, ask.number)), items[ask.place]
        if entry is not None and _is_whole(entry):
            score = float(scores[ask.arm][table.row(ask.place, ask.repeat)])
            label = labels.get((ask.request, ask.number, item.hash))
            text = (entry.answer.text or "").strip()
            found.append(Said(item.key, item.messages, text, benchmark.arms[ask.arm].name, score, label))
    return found


def wins_of(database: Database, run: Run, arm: str, base: str, grader: str | None = None) -> WinRate:
    """How often an arm's answer scores higher than another's to the same item; lengths are completion tokens.

    Raises:
        UsageError: there is no such arm or grader, or the run has no results.
    """
    benchmark = from_json(run.definition)
    view = view_named(benchmark, grader)
    table = _table(database, run)
    mine, other = (table.arms[benchmark.arm_index(name)] for name in (arm, base))
    scores, others = (judged(columns, benchmark, view).scores for columns in (mine, other))
    return win_rate(scores, others, mine.completion, other.completion, table.clusters())


def _table(database: Database, run: Run) -> Table:
    table = load_table(database, run)
    if table is None:
        raise UsageError(f"Run {run.id} has no results yet.", remedy=f"Run it: cupola bench run {run.benchmark}")
    return table


def _labels(database: Database, benchmark: Benchmark, view: View) -> dict[tuple[str, int, str], bool]:
    uses = benchmark.graders if view.grader is None else (benchmark.graders[view.grader],)
    found: dict[tuple[str, int, str], bool] = {}
    for use in uses:
        for label in grades.labels(database, use.hash):
            if label.passed is not None:
                key = (label.request, label.number, label.item)
                found[key] = label.passed and found.get(key, True)
    return found


def _is_whole(entry: Entry) -> bool:
    """Answered in words, to the end, and not held back."""
    answer = entry.answer
    whole = answer.state is AnswerState.ANSWERED and answer.finish_reason != "length" and not answer.tools
    return whole and not answer.filtered and not answer.refusal and bool((answer.text or "").strip())
