"""What the views of workflows say of numbers: rates, time left, thresholds, verdicts of any shape."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.definition import Arm, Benchmark
from cupola.errors import CupolaError, UsageError
from cupola.settings import Profile
from cupola.store import workflows
from cupola.store.database import open_store
from cupola.store.workflows import Stage, StageState, Workflow, WorkflowState
from cupola.workflows.distil.files import bundled_file, read
from cupola_tui.lines import Line, cell_width, plain
from cupola_tui.screens.distill import draft
from cupola_tui.views.workflows import actions, strip
from cupola_tui.views.workflows.records import WorkflowView, view_of
from cupola_tui.views.workflows.sieve import Kept, Slider, moved, refusal, sieve_lines
from cupola_tui.views.workflows.verdict import verdict_lines

NOW = 1_800_000_000.0
NAMES = ("benchmark", "roles", "generate", "filter", "train", "watch", "deploy", "re-benchmark", "latency", "verdict",
         "clean-up")  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def text_of(lines: list[Line]) -> str:
    return "\n".join(plain(one) for one in lines)


def a_view(**states: StageState) -> WorkflowView:
    workflow = Workflow(1, "distil", "Cora", WorkflowState.RUNNING, "{}", NOW, NOW, hard=6.0)
    stages = [
        Stage(1, name, place, state=states.get(name.replace("-", "_"), StageState.PENDING))
        for place, name in enumerate(NAMES)
    ]
    found = view_of(workflow, stages, NOW)
    assert found is not None
    return found


def test_a_job_that_was_submitted_and_is_watched_is_one_step_to_a_person() -> None:
    view = a_view(train=StageState.DONE)
    step = view.step("train")
    assert step is not None
    assert [stage.name for stage in step.stages] == ["train", "watch"]
    assert step.state is StageState.RUNNING, "it trains, though watching has not begun"


def test_a_finished_verdict_is_what_a_person_came_for_unless_something_broke_after_it() -> None:
    done = {name.replace("-", "_"): StageState.DONE for name in NAMES}
    assert a_view(**{**done, "clean_up": StageState.WAITING}).current.name == "verdict"
    assert a_view(**{**done, "clean_up": StageState.FAILED}).current.name == "clean-up"
    assert a_view(**done).current.name == "verdict"


def test_time_left_is_a_range_that_narrows_as_more_is_seen() -> None:
    begun = Stage(1, "generate", 2, state=StageState.RUNNING, total=1_000.0, unit="answers", resumed_at=NOW)
    widths = []
    for done in (10.0, 100.0, 400.0):
        found = strip.seconds_left(replace(begun, done=done), NOW + done)
        assert found is not None
        low, high = found
        assert low < 1_000.0 - done < high, "at one a second"
        widths.append(high / low)
    assert widths == sorted(widths, reverse=True)


def test_before_anything_is_done_no_time_is_promised() -> None:
    begun = Stage(1, "generate", 2, state=StageState.RUNNING, total=1_000.0, unit="answers", resumed_at=NOW)
    assert strip.seconds_left(begun, NOW + 10) is None
    assert strip.seconds_left(replace(begun, done=1_000.0), NOW + 10) is None


def test_a_rate_counts_only_what_was_done_since_it_went_on() -> None:
    stage = Stage(
        1, "generate", 2, state=StageState.RUNNING, done=110.0, total=200.0, resumed_at=NOW, resumed_done=100.0
    )
    assert strip.rate_of(stage, NOW + 5) == 2.0


@pytest.mark.parametrize("width", [40, 76, 116, 196])
def test_no_line_of_the_stages_is_wider_than_its_room_and_clicks_find_each(width: int) -> None:
    view = a_view(benchmark=StageState.DONE, generate=StageState.FAILED)
    lines = strip.strip_lines(view, "filter", True, width)
    assert all(cell_width(one) <= width for one in lines)
    found = {strip.step_at(view, x, y, width) for y in range(len(lines)) for x in range(width)} - {None}
    assert found == {step.name for step in view.steps}


@given(JSON)
def test_verdicts_of_any_shape_are_drawn(value: Any) -> None:
    names = (
        "headline",
        "sentences",
        "figures",
        "gap",
        "to_teacher",
        "teacher_stayed",
        "scale",
        "margin",
        "paid",
        "speed",
        "view",
    )
    for width in (20, 76, 160):
        verdict_lines(dict.fromkeys(names, value), width)
        verdict_lines({"figures": [{"role": "teacher", "score": value, "latency": value, "model": value}]}, width)


def test_a_verdict_tells_gap_stability_cost_speed_and_payback() -> None:
    score = {"interval": {"low": 0.8, "high": 0.9, "level": 0.95}, "items": 84, "clusters": 84, "standard_error": 0.02}

    def arm(role: str, value: float, usd: float, p50: float) -> dict[str, Any]:
        latency = {"p50": {"value": p50}, "p95": {"value": p50 * 2}}
        return {"role": role, "model": role, "score": {**score, "value": value}, "passes": {**score, "value": value},
                "latency": latency, "usd_per_thousand": usd, "prompt_tokens": 151.0}  # fmt: skip

    told = {
        "headline": "It has learnt.",
        "sentences": ["It has learnt.", "It pays back after 5 to 9 requests."],
        "to_teacher": {"word": "inconclusive"},
        "figures": [arm("teacher", 0.9, 0.5, 2.0), arm("student before", 0.6, 0.02, 1.0),
                    arm("student after", 0.85, 0.025, 1.0), arm("control", 0.8, 0.1, 2.0)],
        "gap": {"share": 0.82, "interval": {"low": 0.58, "high": 1.06}},
        "teacher_stayed": {"word": "cannot say", "change": {**score, "value": 0.018}},
        "margin": 0.05,
        "scale": {"low": 0.0, "high": 1.0},
    }  # fmt: skip
    text = text_of(verdict_lines(told, 116))
    said = ["INCONCLUSIVE", "82% of the gap (95% interval 58% to 106%)", "? cannot say (+0.018)", "0.850"]
    said += ["20.0 times cheaper", "2.0 times faster", "It pays back after 5 to 9 requests."]
    for words in said:
        assert words in text
    assert text.count("pays back after") == 1, "nothing is said twice"


@pytest.mark.parametrize("width", [78, 116])
def test_a_verdict_with_timed_calls_tells_how_they_were_timed_and_nothing_of_load(width: int) -> None:
    def arm(role: str, p50: float) -> dict[str, Any]:
        return {"role": role, "latency": {"p50": {"value": p50}}, "first_token": {"value": p50 / 2}}

    def ratio(value: float, high: float | None) -> dict[str, Any]:
        return {"value": value, "interval": {"low": value - 0.1, "high": high, "level": 0.95}}

    speed = {"word": "cannot be told", "questions": 20, "ratio": ratio(0.81, 1.04),
             "first_token_ratio": ratio(0.62, None)}  # fmt: skip
    told = {"headline": "It has learnt.", "figures": [arm("teacher", 2.0), arm("student after", 0.044)], "speed": speed}

    lines = verdict_lines(told, width)
    text = text_of(lines)

    assert max(map(cell_width, lines)) <= width
    for words in ("2.0 s", "44 ms", "? cannot tell  ×0.81 (0.71 to 1.04)", "×0.62 (0.52 to no bound)"):
        assert words in text
    assert "20 questions, one call at a time, in turns; medians, 95% CI" in text
    assert "under load" not in text and "p95" not in text


def test_what_is_not_known_is_not_made_up() -> None:
    text = text_of(verdict_lines({"headline": "Not comparable.", "figures": []}, 80))
    assert "%" not in text and "$" not in text


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.lists(st.integers(-7, 7), max_size=60))
def test_the_slider_stays_on_its_line_or_on_the_graders_own(low: float, width: float, steps: list[int]) -> None:
    slider = Slider(low, low + width, [1.0] * 40, None)
    threshold: float | None = None
    for by in steps:
        threshold = moved(slider, threshold, by)
        assert threshold is None or low - 1e-6 <= threshold <= low + width + 1e-6


def test_the_slider_goes_from_end_to_end_in_some_fifty_steps() -> None:
    slider = Slider(0.0, 1.0, [], None)
    threshold, count = moved(slider, None, 1), 0
    while threshold is not None and count < 1_000:
        threshold, count = moved(slider, threshold, 1), count + 1
    assert slider.step == 0.02
    assert count == 51


@given(st.lists(st.floats(0, 1e9), max_size=50), st.floats(0, 1) | st.none(), st.integers(20, 200))
def test_the_sieve_is_drawn_for_any_scores(counts: list[float], threshold: float | None, width: int) -> None:
    kept = Kept(threshold, 40, 8, {"kept for training": 8, "below the threshold": 32}, {"a": (0, 4)},
                {"least": 1.0, "median": 2.0, "most": 3.0}, (0.0, None), (0.9, 0.8, 0.95, 40), 10)  # fmt: skip
    text = text_of(sieve_lines(Slider(0.0, 1.0, counts, None), kept, True, width))
    assert "8 of 40 answers" in text
    assert refusal(kept) == "only 8 rows would be left to train on"


BENCHMARK = Benchmark("b", ({"role": "system", "content": "Be long."}, {"role": "user", "content": "{{item.q}}"}), "",
                      (Arm("big", "big", "gpt-4.1"), Arm("small", "small", "gpt-4.1-nano")), (), "0" * 64)  # fmt: skip


def answers(tmp_path: Path, **changed: str) -> dict[str, str]:
    prompts = tmp_path / "p.jsonl"
    prompts.write_text(json.dumps({"q": "What?"}) + "\n", "utf-8")
    fields = dict.fromkeys(draft.FIELDS, "")
    return {**fields, "teacher": "big", "student": "small", "prompts": str(prompts), "samples": "2", "training":
            "developerTier", "deploy as": "DeveloperTier", "fuse": "4", **changed}  # fmt: skip


def test_a_form_comes_to_a_distillation_and_to_the_flags_of_the_equal_command(tmp_path: Path) -> None:
    given_ = answers(tmp_path, epochs="3", threshold="0.8", **{"ask from": "4", "stop at": "$6", "own prompt": "none"})
    found = draft.read_draft(BENCHMARK, given_)
    assert (found.soft, found.hard) == (4.0, 6.0)
    definition = found.definition
    assert (definition.samples, definition.threshold, definition.fuse_seconds) == (2, 0.8, 4 * 3_600.0)
    assert definition.student_prompt == ({"role": "user", "content": "{{item.q}}"},)
    for flag in ("--threshold", "--epochs", "--student-prompt", "--max-cost", "--ask-from"):
        assert flag in found.words


@pytest.mark.parametrize(
    ("field", "value"),
    [("samples", "0"), ("samples", "2.5"), ("samples", "many"), ("threshold", "nan"), ("stop at", "inf"),
     ("stop at", "-1"), ("margin", "0"), ("margin", "2"), ("epochs", "99"), ("rate", "0"), ("fuse", "-1"),
     ("training", "cheap"), ("teacher", ""), ("prompts", ""), ("prompts", "/nowhere.jsonl"),
     ("own prompt", "/nowhere.txt")],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_field(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(CupolaError):
        draft.read_draft(BENCHMARK, answers(tmp_path, **{field: value}))


def test_coras_form_trains_as_her_file_says_and_a_branch_that_changes_nothing_is_none() -> None:
    path = bundled_file("cora")
    assert path is not None
    shipped = read(path).definition
    first = draft.first_answers(shipped.test, {"teacher": "gpt-4.1", "student": "gpt-4.1-nano"})
    found = draft.read_draft(shipped.test, first)
    assert found.definition.hyperparameters.items() <= shipped.hyperparameters.items()
    assert found.words[found.words.index("--rate") + 1] == "2"

    kept = draft.branch_answers(shipped, None, None)
    assert draft.branch_changes(shipped, kept) == {}
    assert draft.branch_changes(shipped, {**kept, "rate": ""}) == {"hyperparameters": {"n_epochs": 3, "batch_size": 4}}


def test_a_soft_limit_above_the_hard_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="soft limit"):
        draft.read_draft(BENCHMARK, answers(tmp_path, **{"ask from": "9", "stop at": "6"}))


@given(st.text(max_size=12))
def test_any_typed_number_is_taken_or_refused_and_never_infinite(text: str) -> None:
    try:
        value = draft.number_in({"threshold": text}, "threshold")
    except UsageError:
        return
    assert value is None or math.isfinite(value)


def test_missing_roles_are_named_with_their_keys() -> None:
    assert draft.missing_roles({"teacher": "a", "student": "b"}) == ""
    assert "s on a model makes it the student" in draft.missing_roles({"teacher": "a"})


@pytest.mark.parametrize(("kind", "noun"), [("distil", "distill"), ("raft", "raft"), ("raft-data", "raft")])
def test_any_kind_of_workflow_that_was_paused_goes_on_and_its_card_names_its_own_command(
    tmp_path: Path, kind: str, noun: str
) -> None:
    database = open_store(tmp_path / "store.db")
    paused = Workflow(0, kind, "Handbook", WorkflowState.PAUSED, "{}", NOW, NOW)
    number = workflows.add(database, paused, [Stage(0, "ask", 0), Stage(0, "filter", 1)])
    workflow = workflows.get(database, number)
    assert workflow is not None
    view = view_of(workflow, workflows.stages(database, number), NOW)
    assert view is not None
    action = actions.resume_action(view, Profile("demo", endpoint="http://127.0.0.1:8080"), NOW)
    assert action.refusal == ""
    assert action.command.startswith(f"cupola {noun} resume {number}")
    assert action.write is not None
    action.write(database)
    resumed = workflows.get(database, number)
    assert resumed is not None
    assert resumed.state is WorkflowState.RUNNING
    database.close()
