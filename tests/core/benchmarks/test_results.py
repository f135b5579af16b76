"""What a table of results is said to carry: outcomes, leaderboard, roles, frontier, gate, noise, items, labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.browse import differences, item_lines, item_view
from cupola.benchmarks.card import decide, markdown
from cupola.benchmarks.definition import Arm
from cupola.benchmarks.frontier import frontier
from cupola.benchmarks.items import items_of
from cupola.benchmarks.labels import grader_report, label, to_label
from cupola.benchmarks.leaderboard import Leaderboard, leaderboard_of, load_table
from cupola.benchmarks.noise import noise_of, with_second_run
from cupola.benchmarks.not_worse import GateExit, gate
from cupola.benchmarks.outcomes import CODES, judged, views_of
from cupola.benchmarks.power import need_for, sight_before, sight_of
from cupola.benchmarks.roles import Role, assess, propose
from cupola.benchmarks.table import GradeKind, Kind, empty_table, from_columns, to_columns
from cupola.statistics.verdicts import Word
from cupola.store import benchmarks, decisions

from .conftest import EXACT, JUDGED, Bench, defined, question, reply, score, with_arms

ARMS = (
    Arm("strong", "strong", "gpt-4.1"),
    Arm("middle", "middle", "gpt-4.1-mini"),
    Arm("weak", "weak", "gpt-4.1-nano"),
)
RIGHT = {"strong": 57, "middle": 40, "weak": 20}


def answering(deployment: str, body: Mapping[str, Any]) -> ChatReply:
    """Each arm knows the first so many of sixty."""
    number = int(question(body).removeprefix("Question ").removesuffix("?"))
    return reply(f"yes {number}" if number < RIGHT[deployment.partition(" ")[0]] else "no")


async def board_of(bench: Bench, arms: tuple[Arm, ...] = ARMS, items: int = 60) -> Leaderboard:
    runner, _, _ = await bench.go(with_arms(defined(items), *arms), answering)
    run = benchmarks.get_run(bench.database, runner.run.id)
    assert run is not None
    board = leaderboard_of(bench.database, run)
    assert board is not None
    return board


async def test_the_leaderboard_holds_every_arm_against_the_highest(bench: Bench) -> None:
    board = await board_of(bench)

    assert [row.arm.name for row in board.rows] == ["strong", "middle", "weak"]
    assert board.reference == 0
    assert [row.verdict.word if row.verdict else None for row in board.rows] == [None, Word.WORSE, Word.WORSE]
    assert all(pair.comparison is not None and pair.comparison.family == 3 for pair in board.pairs)
    assert all(row.outcomes.total == 60 for row in board.rows)
    costs = [row.cost.per_thousand for row in board.rows if row.cost]
    assert costs == sorted(costs, reverse=True)


async def test_roles_are_proposed_with_reasons_and_warnings(bench: Bench) -> None:
    board = await board_of(bench)

    teacher, student, control = propose(board, dt.date(2026, 10, 2), region="norwayeast")

    assert (teacher.name, student.name, control.name) == ("strong", "weak", "middle")
    assert "scores better than every other arm" in teacher.reasons[0]
    assert "retires in 12 days" in " ".join(teacher.warnings)
    assert "cannot be tuned on the Standard tier in norwayeast" in " ".join(student.warnings)
    assert "room to grow +0.62" in " ".join(student.reasons)


async def test_a_teacher_that_cannot_be_told_from_another_is_said_to_be_so(bench: Bench) -> None:
    arms = (ARMS[0], Arm("strong b", "strong b", "gpt-4o"))

    def nearly(deployment: str, body: Mapping[str, Any]) -> ChatReply:
        number = int(question(body).removeprefix("Question ").removesuffix("?"))
        known = number % 10 != 0 if deployment == "strong" else number % 7 != 0
        return reply(f"yes {number}" if known else "no")

    runner, _, _ = await bench.go(with_arms(defined(60), *arms), nearly)
    run = benchmarks.get_run(bench.database, runner.run.id)
    assert run is not None
    board = leaderboard_of(bench.database, run)
    assert board is not None

    teacher = propose(board, dt.date(2026, 1, 1))[0]

    assert "not separable" in " ".join(teacher.reasons)
    assert "more items would settle it" in " ".join(teacher.warnings)
    assert "$" in " ".join(teacher.warnings)


async def test_a_judge_of_its_own_answers_is_warned_of(bench: Bench) -> None:
    judge = replace(JUDGED, definition={**JUDGED.definition, "model": "strong"})
    what = with_arms(replace(defined(4), benchmark=replace(defined(4).benchmark, graders=(judge,))), *ARMS)
    runner, _, _ = await bench.go(
        what, lambda name, body: score(4) if "Rate" in question(body) else reply(f"{name} says")
    )
    run = benchmarks.get_run(bench.database, runner.run.id)
    assert run is not None
    board = leaderboard_of(bench.database, run)
    assert board is not None

    assert "also the judge" in " ".join(assess(board, Role.TEACHER, 0, dt.date(2026, 1, 1)).warnings)
    assert "also the judge" not in " ".join(assess(board, Role.CONTROL, 1, dt.date(2026, 1, 1)).warnings)


async def test_a_decision_keeps_the_numbers_that_were_on_the_screen(bench: Bench) -> None:
    board = await board_of(bench)
    teacher = propose(board, dt.date(2026, 1, 1))[0]

    decide(bench.database, board, teacher, 5.0)

    decision = decisions.standing(bench.database, "small")["teacher"]
    assert decision.arm == "strong"
    assert [row["arm"] for row in decision.numbers["rows"]] == ["strong", "middle", "weak"]
    assert decision.numbers["rows"][0]["score"]["value"] == board.rows[0].score.value  # type: ignore[union-attr]
    assert "| strong | 0.950" in decision.card


async def test_a_card_holds_no_markup_from_names(bench: Bench) -> None:
    board = await board_of(bench)
    hostile = replace(propose(board, dt.date(2026, 1, 1))[0], name="<script>|x|`[a](b)\x1b[31m")

    card = markdown(board, hostile, 0.0)

    assert "<script>" not in card.replace("\\<", "")
    assert "\x1b" not in card


async def test_dominated_arms_name_who_dominates_them(bench: Bench) -> None:
    arms = (ARMS[0], replace(ARMS[2], model="gpt-4o"), ARMS[1])
    points = {point.name: point for point in frontier(await board_of(bench, arms))}

    assert points["strong"].dominated_by is None
    assert points["middle"].dominated_by is None
    assert points["weak"].dominated_by == "strong"


async def test_the_gate_tells_worse_from_not_worse_and_from_not_known(bench: Bench) -> None:
    board = await board_of(bench)

    assert gate(board, "weak", "strong").exit is GateExit.WORSE
    assert gate(board, "strong", "weak").exit is GateExit.NOT_WORSE
    few = await board_of(bench, items=8)
    assert few.few_prompts
    assert gate(few, "weak", "strong").exit in (GateExit.INCONCLUSIVE, GateExit.NOT_WORSE)


async def test_an_arm_run_twice_has_a_noise_floor(bench: Bench) -> None:
    what = with_arms(defined(60), *ARMS[:1])
    await bench.go(what, answering)
    twice = replace(what, benchmark=with_second_run(what.benchmark, "strong"))

    def unsteady(deployment: str, body: Mapping[str, Any]) -> ChatReply:
        return reply("no") if question(body) in ("Question 3?", "Question 5?") else answering(deployment, body)

    runner, deployments, _ = await bench.go(twice, unsteady)

    assert deployments.calls == 60, "what the first run answered is not asked again"
    run = benchmarks.get_run(bench.database, runner.run.id)
    assert run is not None
    board = leaderboard_of(bench.database, run)
    assert board is not None
    (noise,) = noise_of(board)
    assert noise.floor.flips.value == pytest.approx(2 / 60)


async def test_what_can_be_seen_is_told_before_and_after(bench: Bench) -> None:
    before, board = sight_before(60), await board_of(bench)

    after = sight_of(board)

    assert 0 < before.difference < 1
    assert not before.observed
    assert after.observed
    need = need_for(board, after.difference / 2)
    assert 3 * 60 < need.prompts <= 4 * 60 + 1
    assert need.usd is not None
    assert need.usd > 0


async def test_items_come_worst_first_with_everything_said_about_them(bench: Bench) -> None:
    board = await board_of(bench)
    table = load_table(bench.database, board.run)
    assert table is not None

    lines = item_lines(board, table)

    assert [line.passed for line in lines] == sorted(line.passed for line in lines)
    assert lines[0].place >= 57
    disputed = item_lines(board, table, "disputed")
    assert 20 <= disputed[0].place < 57
    view = item_view(bench.database, board.run, 30)
    assert view is not None
    assert view.messages[0]["content"] == "Question 30?"
    assert [answer.arm for answer in view.answers] == ["strong", "middle", "weak"]
    texts = [answer.entry.answer.text for answer in view.answers if answer.entry]
    assert texts == ["yes 30", "yes 30", "no"]
    assert [reason.grade.passed for answer in view.answers for reason in answer.reasons] == [True, True, False]


async def test_labels_are_asked_for_blind_and_correct_the_pass_rate(bench: Bench) -> None:
    board = await board_of(bench)
    table = load_table(bench.database, board.run)
    assert table is not None

    asked = to_label(bench.database, board.run, table, 0, count=40)
    for number, one in enumerate(asked):
        said = one.text.startswith("yes")
        label(bench.database, one, EXACT, said if number % 10 else not said, 1.0)

    assert len(asked) == 40
    assert to_label(bench.database, board.run, table, 0, count=40) == []
    report = grader_report(bench.database, board.run, table, 0)
    assert report.labelled == 40
    assert report.agreement is not None
    assert report.agreement.agreed == pytest.approx(0.9)
    assert [name for name, _ in report.corrected] == ["strong", "middle", "weak"]


@given(st.data())
def test_outcomes_always_sum_to_the_rows_whatever_came_back(data: st.DataObject) -> None:
    what = defined(7, graders=(EXACT, JUDGED))
    table = empty_table(what.benchmark, items_of(what.benchmark, what.rows))
    arm = table.arms[0]
    kinds = st.sampled_from([kind for kind in Kind if kind is not Kind.UNWANTED])
    for row in range(table.rows):
        arm.kind[row] = data.draw(kinds)
        for grader in range(2):
            arm.graded[grader, row] = data.draw(st.sampled_from(list(GradeKind)))
            if arm.graded[grader, row] == GradeKind.GRADED:
                arm.rewards[grader, row] = data.draw(st.sampled_from([0.0, 1.0]))
                arm.passed[grader, row] = arm.rewards[grader, row]

    for view in views_of(what.benchmark):
        found = judged(arm, what.benchmark, view)

        assert found.counts.total == 7
        assert found.counts.judged == np.count_nonzero(~np.isnan(found.passes))
        assert (np.isnan(found.passes) == np.isnan(found.scores)).all()
        assert all(code < len(CODES) for code in found.codes)
    again = from_columns(what.benchmark, to_columns(table))
    assert again is not None
    assert again.prompts == table.prompts
    np.testing.assert_array_equal(again.arms[0].rewards, arm.rewards)
    np.testing.assert_array_equal(again.arms[0].kind, arm.kind)


@given(st.text(max_size=60), st.text(max_size=60))
def test_differences_give_both_texts_back(first: str, second: str) -> None:
    changes = differences(first, second)

    assert "".join(change.text for change in changes if change.kind != "second") == first
    assert "".join(change.text for change in changes if change.kind != "first") == second
