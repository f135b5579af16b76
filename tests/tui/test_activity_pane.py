"""The Activity pane and a workflow's screen, over a distillation carried by the real executor as far as training."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cupola.azure.wire.chat import ChatReply
from cupola.azure.wire.requests import JobRequest
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.definition import to_json as benchmark_json
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define, runner_of
from cupola.graders import PythonSandbox
from cupola.models import Job, Problem
from cupola.settings import Profile
from cupola.store import benchmarks, datasets, decisions, watches, workflows
from cupola.store.benchmarks import RunState
from cupola.store.database import Database, open_store
from cupola.store.watches import Subject
from cupola.store.workflows import StageState, WorkflowState
from cupola.workflows.distil.definition import Distillation, parse
from cupola.workflows.distil.start import start, store_prompts
from cupola.workflows.distil.steps import DISTIL
from cupola.workflows.executor import Executor
from cupola.workflows.kinds import World
from cupola_tui.app import CupolaApp

Open = Callable[[], CupolaApp]
See = Callable[..., Awaitable[None]]
Text = Callable[[CupolaApp], str]

NOW = 1_800_000_000.0
HOSTILE = "\x1b[31m[bold]Evil[/bold]\x07\u202e$(rm -rf /)\x9b2J"
EXACT = GraderUse(
    {
        "type": "string_check",
        "name": "exact",
        "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
        "operation": "eq",
    }
)


def rows_of(kind: str, count: int, hostile: bool = False) -> tuple[str, ...]:
    """Rows of words that are nowhere alike, each with its right answer."""
    found = []
    for number in range(count):
        words = hashlib.sha256(f"{kind}{number}".encode()).hexdigest()
        question = " ".join(words[place : place + 7] for place in range(0, 63, 7))
        extra = f" {HOSTILE}" if hostile and number == 0 else ""
        row = {
            "question": question + extra,
            "answer": f"yes {words[:5]}{extra}",
            "topic": f"{kind} {number % 3}{extra}",
        }
        found.append(json.dumps(row, sort_keys=True, separators=(",", ":")))
    return tuple(found)


TEST, PROMPTS = rows_of("test", 12), rows_of("prompts", 40, hostile=True)
RIGHT = {row["question"]: row["answer"] for row in map(json.loads, (*TEST, *PROMPTS))}
ORDER = {question: place for place, question in enumerate(RIGHT)}


def answered(deployment: str, body: Mapping[str, Any]) -> ChatReply:
    """The strong arm is wrong every eighth time, the weak one right every third."""
    asked = str(body["messages"][-1]["content"])
    wrong = ORDER[asked] % 8 == 7 if deployment == "strong" else ORDER[asked] % 3 > 0
    told = {"finish_reason": "stop", "prompt_tokens": 20, "completion_tokens": 6, "seconds": 0.5}
    return ChatReply("no" if wrong else RIGHT[asked], **told)


async def ask(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
    return answered(deployment, body)


async def submit(request: JobRequest, nonce: str, /) -> Job:
    raise AssertionError("No file was sent, so no job may be submitted.")


def a_benchmark() -> Benchmark:
    arms = (Arm("strong", "strong", "gpt-4.1"), Arm("weak", "weak", "gpt-4.1-nano"), Arm("mid", "mid", "gpt-4.1-mini"))
    prompt = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{item.question}}"})
    return Benchmark("small", prompt, "", arms, (EXACT,), split_hash(TEST), margin=0.05)


async def carry(database: Database, workflow_id: int, until: str) -> None:
    """Carry a workflow on, its benchmark runs included, until a stage has begun."""
    executor = Executor(World(database, submit, lambda: NOW), {DISTIL.name: DISTIL})
    for _ in range(200):
        stage = workflows.stage(database, workflow_id, until)
        if stage is not None and stage.began_at is not None:
            return
        await executor.advance(workflow_id)
        for run in benchmarks.runs_in(database, RunState.WANTED):
            with PythonSandbox() as sandbox:
                await runner_of(database, run, ask, sandbox).go()
            benchmarks.set_state(database, run.id, RunState.DONE, NOW)
    raise AssertionError(workflows.stages(database, workflow_id))


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one distillation that trains, to be copied."""
    path = tmp_path_factory.mktemp("activity") / "store.sqlite3"
    database = open_store(path)
    define(database, Defined(a_benchmark(), TEST), NOW)
    wanted = Distillation(name="Cora", benchmark=benchmark_json(a_benchmark()), prompts="", teacher="strong",
                          student="weak", control="mid", validation_share=0.2)  # fmt: skip
    wanted = store_prompts(database, wanted, PROMPTS, NOW)
    made = start(database, wanted, path.parent, NOW, soft=4.0, hard=6.0)
    asyncio.run(carry(database, made, "train"))
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def under_way(path: Path, carried: Path) -> Iterator[Database]:
    path.write_bytes(carried.read_bytes())
    database = open_store(path)
    yield database
    database.close()


