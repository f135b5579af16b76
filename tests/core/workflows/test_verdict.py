from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.statistics.clusters import one_each
from cupola.statistics.estimates import PASS_FAIL, Scale
from cupola.statistics.outcomes import OutcomeCounts
from cupola.statistics.pairing import Incomparable, Provenance
from cupola.statistics.verdicts import Stability, Word
from cupola.workflows.distil.judging import to_json
from cupola.workflows.distil.results import ArmResult
from cupola.workflows.distil.sentences import headline, sentences
from cupola.workflows.distil.speed import Pace, Timing
from cupola.workflows.distil.verdict import DistillationVerdict, Measured, Paid, payback_of, verdict_of

UNIT = Scale(0.0, 1.0)
PAID = Paid(1.0, 2.0, 0.0, "words")
SAME = Provenance("split", "graders", "prompts")


def arm(name: str, scores: object, usd: float = 0.01, seconds: float = 1.0, tokens: float = 100.0) -> ArmResult:
    values = np.asarray(scores, dtype=np.float64)
    known = ~np.isnan(values)
    passed = int(np.nansum(values >= 0.5))
    outcomes = OutcomeCounts(passed, int(known.sum()) - passed, 0, 0, 0, int((~known).sum()), 0)
    each = np.full(len(values), 1.0)
    passes = np.where(known, (values >= 0.5).astype(np.float64), np.nan)
    return ArmResult(
        name, name, name, values, passes, each * seconds, each * usd, each * tokens, each * 10, outcomes, SAME
    )


def scores(right: int, items: int = 200) -> np.ndarray:
    return (np.arange(items) < right).astype(np.float64)


def measured(teacher: int = 180, before: int = 80, after: int = 175, control: int = 120, **usd: float) -> Measured:
    return Measured(
        teacher_before=arm("teacher", scores(teacher)),
        teacher=arm("teacher again (big)", scores(teacher), usd.get("teacher", 0.01)),
        before=arm("student before (small)", scores(before)),
        after=arm("student after (small)", scores(after), usd.get("after", 0.001)),
        control_before=arm("control", scores(control)),
        control=arm("control again (middle)", scores(control)),
    )


def judged(what: Measured, paid: Paid = PAID, **settings: bool) -> DistillationVerdict:
    items = len(what.teacher.scores)
    return verdict_of(what, one_each(items), PASS_FAIL, 0.05, paid, draws=2_000, **settings)


def test_the_share_of_the_gap_is_the_students_gain_over_the_gap() -> None:
    verdict = judged(measured())

    assert verdict.gap is not None
    assert verdict.gap.share == pytest.approx((175 - 80) / (180 - 80))
    assert verdict.gap.interval is not None
    assert verdict.gap.interval.low < 0.95 < verdict.gap.interval.high
    assert verdict.gain.word is Word.BETTER
    assert verdict.to_teacher.word is Word.NOT_INFERIOR
    assert verdict.teacher_stayed is not None
    assert verdict.teacher_stayed.word is Stability.STAYED
    assert verdict.control_stayed is not None
    assert verdict.control_stayed.word is Stability.STAYED
    assert headline(verdict) == "small has learnt, and is not inferior to the teacher by more than 0.05."


def test_without_a_clear_gap_there_is_no_share_of_it() -> None:
    verdict = judged(measured(teacher=82, before=80, after=81))

    assert verdict.gap is not None
    assert verdict.gap.share is None
    assert any(sentence.startswith("There is no clear gap to recover") for sentence in sentences(verdict))


def test_a_student_that_learnt_nothing_is_not_said_to_have_learnt() -> None:
    verdict = judged(measured(after=80))

    assert verdict.gain.word is Word.SAME
    assert verdict.to_teacher.word is Word.WORSE
    assert "the same as before within the margin" in headline(verdict)
    assert "still worse than the teacher" in headline(verdict)


