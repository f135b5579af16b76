"""The nouns notify and cost."""

from __future__ import annotations

import io
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.cli import main
from cupola.models import Job
from cupola.store import answers, jobs, notices, watches
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.database import Database
from cupola.store.notices import News
from cupola.store.watches import Subject

from .conftest import Shell, Terminal


def configure(shell: Shell, text: str) -> None:
    file = shell.context.paths.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_job_is_watched_by_its_name_and_listed(shell: Shell, store: Database) -> None:
    jobs.save(store, [Job("ftjob-1", "m", "supervised", "running", 1, suffix="cora")])
    assert shell.run("notify", "watch", "job", "cora") == 0
    assert shell.json("notify", "watches")[0]["target"] == "ftjob-1"
    assert shell.run("notify", "unwatch", "job", "ftjob-1") == 0
    assert watches.all_watches(store) == []


@pytest.mark.parametrize("target", [("job", "nothing"), ("run", "7"), ("workflow", "x"), ("deployment", "d")])
def test_what_is_not_known_cannot_be_watched(shell: Shell, store: Database, target: tuple[str, str]) -> None:
    assert shell.run("notify", "watch", *target) == 2


def test_notices_are_listed_cleaned_of_what_could_steer_a_terminal(shell: Shell, store: Database) -> None:
    notices.add(store, Subject.JOB, "j", [News("ended", "1", "T", "Job \x1b]0;x\x07 done.")], 5.0)
    assert shell.run("notify", "list") == 0
    assert "\x1b" not in shell.out and "Job" in shell.out
    assert shell.json("notify", "list")[0]["told_by"] is None


def test_a_test_notice_goes_to_the_terminal_and_a_no_brings_a_remedy(shell: Shell) -> None:
    def tested(answer: str, *words: str) -> tuple[int, str]:
        err = Terminal()
        context = replace(shell.context, out=io.StringIO(), err=err, input=Terminal(answer))
        return main(["notify", "test", *words], context=context), err.getvalue()

    code, written = tested("y\n", "--terminal", "osc777")
    assert code == 0
    assert "\x1b]777;notify;Cupola;This is what a notice looks like.\x1b\\" in written
    code, written = tested("n\n")
    assert code == 1
    assert written.startswith("\x07") and "osc777" in written


def test_a_test_notice_needs_a_terminal(shell: Shell) -> None:
    assert shell.run("notify", "test") == 2
    assert "no terminal" in shell.err


def test_a_test_of_the_command_runs_it(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "told"
    code = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    configure(shell, f"[notify]\ncommand = {json.dumps([sys.executable, '-c', code, str(out), '{text}'])}\n")
    assert shell.run("notify", "test", "--away") == 0
    assert out.read_text() == "This is what a notice looks like."
    configure(shell, "")
    assert shell.run("notify", "test", "--away") == 2


def test_cost_tells_totals_with_ranges_and_what_they_rest_on(shell: Shell, store: Database) -> None:
    configure(shell, '[profiles.default]\nbudget_soft = 0.5\n[[prices]]\nmodel = "x"\ninput = 1\n')
    sent = Sent("r", 1, "arm", "d", 1e9, lost=1)
    answers.write(store, [sent], [Answer("r", 1, AnswerState.ANSWERED, answered_at=1e9, usd=1.25)])
    [day] = shell.json("cost")
    assert (day["low"], day["high"], day["spent"]) == (1.25, 2.5, "$1.25–2.50")
    assert shell.run("cost") == 0
    assert "1 of your own" in shell.err and "soft budget of $0.50 is passed" in shell.err
    [month] = shell.json("cost", "--by", "month")
    assert (month["month"], month["high"]) == (day["day"][:7], 2.5)
    for by, name in (("job", "no job"), ("workflow", "no workflow"), ("profile", "default")):
        [row] = shell.json("cost", "--by", by)
        assert (row[by], row["low"]) == (name, 1.25)


def test_a_hard_budget_of_the_month_refuses_what_would_spend_in_words_and_nothing_else(
    shell: Shell, store: Database
) -> None:
    configure(shell, "[profiles.default]\nbudget_month_hard = 1\nbudget_day_soft = 9\n")
    now = time.time()
    sent = Sent("r", 1, "arm", "d", now)
    answers.write(store, [sent], [Answer("r", 1, AnswerState.ANSWERED, answered_at=now, usd=1.25)])
    assert shell.run("bench", "run", "any", "-y") == 9
    assert "The month's hard budget of $1.00 is used up: $1.25 spent." in shell.err
    assert "budget_month_hard" in shell.err and "begins anew on the first" in shell.err
    assert shell.run("cost") == 0
    assert "$1.25 of $9.00 soft; inside." in shell.err
    assert shell.run("job", "list") == 0
    configure(shell, "[profiles.default]\nbudget_month_hard = 2\n")
    assert shell.run("bench", "run", "any", "-y") == 2, "it is let through, and there is no such benchmark"