@pytest.fixture
def activity_app(path: Path) -> Iterator[Open]:
    """Makes apps over the store."""
    opened: list[Database] = []

    def make() -> CupolaApp:
        opened.append(open_store(path))
        profile = Profile("demo", endpoint="http://127.0.0.1:8080")
        return CupolaApp(profile, opened[-1], clock=lambda: NOW + 60)

    yield make
    for database in opened:
        database.close()


async def opened(pilot: Pilot[str], see: See, *keys: str) -> None:
    """Go to the pane and into the workflow."""
    await pilot.press("6")
    await see(pilot, "Workflows 1")
    await pilot.press("enter")
    await see(pilot, "Cora · distillation 1")
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def stop_at(database: Database, name: str, problem: Problem) -> None:
    """Let a stage have failed, as the executor writes it."""
    stage = workflows.stage(database, 1, name)
    assert stage is not None
    workflows.save_stage(database, replace(stage, state=StageState.FAILED, problem=problem, finished_at=NOW))
    workflows.move(database, 1, [WorkflowState.RUNNING], WorkflowState.FAILED, NOW, problem)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_everything_under_way_and_lately_done_stands_in_one_list(
    under_way: Database, activity_app: Open, see: See, screen_text: Text, size: tuple[int, int]
) -> None:
    datasets.want_upload(under_way, "/tmp/a.jsonl", "a.jsonl", "0" * 64, 10, "fine-tune", NOW)
    decisions.add(under_way, NOW, "small", 1, "teacher", "strong", {"score": 0.875}, "# strong")
    watches.add(under_way, Subject.WORKFLOW, "1", "Cora", NOW)
    app = activity_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("6")
        await see(pilot, "Workflows 1")
        text = screen_text(app)
        assert "● workflow" in text, "what is under way comes first"
        for words in ("Train", "↑ a.jsonl", "teacher: strong", "tells when this"):
            assert words in text
        assert "✓ Generate" in text, "the stages of the selected one"


async def test_the_days_and_what_they_cost_are_a_tab(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "Workflows 1")
        await pilot.press("[")
        await see(pilot, "hosting")
        day = next(line for line in screen_text(app).splitlines() if re.search(r"20\d\d-\d\d-\d\d", line))
        # What was asked for cost less than a cent, and is said to have cost something.
        assert 0 < sum(run.progress.usd for run in benchmarks.runs(under_way)) < 0.005
        assert day.count("<$0.01") == 2, "answers, and in all"
        assert "No budget is set" in screen_text(app)
        for by, first in (("month", "20"), ("job", "no job"), ("workflow", "Cora")):
            await pilot.press("m")
            await see(pilot, f"by {by}  m by")
            await see(pilot, first)
        await pilot.press("escape")
        await see(pilot, "● workflow")


async def test_the_list_narrows_to_typed_words(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "Workflows 1")
        await pilot.press("/", *"training", "enter")
        await see(pilot, "1 of 3")
        assert "● workflow" not in screen_text(app)
        await pilot.press("escape")
        await see(pilot, "● workflow")


async def test_enter_on_a_run_shows_it_in_benchmarks(under_way: Database, activity_app: Open, see: See) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "Workflows 1")
        await pilot.press("G", "enter")
        await see(pilot, "12 items")
        await see(pilot, "strong")


async def test_a_decision_shows_the_numbers_that_were_on_screen(
    under_way: Database, activity_app: Open, see: See
) -> None:
    decisions.add(under_way, NOW + 30, "small", 1, "teacher", "strong", {"score": 0.875}, "# The card of strong")
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "Decisions 1")
        await pilot.press("/", *"teacher:", "enter")
        await see(pilot, "0.875")
        await pilot.press("enter")
        await see(pilot, "The card of strong")


