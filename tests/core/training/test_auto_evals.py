"""Steps by items: what each step is worth, which checkpoint to keep, and what changed item by item."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.models import Checkpoint, EvaluationItem, EvaluationRun, Job
from cupola.statistics.estimates import PASS_FAIL, Scale
from cupola.training import auto_evals, checkpoint_choice, step_changes
from cupola.training.auto_evals import AutoEvals
from cupola.training.step_changes import Kind


def run(step: int | None, run_id: str = "") -> EvaluationRun:
    return EvaluationRun(run_id or f"run-{step}", "eval", f"Step {step}", step, "completed", step or 0, 4)


def item(
    row: str, score: float | None, *, outcome: str = "", prompt: str = "", tokens: int | None = None
) -> EvaluationItem:
    judged = outcome or ("pass" if score is not None and score >= 5 else "fail")
    return EvaluationItem(f"item-{row}", "run", 0, row, prompt or row, judged, score, tokens)


def table(*steps: list[float | None], tokens: list[int] | None = None, prompts: int = 0) -> AutoEvals:
    """Steps 0, 5, 10, ... with a score for each item; None is an errored item."""
    passes = []
    for number, scores in enumerate(steps):
        spent = tokens[number] if tokens else None
        items = [
            item(str(place), score, outcome="" if score is not None else "error", tokens=spent,
                 prompt=f"p{place % prompts}" if prompts else "")
            for place, score in enumerate(scores)
        ]  # fmt: skip
        passes.append((run(5 * number), items))
    built = auto_evals.build(passes)
    assert built is not None
    return built


def test_items_are_matched_by_their_content_whatever_their_order() -> None:
    first = [item("a", 1.0), item("b", 5.0)]
    built = auto_evals.build([(run(0), first), (run(5), [item("b", 4.0), item("a", 2.0)])])
    assert built is not None
    assert built.scores.tolist() == [[1.0, 5.0], [2.0, 4.0]]


def test_of_two_passes_at_one_step_the_last_counts_and_a_run_without_a_step_does_not() -> None:
    built = auto_evals.build(
        [(run(5, "early"), [item("a", 1.0)]), (run(5, "late"), [item("a", 3.0)]), (run(None), [item("a", 9.0)])]
    )
    assert built is not None
    assert (built.steps, built.scores.tolist()) == ((5,), [[3.0]])


def test_rows_that_are_alike_stay_apart_as_repeats_of_one_prompt() -> None:
    built = auto_evals.build([(run(0), [item("a", 1.0), item("a", 3.0), item("b", 2.0)])])
    assert built is not None
    (summary,) = auto_evals.summaries(built)
    assert summary.mean is not None
    assert (summary.mean.items, summary.mean.clusters, summary.mean.value) == (3, 2, 2.0)


def test_errored_and_missing_items_are_left_out_of_the_mean_and_accounted_for() -> None:
    built = auto_evals.build(
        [
            (run(0), [item("a", 2.0), item("b", 4.0), item("c", 0.0)]),
            (run(5), [item("a", 3.0), item("b", None, outcome="error")]),
        ]
    )
    assert built is not None
    second = auto_evals.summaries(built)[1]
    assert second.mean is not None and second.mean.value == 3.0
    assert (second.counts.judged, second.counts.error, second.counts.missing, second.counts.total) == (1, 1, 1, 3)


def test_an_answer_that_was_cut_off_counts_as_fail_with_the_reward_that_the_service_gave() -> None:
    built = auto_evals.build([(run(0), [item("a", 5.0, outcome="truncated"), item("b", 5.0)])])
    assert built is not None
    (summary,) = auto_evals.summaries(built)
    assert summary.passed is not None and summary.mean is not None
    assert (summary.passed.value, summary.mean.value) == (0.5, 5.0)


def test_a_mean_has_the_interval_of_the_textbook_where_scores_are_symmetric() -> None:
    built = table([1.0, 2.0, 3.0, 4.0, 5.0])
    (summary,) = auto_evals.summaries(built)
    assert summary.mean is not None
    # mean 3, s / sqrt(n) = 1.5811 / 2.2361 = 0.7071, t(0.975; 4) = 2.7764
    assert summary.mean.interval.low == pytest.approx(3 - 2.7764 * 0.70711, abs=1e-3)
    assert summary.mean.interval.high == pytest.approx(3 + 2.7764 * 0.70711, abs=1e-3)


def test_nothing_is_built_from_runs_without_items() -> None:
    assert auto_evals.build([(run(0), [])]) is None


def test_the_scale_is_what_the_grader_says_until_a_reward_lies_off_it() -> None:
    grader = {
        "type": "score_model",
        "name": "g",
        "model": "m",
        "input": [{"role": "user", "content": "x"}],
        "range": [0, 10],
    }
    told = {"method": {"type": "reinforcement", "reinforcement": {"grader": grader}}}
    scale = auto_evals.reward_scale(Job("j", "m", "reinforcement", "running", 0, raw=json.dumps(told)))
    assert scale == Scale(0.0, 10.0)
    inside = auto_evals.build([(run(0), [item("a", 7.0)])], scale)
    outside = auto_evals.build([(run(0), [item("a", 70.0)])], scale)
    partial = auto_evals.build([(run(0), [item("a", 0.5)])], PASS_FAIL)
    assert inside is not None and outside is not None and partial is not None
    assert (inside.scale, outside.scale, partial.scale) == (scale, Scale(), Scale())


@pytest.mark.parametrize("raw", ["{}", "[]", '{"method": 3}', '{"method": {"reinforcement": {"grader": {"type": 1}}}}'])
def test_a_job_that_tells_no_grader_has_an_unknown_scale(raw: str) -> None:
    assert auto_evals.reward_scale(Job("j", "m", "reinforcement", "running", 0, raw=raw)) == Scale()


LOW = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
HIGH = [4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 5.0, 4.0]
HIGHER = [5.0, 4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 4.0, 5.0, 5.0]


def test_of_those_that_cannot_be_told_apart_the_leanest_is_best() -> None:
    built = table(LOW, HIGH, HIGHER, LOW, tokens=[10, 300, 400, 10])
    summarised = auto_evals.summaries(built)
    choice = checkpoint_choice.choose(built, summarised)
    assert choice is not None
    assert (choice.best, choice.highest, choice.tied) == (5, 10, (5, 10))
    kept = checkpoint_choice.Keeping(frozenset({5, 10, 15}), frozenset(), None)
    gain = checkpoint_choice.gain_over_base(built, choice.best)
    said = " ".join(checkpoint_choice.sentences(choice, summarised, kept, gain))
    assert "best: step 5" in said and "5 and 10 cannot be told apart" in said
    assert "25% fewer completion tokens than 10" in said and "better than the base model" in said


def test_the_base_model_is_never_chosen_and_no_gain_is_claimed_where_there_is_none() -> None:
    built = table(HIGH, HIGH, LOW)
    summarised = auto_evals.summaries(built)
    choice = checkpoint_choice.choose(built, summarised)
    assert choice is not None and choice.best == 5
    kept = checkpoint_choice.Keeping(frozenset({5}), frozenset(), None)
    gain = checkpoint_choice.gain_over_base(built, 5)
    said = " ".join(checkpoint_choice.sentences(choice, summarised, kept, gain))
    assert "inconclusive against the base model" in said


def test_a_step_of_which_few_items_are_judged_is_left_out_and_named() -> None:
    sparse: list[float | None] = [5.0, *[None] * 11]
    built = table(LOW, HIGH, sparse)
    summarised = auto_evals.summaries(built)
    choice = checkpoint_choice.choose(built, summarised)
    assert choice is not None
    assert (choice.best, choice.left_out) == (5, (10,))


def checkpoint(step: int, listed: bool) -> tuple[Checkpoint, bool]:
    return Checkpoint(f"c{step}", "j", step, step, f"m:{step}"), listed


RUNNING = Job("j", "m", "reinforcement", "running", 0)
DONE = Job("j", "m", "reinforcement", "succeeded", 0)


def test_a_peak_that_goes_with_the_next_checkpoint_is_said_while_it_can_be_saved() -> None:
    built = table(LOW, HIGH, LOW, LOW)
    summarised = auto_evals.summaries(built)
    choice = checkpoint_choice.choose(built, summarised)
    assert choice is not None and choice.best == 5
    listed = [checkpoint(5, True), checkpoint(10, True), checkpoint(15, True)]
    kept = checkpoint_choice.keeping(RUNNING, listed)
    assert kept.next_to_go == 5
    assert "step 5 goes when the next" in " ".join(checkpoint_choice.sentences(choice, summarised, kept, None))
    assert checkpoint_choice.keeping(DONE, listed).next_to_go is None


def test_a_best_step_that_is_gone_is_said_with_what_can_be_deployed_instead() -> None:
    built = table(LOW, HIGH, HIGHER, LOW, tokens=[1, 2, 3, 4])
    summarised = auto_evals.summaries(built)
    choice = checkpoint_choice.choose(built, summarised)
    assert choice is not None
    kept = checkpoint_choice.keeping(DONE, [checkpoint(5, False), checkpoint(10, True), checkpoint(15, True)])
    said = " ".join(checkpoint_choice.sentences(choice, summarised, kept, None))
    assert "step 5 can no longer be deployed" in said and "10 can be deployed" in said


def test_a_service_that_keeps_all_checkpoints_is_not_said_to_drop_any() -> None:
    listed = [checkpoint(step, True) for step in (5, 10, 15, 20)]
    assert checkpoint_choice.keeping(RUNNING, listed).next_to_go is None


def test_flips_come_first_then_other_changes_then_the_same_and_the_unpaired_last() -> None:
    built = table([5.0, 1.0, 1.0, 2.0, None], [1.0, 5.0, 2.0, 2.0, 5.0])
    found = step_changes.changes(built, 0, 1)
    assert [change.column for change in found] == [0, 1, 2, 3, 4]
    assert [change.kind for change in found] == [Kind.LOST, Kind.GAINED, Kind.GAINED, Kind.SAME, Kind.UNPAIRED]
    assert step_changes.counted(found) == step_changes.Counted(2, 1, 1, 1, 2)


def test_within_a_kind_the_largest_change_comes_first_and_equal_ones_stay_in_the_items_order() -> None:
    built = table([5.0, 1.0, 4.0, 2.0, 9.0, 1.0], [6.0, 2.0, 1.0, 4.0, 5.0, 9.0])
    found = step_changes.changes(built, 0, 1)
    # Item 5 flips; then what is lost, by 4 and by 3; then what is gained, by 2 and twice by 1.
    assert [change.column for change in found] == [5, 4, 2, 3, 0, 1]
    assert [change.flipped for change in found] == [True] + [False] * 5
    assert (found[0].before, found[0].after) == (1.0, 9.0)


def test_the_paired_p_is_clustered_by_prompt() -> None:
    first, second = [1.0] * 12, [2.0] * 12
    alone = step_changes.compare_steps(table(first, second), 0, 1)
    together = step_changes.compare_steps(table(first, second, prompts=3), 0, 1)
    assert alone is not None and together is not None
    assert alone.p == pytest.approx(2 / 2**12)
    assert together.p == pytest.approx(2 / 2**3)
    assert together.difference.clusters == 3


def test_steps_without_a_shared_item_are_not_compared() -> None:
    built = auto_evals.build([(run(0), [item("a", 1.0)]), (run(5), [item("b", 1.0)])])
    assert built is not None
    assert step_changes.compare_steps(built, 0, 1) is None


rewards = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.0, 4.0, 5.0])), min_size=1, max_size=12)


@given(st.lists(rewards, min_size=2, max_size=4))
def test_whatever_is_judged_everything_is_accounted_for(steps: list[list[float | None]]) -> None:
    built = table(*steps)
    for summary in auto_evals.summaries(built):
        assert summary.counts.total == len(built.keys)
        assert summary.mean is None or summary.mean.value in summary.mean.interval
        assert math.isnan(summary.tokens)
    counted = step_changes.counted(step_changes.changes(built, 0, 1))
    assert counted.gained + counted.lost + counted.same + counted.unpaired == len(built.keys)
    mirrored = step_changes.counted(step_changes.changes(built, 1, 0))
    assert (mirrored.gained, mirrored.lost, mirrored.flipped) == (counted.lost, counted.gained, counted.flipped)
