from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cupola.benchmarks.definition import Arm
from cupola.datasets.chunks import Chunk
from cupola.datasets.raft import Mix, evidence_of
from cupola.errors import UsageError
from cupola.store import workflows
from cupola.store.database import Database, open_store
from cupola.store.workflows import StageState, WorkflowState
from cupola.workflows import control
from cupola.workflows.distil import prices
from cupola.workflows.raft.definition import Raft, checked, parse, to_json_text
from cupola.workflows.raft.estimate import estimate_whole
from cupola.workflows.raft.files import bundled_file, read
from cupola.workflows.raft.start import start, store_parts
from cupola.workflows.raft.steps import RAFT, RAFT_DATA

from .emulation import _SERVE, Emulation, settled, stages_of

pytestmark = pytest.mark.xdist_group("workflows-emulator")

CHUNKS = [Chunk("parts.md", "", f"Part number p{n}x is {n * 7} long.", n) for n in range(24)]


@dataclass
class ReadingEmulation(Emulation):
    """An emulator whose models read."""

    def __post_init__(self) -> None:
        engines = f"{Path(__file__).with_name('reading_engines.py')}:ENGINES"
        command = [sys.executable, "-c", _SERVE, str(self.home / "emulator"), str(self.speed), engines]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        told = json.loads(self.server.stdout.readline())
        self.endpoint, self.key = str(told["endpoint"]), str(told["api_key"])


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingEmulation]:
    opened = ReadingEmulation(tmp_path_factory.mktemp("reading"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(emulation: ReadingEmulation) -> Iterator[Database]:
    opened = open_store(emulation.paths.store("test"))
    yield opened
    opened.close()


def arm(name: str, deployment: str) -> dict[str, Any]:
    return asdict(Arm(name, deployment, deployment))


def parts(**settings: Any) -> Raft:
    plain = Raft(
        name="Parts",
        chunks="",
        student=arm("student", "gpt-4.1-mini"),
        teacher=arm("teacher", "gpt-4.1"),
        levels=(0, 3),
        mix=Mix(distractors=2),
        margin=0.1,
    )
    return replace(plain, **settings)


def test_documents_become_a_tuned_model_and_a_curve(emulation: ReadingEmulation, store: Database) -> None:
    definition = store_parts(store, parts(), CHUNKS, (), 1.0)
    foreseen = estimate_whole(store, definition)
    made = start(store, definition, RAFT, emulation.place, time.time(), hard=5.0)
    emulation.start_worker()

    ended = settled(store, made)

    stages = stages_of(store, made)
    assert ended.state is WorkflowState.WAITING, ended.problem
    assert stages["clean-up"].question.startswith("Remove the deployment parts-")
    # Three questions a chunk, and a line that is none.
    assert stages["questions"].outputs["left_out"]["no question"] == 24
    fates = Counter(stages["filter"].outputs["fates"])
    assert fates["quote is not in the document"] > 0
    assert sum(fates.values()) == stages["questions"].outputs["questions"]
    check_rows(Path(stages["filter"].outputs["train"]["path"]))
    curve = stages["curve"].outputs
    values = {(point["arm"], point["distractors"]): point["value"] for point in curve["points"]}
    assert values["tuned with retrieval", 0] > values["base with retrieval", 0] + 0.3
    assert values["base with retrieval", 0] > values["base with retrieval", 3]
    assert values["tuned closed-book", None] == 0
    words = {(one["what"], one["distractors"]): one["word"] for one in curve["verdicts"]}
    assert words["Tuned against base", 0] == "better"
    assert 0 < ended.spent < 5.0
    assert foreseen.high is not None
    assert ended.spent <= foreseen.high
    # Neither what was said before it began nor what was said of each stage was too little.
    for before in foreseen.stages:
        stage = stages[before.name]
        paid = stages["watch"].spend if stage.name == "train" else stage.spend
        assert stage.high is not None and before.takes.high is not None
        assert paid <= min(stage.high, before.takes.high), stage.name

    # Every call is in the ledger once.
    asked = Counter((call["deployment"], call["request_hash"]) for call in emulation.paid())
    assert set(asked.values()) == {1}
    control.answer(store, made, True, time.time())
    assert settled(store, made).state is WorkflowState.DONE


def check_rows(path: Path) -> None:
    """A quote is taught only where it stands in the prompt."""
    for line in path.read_text("utf-8").splitlines():
        system, _, answer = (message["content"] for message in json.loads(line)["messages"])
        quote = evidence_of(answer).quote
        assert not quote or quote in system


@pytest.mark.long
def test_a_worker_killed_again_and_again_trains_once_and_draws_the_same_curve(
    tmp_path: Path, emulation: ReadingEmulation, store: Database
) -> None:
    killed = ReadingEmulation(tmp_path)
    elsewhere = open_store(killed.paths.store("test"))
    try:
        definition = store_parts(elsewhere, parts(), CHUNKS, (), 1.0)
        made = start(elsewhere, definition, RAFT, killed.place, time.time())
        chance, kills = random.Random(3), 0
        while kills < 3 and killed.kill_worker_at_work(elsewhere, made, chance.uniform(0.0, 0.3)):
            kills += 1
        killed.start_worker()

        assert settled(elsewhere, made).state is WorkflowState.WAITING
        assert kills >= 2, "it was over too soon to be killed"
        assert len(killed.jobs()) == 1
        undisturbed = stages_of(store, 1)["curve"].outputs
        assert stages_of(elsewhere, made)["curve"].outputs == undisturbed
    finally:
        elsewhere.close()
        killed.close()


def test_the_training_file_alone_is_made_without_a_job_and_pays_for_nothing_again(
    emulation: ReadingEmulation, store: Database
) -> None:
    before = len(emulation.jobs()), len(emulation.paid())
    definition = store_parts(store, parts(mix=Mix(distractors=1, oracle=1.0, closed=0.0)), CHUNKS, (), 2.0)
    made = start(store, definition, RAFT_DATA, emulation.place, time.time())
    emulation.start_worker()

    ended = settled(store, made)

    stages = stages_of(store, made)
    assert ended.state is WorkflowState.DONE, ended.problem
    assert list(stages) == ["ask", "questions", "answer", "filter"]
    assert all(stage.state is StageState.DONE for stage in stages.values())
    check_rows(Path(stages["filter"].outputs["train"]["path"]))
    jobs, calls = before
    assert len(emulation.jobs()) == jobs
    if calls:
        assert len(emulation.paid()) == calls
        assert ended.spent == 0


def test_questions_of_ones_own_that_bring_answers_and_quotes_ask_nobody(
    emulation: ReadingEmulation, store: Database
) -> None:
    rows = [
        json.dumps({"question": f"{form} p{n}x?", "answer": f"{n * 7}", "quote": CHUNKS[n].text, "split": split})
        for n in range(24)
        for form, split in (("How long is", "train"), ("Say the length of", "test"))
    ]
    before = len(emulation.paid())
    definition = store_parts(store, parts(name="Own", teacher=None), CHUNKS, rows, 3.0)
    made = start(store, definition, RAFT_DATA, emulation.place, time.time())
    emulation.start_worker()

    ended = settled(store, made)

    outputs = stages_of(store, made)["filter"].outputs
    assert ended.state is WorkflowState.DONE, ended.problem
    assert outputs["fates"] == {"training": 22, "validation": 2, "test": 24}
    assert len(emulation.paid()) == before


def test_a_question_without_an_answer_and_nobody_to_ask_is_told(emulation: ReadingEmulation, store: Database) -> None:
    rows = [json.dumps({"question": f"How long is p{n}x, {form}?"}) for n in range(24) for form in ("pray", "please")]
    definition = store_parts(store, parts(name="Open", teacher=None), CHUNKS, rows, 4.0)
    made = start(store, definition, RAFT_DATA, emulation.place, time.time())
    emulation.start_worker()

    ended = settled(store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert "Which model shall write" in ended.problem.what


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"teacher": None}, "Which model shall write"),
        ({"mix": Mix(oracle=0.8, closed=0.3)}, "together at most 1"),
        ({"mix": Mix(distractors=-1)}, "Distractors"),
        ({"mix": Mix(copies=0)}, "rows a question"),
        ({"levels": (1, 1)}, "different numbers"),
        ({"levels": ()}, "different numbers"),
        ({"questions_a_chunk": 0}, "questions a chunk"),
        ({"test_share": 1.0}, "share"),
        ({"name": ""}, "needs a name"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_paid_for(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        checked(parts(**settings))


def test_a_definition_reads_back_as_it_was_written() -> None:
    definition = parts(chunks="abc", hyperparameters={"n_epochs": 2})

    text = to_json_text(definition)
    assert to_json_text(parse(text)) == text
    assert parse(text).arm == definition.arm
    assert parse(text).mix == definition.mix


def test_the_handbook_ships_ready_to_run() -> None:
    file = bundled_file("handbook")
    assert file is not None

    found = read(file)

    assert len(found.chunks) == 19
    assert len(found.questions) == 162
    assert found.definition.teacher is None
    assert found.definition.mix.copies == 3


def test_a_file_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One\nText of one.\n# Two\nText of two.")
    path = tmp_path / "raft.toml"
    student = '[student]\ndeployment = "x"\n'
    for text, words in (
        ("name = 1 1", "not valid TOML"),
        ('colour = "red"', "not known here"),
        ('name = "a"\n' + student, "names no documents"),
        ('documents = ["a.md"]\nname = "a"', "no student"),
        ('documents = ["a.md"]\nlevels = ["two"]\n' + student, "whole number"),
        ('documents = ["a.md"]\n[mix]\nmore = 1\n' + student, "known keys"),
        ('documents = ["a.md"]\n[teacher]\n' + student, "needs a deployment"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError, match=words):
            read(path)
    path.write_text(f'documents = ["a.md"]\nname = "a"\n{student}')
    assert [chunk.shown for chunk in read(path).chunks] == ["One: Text of one.", "Two: Text of two."]


def test_no_workflow_is_left_running(store: Database) -> None:
    assert workflows.in_state(store, WorkflowState.RUNNING) == []


@pytest.mark.parametrize(("model", "factor"), [("gpt-4.1-nano", 1.5), ("Ministral-3B", 3.0)])
def test_training_is_bounded_by_more_tokens_than_were_counted_here(model: str, factor: float) -> None:
    counted = prices.training(model, "developerTier", 1_000_000, 2)
    bound = prices.training_ahead(model, "developerTier", (1_000_000, 1_000_000), 2)
    assert counted.high is not None and bound.high is not None
    assert bound.low == counted.low
    assert bound.high == pytest.approx(factor * counted.high)
    assert f"{factor:g} times" in bound.words