async def test_an_empty_pane_names_the_key_that_fills_it(path: Path, activity_app: Open, see: See) -> None:
    open_store(path).close()
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "goes to Benchmarks")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_a_workflow_shows_its_stages_its_spend_and_that_it_needs_nobody(
    under_way: Database, activity_app: Open, see: See, screen_text: Text, size: tuple[int, int]
) -> None:
    app = activity_app()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, see)
        text = screen_text(app)
        for words in ("✓ Benchmark", "✓ Filter", "● Train", "○ Verdict", "of ≤$6.00", "safe to close"):
            assert words in text
        await pilot.press("escape")
        await see(pilot, "● workflow")


async def test_a_redrawn_workflow_follows_what_the_worker_writes(
    under_way: Database, activity_app: Open, see: See
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        stage = workflows.stage(under_way, 1, "train")
        assert stage is not None
        running = replace(stage, done=30.0, total=100.0, unit="files", resumed_at=NOW, resumed_done=0.0)
        workflows.save_stage(under_way, running)
        await see(pilot, "30/100")
        await see(pilot, " 30%")
        await see(pilot, "0.5 files/s")
        await see(pilot, "about 2-3m in this stage")


async def test_generated_answers_show_grades_and_what_becomes_of_them(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "h", "h")
        await see(pilot, "kept for training")
        await see(pilot, "below the threshold")
        await pilot.press("enter", "j")
        question = json.loads(PROMPTS[1])["question"]
        await see(pilot, question)
        await pilot.press("enter")
        await see(pilot, RIGHT[question])


async def test_the_slider_shows_what_a_threshold_keeps_and_branches_after_a_card(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "h")
        await see(pilot, "35 of 40 answers")
        await pilot.press("enter", "right")
        await see(pilot, "40 of 40 answers")
        text = " ".join(screen_text(app).split())
        assert "threshold 0 (applied: the graders' own thresholds)" in text
        assert "6 to 6 tokens an answer" in text
        assert "nobody has labelled" in text
        await pilot.press("enter")
        await see(pilot, "y do it")
        text = " ".join(screen_text(app).split())
        assert "cupola distill branch 1 --threshold 0 --from filter" in text
        assert len(workflows.newest(under_way)) == 1, "nothing begins before the yes"
        await pilot.press("y")
        await see(pilot, "distillation 2 · branch of 1 at filter")
    made = workflows.get(under_way, 2)
    assert made is not None
    assert parse(made.definition).threshold == 0.0
    assert (made.branch_of, made.hard) == (1, 6.0)


async def test_a_branch_takes_over_what_its_threshold_leaves_unchanged(
    under_way: Database, activity_app: Open, see: See
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "h")
        await see(pilot, "35 of 40 answers")
        await pilot.press("enter", "right", "enter")
        await see(pilot, "y do it")
        await pilot.press("y")
        await see(pilot, "distillation 2 · branch of 1")
        await carry(under_way, 2, "train")
        await see(pilot, "40 kept")
        await pilot.press(*["h"] * 2)
        await see(pilot, "Taken over from workflow 1: nothing was paid again.")
    branched = workflows.get(under_way, 2)
    assert branched is not None and branched.spent == 0.0


async def test_a_threshold_that_keeps_too_little_is_refused_before_anything_begins(
    path: Path, under_way: Database, activity_app: Open, see: See
) -> None:
    workflow = workflows.get(under_way, 1)
    assert workflow is not None
    few = to_json_of(replace(parse(workflow.definition), validation_share=0.49, near=0.3))
    under_way.connection.execute("UPDATE workflows SET definition = ? WHERE id = 1", (few,))
    stage = workflows.stage(under_way, 1, "filter")
    assert stage is not None
    leaks = {**stage.outputs, "leaks": list(range(32))}
    workflows.save_stage(under_way, replace(stage, outputs=leaks))
    app = activity_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot, see, "h")
        await see(pilot, "fewer than the 10 that the service takes")
        await pilot.press("enter", "right", "enter")
        await see(pilot, "That threshold cannot be applied")
    assert len(workflows.newest(under_way)) == 1


def to_json_of(definition: Distillation) -> str:
    from cupola.workflows.distil.definition import to_json

    return to_json(definition)