def test_a_student_that_was_spoilt_is_said_to_be_worse_than_it_was() -> None:
    verdict = judged(measured(after=40))

    assert verdict.gain.word is Word.WORSE
    assert "is worse than it was" in headline(verdict)


def test_a_student_better_than_its_teacher_has_more_than_the_whole_gap() -> None:
    verdict = judged(measured(teacher=150, after=190))

    assert verdict.to_teacher.word is Word.BETTER
    assert verdict.gap is not None
    assert verdict.gap.share is not None
    assert verdict.gap.share > 1
    assert "better than the teacher" in headline(verdict)


def test_a_teacher_that_moved_is_said_to_have_moved() -> None:
    what = measured()
    verdict = judged(replace(what, teacher_before=arm("teacher", scores(120))))

    assert verdict.teacher_stayed is not None
    assert verdict.teacher_stayed.word is Stability.MOVED
    assert any("may owe to that" in sentence for sentence in sentences(verdict))


def test_times_come_from_the_timed_calls_where_there_are_some_and_the_words_say_which() -> None:
    under_load = judged(measured())
    assert under_load.speed is None
    assert any("each asked as much at once as it took" in sentence for sentence in sentences(under_load))

    told = {"teacher": 2.0, "student after": 1.0, "student before": 1.0, "control": 3.0}
    timings = {role: Timing(np.full(20, one), np.full(20, one / 4)) for role, one in told.items()}
    verdict = judged(replace(measured(), timings=timings))

    assert verdict.speed is not None
    assert verdict.speed.word is Pace.FASTER
    found = {one.role: one.latency and one.latency.p50.value for one in verdict.figures}
    assert found == {**told, "teacher before": None, "control before": None}, "none of them is of the loaded runs"
    words = " ".join(sentences(verdict))
    assert "Asked 20 questions, one call at a time, in turns, the student is faster" in words
    assert "its first token 0.250 s instead of 0.500 s" in words
    assert "as much at once" not in words


def test_few_items_cannot_show_that_anything_stayed() -> None:
    shaken = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    what = Measured(
        teacher_before=arm("teacher", shaken),
        teacher=arm("teacher again (big)", shaken[::-1]),
        before=arm("student before (small)", scores(2, 6)),
        after=arm("student after (small)", scores(4, 6)),
    )

    verdict = judged(what)

    assert verdict.teacher_stayed is not None
    assert verdict.teacher_stayed.word is Stability.CANNOT_SAY
    assert verdict.control_stayed is None
    assert any(sentence.startswith("Few prompts") for sentence in sentences(verdict))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"split": "another"}, Incomparable.SPLITS),
        ({"graders": "others"}, Incomparable.GRADERS),
        ({"prompts": "other"}, Incomparable.PROMPTS),
    ],
)
def test_other_hashes_are_not_comparable_and_print_no_p(change: dict[str, str], reason: Incomparable) -> None:
    what = measured()
    verdict = judged(replace(what, after=replace(what.after, provenance=replace(SAME, **change))))

    assert verdict.to_teacher.word is Word.NOT_COMPARABLE
    assert verdict.to_teacher.p is None
    assert reason in verdict.to_teacher.reasons
    assert verdict.gap is None
    assert reason.value in headline(verdict)


def test_a_prompt_of_its_own_is_no_obstacle_where_it_was_wanted_but_another_split_is() -> None:
    what = measured()
    after = replace(what.after, provenance=replace(SAME, prompts="short"), prompt_tokens=what.after.prompt_tokens - 60)
    verdict = judged(replace(what, after=after), own_prompt=True)

    assert verdict.to_teacher.word is Word.NOT_INFERIOR
    assert verdict.prompt_saved is not None
    assert verdict.prompt_saved.value == pytest.approx(60)
    elsewhere = replace(after, provenance=Provenance("another", "graders", "short"))
    assert judged(replace(what, after=elsewhere), own_prompt=True).to_teacher.word is Word.NOT_COMPARABLE


