"""The screen tells what is watched: by a sequence for the terminal and a word of its own, each thing once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from cupola.models import Job
from cupola.store import answers, notices, watches
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.database import Database
from cupola.store.notices import News, Notice
from cupola.store.watches import Subject
from cupola.terminals.kinds import Terminal
from cupola.terminals.sequences import Dialect, Progress
from cupola_tui.app import CupolaApp
from cupola_tui.messages import Ask
from cupola_tui.telling import Teller, bar_of, condensed, title_of
from cupola_tui.views.actions import job_action
from cupola_tui.views.frame import FrameState

from .conftest import LEARNING, NOW, PAUSED, PROFILE

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]


async def test_w_watches_the_selected_job_and_w_again_does_not(open_app: OpenApp, see: See, store: Database) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("w")
        await see(pilot, "You are told when something becomes of cora-distil")
        assert [(one.kind, one.target) for one in watches.all_watches(store)] == [(Subject.JOB, LEARNING.id)]
        await pilot.press("w")
        await see(pilot, "You are told of cora-distil no more")
        assert watches.all_watches(store) == []


async def test_a_job_that_has_ended_is_not_watched_any_more(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("G", "w")
        await see(pilot, "pii-mix has ended")
        assert watches.all_watches(store) == []


async def test_a_notice_is_shown_by_the_screen_and_left_to_nobody_else(
    open_app: OpenApp, see: See, store: Database
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.pause(1.0)
        notices.add(store, Subject.JOB, LEARNING.id, [News("ended", "1", "Job [/] has", "Job \x1b[31m[b]x has.")], NOW)
        await see(pilot, "[b]x has.")
        assert [notice.told_by for notice in notices.newest(store)] == ["screen"]
        assert notices.claim(store, "command", NOW + 9) == []


async def test_what_gathered_while_no_screen_was_open_is_told_when_one_opens(
    open_app: OpenApp, see: See, store: Database
) -> None:
    for number in range(6):
        notices.add(store, Subject.JOB, "j", [News("ended", str(number), "T", f"Job {number} has ended.")], NOW)
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "3 earlier notices")
        await see(pilot, "Job 5 has ended.")


def test_of_many_notices_the_last_are_told_and_the_rest_are_counted() -> None:
    made = [Notice(n, NOW, Subject.JOB, "j", "ended", f"T{n}", f"x{n}") for n in range(5)]
    assert condensed(made[:2]) == [("T0", "x0"), ("T1", "x1")]
    assert [title for title, _ in condensed(made)] == ["2 earlier notices", "T2", "T3", "T4"]


def test_the_title_says_first_what_needs_a_person() -> None:
    state = FrameState(PROFILE, running=2, needs_you=1)
    assert title_of(state) == "1 needs you · 2 running · Cupola demo"
    assert title_of(FrameState(PROFILE)) == "Cupola demo"


def test_title_and_bar_are_sent_when_they_change_and_taken_back_at_the_end(store: Database) -> None:
    sent: list[str] = []
    teller = Teller(store, lambda: NOW, sent.append)
    state = FrameState(PROFILE, running=1)
    ghostty = Terminal("ghostty", Dialect.OSC9, True)
    teller.show_title(state)
    teller.show_title(replace(state, spend="$1.00 today"))
    teller.show_bar(ghostty, (Progress.NORMAL, 40))
    teller.show_bar(ghostty, (Progress.NORMAL, 40))
    assert sent == ["\x1b[22;2t\x1b]2;1 running · Cupola demo\x1b\\", "\x1b]9;4;1;40\x1b\\"]
    teller.end(ghostty)
    teller.end(ghostty)
    assert sent[2:] == ["\x1b]9;4;0;0\x1b\\", "\x1b[23;2t"]


async def test_what_would_be_paid_for_is_refused_in_words_once_the_days_hard_budget_is_used_up(
    open_app: OpenApp, see: See, store: Database
) -> None:
    sent = Sent("r", 1, "arm", "d", NOW)
    answers.write(store, [sent], [Answer("r", 1, AnswerState.ANSWERED, answered_at=NOW, usd=3.0)])
    app = open_app(profile=replace(PROFILE, budget_day_hard=2.0))
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await see(pilot, "day's budget used up")
        job = Job("ftjob-p", "o4-mini", "reinforcement", "paused", 1)
        app.post_message(Ask(job_action("resume", job, PROFILE)))
        await see(pilot, "The day's hard budget of $2.00")
        assert app.screen_stack[-1] is app.screen_stack[0], "no card asks"
        app.post_message(Ask(job_action("cancel", job, PROFILE)))
        await see(pilot, "Cancel ftjob-p")


def test_the_bar_is_of_the_watched_job_that_has_come_least_far() -> None:
    shares = {LEARNING.id: 0.7, PAUSED.id: 0.25}

    def share(job: Job) -> float | None:
        return shares.get(job.id)

    known: list[Job] = [LEARNING, PAUSED]
    assert bar_of(known, frozenset(), share) == (Progress.NONE, 0)
    assert bar_of(known, frozenset({LEARNING.id, PAUSED.id}), share) == (Progress.NORMAL, 25)
    assert bar_of(known, frozenset({PAUSED.id}), share) == (Progress.PAUSED, 25)
    assert bar_of(known, frozenset({LEARNING.id}), lambda job: None) == (Progress.UNKNOWN, 0)
    ended = [replace(LEARNING, status="succeeded")]
    assert bar_of(ended, frozenset({LEARNING.id}), share) == (Progress.NONE, 0)
