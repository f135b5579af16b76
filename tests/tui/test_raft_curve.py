"""The curve of a RAFT workflow in Activity: drawn, read point by point, its bands chosen; at any size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cupola.store import workflows
from cupola.store.database import Database
from cupola.store.workflows import Stage, StageState, Workflow, WorkflowState
from cupola_tui.app import CupolaApp
from cupola_tui.lines import plain
from cupola_tui.panes.activity.raft_curve import plot_of
from cupola_tui.views.workflows import strip
from cupola_tui.views.workflows.raft import arms, curve_lines
from cupola_tui.views.workflows.records import view_of

NOW = 1_800_000_000.0

Open = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]


def point(arm: str, level: int | None, value: float) -> dict[str, object]:
    return {"arm": arm, "distractors": level, "value": value, "low": value - 0.1, "high": value + 0.1, "items": 48}


TOLD = {
    "points": [
        point("tuned closed-book", None, 0.4),
        *(point("base with retrieval", level, 0.8 - level / 20) for level in (8, 0, 4)),
        *(point("tuned with retrieval", level, 0.9) for level in (0, 4, 8)),
    ],
    "items": 48,
    "headline": "Among documents the tuned model is better than the base at 2 of 3 numbers of distractors.",
    "sentences": ["Tuned against base with 8 distractors: better, +0.50 (+0.30 to +0.70)."],
}


@pytest.fixture
def drawn(store: Database) -> Database:
    workflow = Workflow(0, "raft", "handbook", WorkflowState.DONE, "{}", NOW - 900, NOW - 60, finished_at=NOW - 60)
    names = ("ask", "benchmark", "curve")
    number = workflows.add(store, workflow, [Stage(0, name, place) for place, name in enumerate(names)])
    for name in names:
        found = workflows.stage(store, number, name)
        assert found is not None
        done = replace(found, state=StageState.DONE, done=1_008, total=1_008, unit="answers", began_at=NOW - 900)
        workflows.save_stage(store, replace(done, outputs=TOLD if name == "curve" else {}))
    return store


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_curve_is_drawn_with_its_arms_and_its_headline(
    drawn: Database, open_app: Open, see: See, size: tuple[int, int]
) -> None:
    async with open_app().run_test(size=size) as pilot:
        await pilot.press("6")
        await see(pilot, "handbook")
        pane = pilot.app.screen.query_one("#pane-activity")
        pane.show_thing("1")  # type: ignore[attr-defined]  # Every pane goes to what it is told to show.
        await see(pilot, "tuned with retrieval")
        await see(pilot, "2 of 3 numbers of")
        await see(pilot, "48 questions")
        await pilot.press("enter", "b")
        await see(pilot, "base with retrieval ░ 95%")


def test_points_are_ordered_and_what_needs_no_documents_lies_level() -> None:
    assert [level for level, _ in arms(TOLD)["base with retrieval"]] == [0, 4, 8]
    first = {series.label: series for series in plot_of(TOLD).series}
    level = first["tuned closed-book"]
    assert (level.steps.tolist(), level.values.tolist(), level.band) == ([0, 8], [0.4, 0.4], None)
    assert first["tuned with retrieval ░ 95%"].band is not None
    assert [one.band is not None for one in plot_of(TOLD, 3).series] == [False, False, True]
    assert not any(one.band for one in plot_of(TOLD, 4).series)


@pytest.mark.parametrize("told", [{}, {"points": None}, {"points": [{"arm": 3, "value": "x"}, 7]}, {"sentences": 5}])
def test_a_curve_that_is_not_as_expected_breaks_nothing(told: dict[str, object]) -> None:
    assert plot_of(told).series == ()
    curve_lines(told, 60)


def test_no_line_of_the_words_is_wider_than_its_room() -> None:
    for width in (30, 58, 78, 120):
        assert all(len(plain(one)) <= width for one in curve_lines(TOLD, width))


def test_a_number_that_has_no_room_for_what_it_counts_stands_alone(drawn: Database) -> None:
    (workflow,) = workflows.newest(drawn)
    stages = workflows.stages(drawn, workflow.id)
    many = [replace(stages[0], name=f"stage-{place}", position=place) for place in range(9)]
    view = view_of(workflow, many, NOW)
    assert view is not None
    shown = "\n".join(plain(one) for one in strip.strip_lines(view, "", False, 116))
    assert "1,008" in shown and "answe…" not in shown