def test_paying_back_takes_the_making_over_the_saving_on_each_request() -> None:
    payback = judged(measured(teacher=180, after=175)).payback
    assert payback is not None
    assert payback.saving.value == pytest.approx(0.009)
    assert payback.low == pytest.approx(1.0 / 0.009)
    assert payback.high == pytest.approx(2.0 / 0.009)


def test_a_saving_that_varies_widens_the_range() -> None:
    costs = np.linspace(0.001, 0.02, 200)

    payback = payback_of(costs, costs / 10, PAID)

    assert payback is not None
    assert payback.low is not None
    assert payback.high is not None
    assert payback.low < 1.0 / payback.saving.value < 2.0 / payback.saving.value < payback.high


def test_a_student_as_dear_as_its_teacher_never_pays_back() -> None:
    verdict = judged(
        Measured(
            teacher_before=arm("teacher", scores(180)),
            teacher=arm("teacher again (big)", scores(180), usd=0.001),
            before=arm("student before (small)", scores(80)),
            after=arm("student after (small)", scores(175), usd=0.002),
        )
    )

    assert verdict.payback is not None
    assert (verdict.payback.low, verdict.payback.high) == (None, None)
    assert any("never pays back" in sentence for sentence in sentences(verdict))


def test_hosting_by_the_hour_needs_so_many_requests_an_hour() -> None:
    verdict = judged(measured(), Paid(1.0, 2.0, 1.8, ""))

    assert verdict.payback is not None
    assert verdict.payback.requests_per_hour == pytest.approx(1.8 / 0.009)
    assert any("from 200 requests an hour on" in sentence for sentence in sentences(verdict))


def test_an_unknown_price_leaves_the_pay_back_open_above() -> None:
    payback = judged(measured(), Paid(1.0, None, None)).payback

    assert payback is not None
    assert payback.low is not None
    assert payback.high is None
    assert payback.requests_per_hour is None


@given(
    teacher=st.floats(1e-6, 1.0),
    student=st.floats(1e-6, 1.0),
    low=st.floats(0.0, 1e4),
    more=st.floats(0.0, 1e4),
)
def test_a_pay_back_range_runs_upwards_and_only_savings_have_one(
    teacher: float, student: float, low: float, more: float
) -> None:
    noise = np.linspace(0.9, 1.1, 50)
    payback = payback_of(teacher * noise, student * noise, Paid(low, low + more, 0.0))

    assert payback is not None
    if teacher <= student:
        assert payback.low is None
    else:
        assert payback.low is not None
        assert payback.low >= 0
        if payback.high is not None:
            assert payback.high >= payback.low


@given(st.lists(st.tuples(*[st.integers(0, 1)] * 4), min_size=2, max_size=40))
def test_every_verdict_has_words_and_json_without_infinities(rows: list[tuple[int, int, int, int]]) -> None:
    columns = np.array(rows, dtype=np.float64).T
    what = Measured(
        teacher_before=arm("teacher", columns[0]),
        teacher=arm("teacher again (big)", columns[1]),
        before=arm("student before (small)", columns[2]),
        after=arm("student after (small)", columns[3]),
    )

    verdict = verdict_of(what, one_each(len(rows)), PASS_FAIL, 0.05, PAID, draws=50)
    told = to_json(verdict)

    json.dumps(told, allow_nan=False)
    assert told["headline"] == told["sentences"][0]
    assert verdict.to_teacher.word in (Word.BETTER, Word.NOT_INFERIOR, Word.WORSE, Word.INCONCLUSIVE)


def test_answers_that_nobody_could_judge_are_left_out_and_counted() -> None:
    what = measured()
    holes = what.after.scores.copy()
    holes[:20] = np.nan
    verdict = judged(replace(what, after=arm("student after (small)", holes)))

    after = next(figures for figures in verdict.figures if figures.role == "student after")
    assert after.outcomes.error == 20
    assert after.score is not None
    assert after.score.items == 180