@pytest.mark.parametrize("name", ["benchmark", "roles", "generate", "filter", "train", "watch", "deploy",
                                  "re-benchmark", "latency", "verdict", "clean-up"])  # fmt: skip
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_failed_stage_says_cause_remedy_and_the_key_that_goes_on(
    under_way: Database, activity_app: Open, see: See, screen_text: Text, name: str, size: tuple[int, int]
) -> None:
    for stage in workflows.stages(under_way, 1):
        state = StageState.DONE if stage.position < position(under_way, name) else StageState.PENDING
        workflows.save_stage(under_way, replace(stage, state=state, problem=None))
    stop_at(under_way, name, Problem(f"It broke. {HOSTILE}", "A wire is loose.", "Fasten the wire."))
    app = activity_app()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, see)
        await see(pilot, "It broke. ␛[31m[bold]Evil[/bold]")
        text = " ".join(screen_text(app).split())
        for words in ("✗ stopped", "A wire is loose.", "Fasten the wire.", "x tries this stage again"):
            assert words in text, words
        await pilot.press("x")
        await see(pilot, "Try again Cora")
        assert "Go on with other limits" in screen_text(app)


def position(database: Database, name: str) -> int:
    stage = workflows.stage(database, 1, name)
    assert stage is not None
    return stage.position


async def test_trying_again_is_written_after_a_card(under_way: Database, activity_app: Open, see: See) -> None:
    stop_at(under_way, "train", Problem("It broke."))
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "x")
        await see(pilot, "Try again Cora")
        await pilot.press("enter")
        await see(pilot, "cupola distill resume 1")
        await pilot.press("y")
        await see(pilot, "safe to close")
    workflow, stage = workflows.get(under_way, 1), workflows.stage(under_way, 1, "train")
    assert workflow is not None and workflow.state is WorkflowState.RUNNING
    assert stage is not None and stage.state is StageState.PENDING


async def test_other_limits_are_asked_for_and_taken(under_way: Database, activity_app: Open, see: See) -> None:
    stop_at(under_way, "train", Problem("The stage train may cost up to $9.00, and $5.99 may still be spent."))
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "x", "down", "enter")
        await see(pilot, "Go on with Cora")
        await pilot.press("tab", "end", *["backspace"] * 4, *"lots", "enter")
        await see(pilot, "stop at cannot be 'lots'")
        await pilot.press("tab", "end", *["backspace"] * 4, *"12", "enter")
        await see(pilot, "--max-cost 12 --ask-from 4")
        await pilot.press("y")
        await see(pilot, "of ≤$12.00")


async def test_a_question_is_answered_with_yes_or_no(under_way: Database, activity_app: Open, see: See) -> None:
    stage = workflows.stage(under_way, 1, "train")
    assert stage is not None
    asks = replace(stage, state=StageState.WAITING, question="It will cost $1.00 to $2.00. Go on?", low=1.0, high=2.0)
    workflows.save_stage(under_way, asks)
    workflows.move(under_way, 1, [WorkflowState.RUNNING], WorkflowState.WAITING, NOW)
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await see(pilot, "waits for your yes")
        await see(pilot, "It will cost $1.00 to $2.00. Go on?")
        await pilot.press("x")
        await see(pilot, "No, leave out: train of Cora")
        await pilot.press("enter")
        await see(pilot, "$1.00 to $2.00")
        await pilot.press("y")
        await see(pilot, "safe to close")
    answer = workflows.stage(under_way, 1, "train")
    assert answer is not None and answer.agreed_at is not None


@pytest.mark.parametrize(("choice", "state"), [("Pause", WorkflowState.PAUSED), ("Call", WorkflowState.CANCELLED)])
async def test_it_pauses_or_is_called_off_after_a_card_only(
    under_way: Database, activity_app: Open, see: See, screen_text: Text, choice: str, state: WorkflowState
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "x")
        await see(pilot, "Pause Cora")
        lines = [line for line in screen_text(app).splitlines() if "Cora" in line and "│  " in line]
        place = next(number for number, line in enumerate(lines) if f"{choice} " in line)
        await pilot.press(*["down"] * place, "enter")
        await see(pilot, "y do it")
        workflow = workflows.get(under_way, 1)
        assert workflow is not None and workflow.state is WorkflowState.RUNNING
        await pilot.press("y")
        await see(pilot, "paused" if choice == "Pause" else "called off")
    workflow = workflows.get(under_way, 1)
    assert workflow is not None and workflow.state is state


async def test_branching_by_form_refuses_what_cannot_be_and_says_so_in_the_form(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, ":")
        await pilot.press(*"distill branch", "enter")
        await see(pilot, "Branch from Cora, distillation 1")
        await pilot.press("enter")
        await see(pilot, "Nothing is changed")
        await pilot.press("tab", "end", *["backspace"] * 4, *"nobody", "enter")
        await see(pilot, "nobody")
        await see(pilot, "problem")
        await pilot.press("tab", "end", *["backspace"] * 6, *"weak")
        await pilot.press("tab", "tab", "end", "backspace", "2", "enter")
        await see(pilot, "cupola distill branch 1 --samples 2")
        await pilot.press("y")
        await see(pilot, "distillation 2")
    made = workflows.get(under_way, 2)
    assert made is not None and parse(made.definition).samples == 2


async def test_the_report_is_written_where_it_is_wanted_and_never_over_a_file(
    under_way: Database, activity_app: Open, see: See, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    app = activity_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        for said in ("Wrote", "is there already"):
            if said == "Wrote":
                await opened(pilot, see)
            await pilot.press(":", *"distill report", "enter")
            await see(pilot, "Write the report of Cora")
            await pilot.press("ctrl+u", *str(folder), "enter")
            await see(pilot, said)
    assert (folder / "distillation-1.md").read_text("utf-8").startswith("# Cora")
    assert json.loads((folder / "distillation-1.json").read_text("utf-8"))["workflow"] == 1


async def test_hostile_texts_are_shown_and_never_obeyed(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    under_way.connection.execute("UPDATE workflows SET name = ? WHERE id = 1", (HOSTILE,))
    for stage in workflows.stages(under_way, 1):
        evil = {"headline": HOSTILE, "sentences": [HOSTILE], "model": HOSTILE, "job": HOSTILE, "reasons": [HOSTILE],
                "roles": {HOSTILE: HOSTILE}, "warnings": [HOSTILE], "figures": [{"role": "teacher", "model": HOSTILE}],
                "removed": [HOSTILE], "request": {"model": HOSTILE, "method": HOSTILE}}  # fmt: skip
        outputs = stage.outputs if stage.name in ("generate", "filter") else {**stage.outputs, **evil}
        workflows.save_stage(
            under_way, replace(stage, state=StageState.DONE, unit=HOSTILE, total=3.0, question=HOSTILE, outputs=outputs)
        )
    app = activity_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        await see(pilot, "Workflows 1")
        await pilot.press("enter")
        await see(pilot, "distillation 1")
        for _ in range(9):
            await pilot.press("h")
            await pilot.pause()
            text = screen_text(app)
            assert not set("\x1b\x07\x9b\u202e") & set(text)
        await see(pilot, "␛[31m[bold]Evil[/bold]")


async def test_outputs_of_another_shape_break_no_screen(
    under_way: Database, activity_app: Open, see: See, screen_text: Text
) -> None:
    odd: dict[str, Any] = {"figures": 3, "gap": "x", "sentences": None, "roles": [1], "runs": "abc", "score": [],
                           "purity": 1, "scale": None, "to_teacher": 0, "paid": "?", "kept": "many"}  # fmt: skip
    for stage in workflows.stages(under_way, 1):
        if stage.name != "filter":
            workflows.save_stage(under_way, replace(stage, state=StageState.DONE, outputs=odd, total=float(2**60)))
    app = activity_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, see)
        for _ in range(9):
            await pilot.press("h")
            await pilot.pause(0.05)
        await see(pilot, "✓ Benchmark")


async def test_distilling_asks_for_roles_first_then_shows_every_stages_cost_and_starts_after_one_yes(
    under_way: Database, activity_app: Open, see: See, screen_text: Text, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("\n".join(PROMPTS) + "\n", "utf-8")
    app = activity_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "strong")
        if re.search(r"─ small \d/", screen_text(app)) is None:
            await pilot.press("b")
        await see(pilot, "─ small ")
        await pilot.press("D")
        await see(pilot, "Distilling needs a teacher and a student")
        decisions.add(under_way, NOW, "small", 1, "teacher", "strong", {}, "")
        decisions.add(under_way, NOW, "small", 1, "student", "weak", {}, "")
        await pilot.press("D")
        await see(pilot, "Distil on small")
        await pilot.press("enter")
        await see(pilot, "Which questions shall the teacher answer?")
        await pilot.press("tab", "tab", "tab", *str(prompts), "enter")
        await see(pilot, "start it")
        text = " ".join(screen_text(app).split())
        for words in ("generate", "re-benchmark", "in all", "It has no hard limit", "cupola distill run small"):
            assert words in text
        assert len(workflows.newest(under_way)) == 1
        await pilot.press("y")
        await see(pilot, "small · distillation 2")
    made = workflows.get(under_way, 2)
    assert made is not None and made.state is WorkflowState.RUNNING
    assert (parse(made.definition).teacher, parse(made.definition).student) == ("strong", "weak")
