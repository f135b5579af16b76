"""One of each kind of work, begun together on rows that nobody has seen: what is under way, and what a person does."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.core.workflows.emulation import defined, distillation, rows

from cupola.azure import files, jobs
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.requests import JobRequest
from cupola.benchmarks.definition import Arm
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define, want_run
from cupola.datasets.chunks import Chunk
from cupola.datasets.raft import Mix
from cupola.models import IntentState, Job, Upload
from cupola.store import benchmarks, checkpoints, datasets, deployments, downloads, evaluations, intents, workflows
from cupola.store import jobs as known_jobs
from cupola.store.benchmarks import RunState
from cupola.store.database import Database
from cupola.store.deployments import State, Wanted
from cupola.store.downloads import Download
from cupola.store.workflows import StageState, WorkflowState
from cupola.worker.downloads import DOWNLOAD
from cupola.worker.evaluations import EVAL_OPEN
from cupola.worker.regrading import EVAL_REGRADE
from cupola.worker.uploads import UPLOAD
from cupola.workflows import control
from cupola.workflows.checkpoint_test.of_job import on_benchmark
from cupola.workflows.checkpoint_test.start import start as start_test
from cupola.workflows.distil.start import start as start_distillation
from cupola.workflows.known import kind_of
from cupola.workflows.raft.definition import Raft
from cupola.workflows.raft.start import start as start_raft
from cupola.workflows.raft.start import store_parts
from cupola.workflows.raft.steps import RAFT
from cupola.workflows.regrade.definition import Regrading
from cupola.workflows.regrade.start import start as start_regrading

from .engines import JUDGED
from .house import PART_BYTES, House

BASE = "gpt-4.1-nano"
PROMPTS, ITEMS, CHUNKS = 80, 200, 24
EVALUATED = 60
_FILE_BYTES = 24 * PART_BYTES
_FUSE_SECONDS = 4.0
REGRADERS = tuple(
    {
        "type": "python",
        "name": f"says {word}",
        "pass_threshold": 0.5,
        "source": f"def grade(sample, item):\n    return float({word!r} in sample['output_text'])\n",
    }
    for word in ("It", "is", "know")
)

JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1-mini",
    "range": [0, 1],
    "pass_threshold": 0.5,
    "input": [{"role": "user", "content": JUDGED + " {{sample.output_text}} The word was {{item.word}}."}],
    "sampling_params": {"max_completion_tokens": 50},
}
"""A second grader that is paid for."""


@dataclass(frozen=True)
class Round:
    """What was begun."""

    number: int
    distillation: int
    raft: int
    test: int
    here: int
    """The run whose rows are asked from here."""
    evals: int
    """The run that the service's evaluations carry out."""
    deployment: str
    file: Path
    folder: Path
    """Where the file is fetched to."""

    @property
    def workflows(self) -> tuple[int, ...]:
        """Those that began with the round."""
        return self.distillation, self.raft, self.test

    @property
    def judging(self) -> str:
        """The name of the one that begins once there are answers to judge."""
        return f"judging-{self.number}"


def seed_job(house: House, database: Database) -> Job:
    """A job of three checkpoints, learnt before the storm."""
    path = house.folder / "seed.jsonl"
    path.write_text("".join(f"{_talk(row)}\n" for row in rows(24, 5_000)))

    async def submitted() -> str:
        async with connect(house.profile, KeyCredential(house.key, "storm")) as service:
            file = await files.processed(service, (await files.upload(service, path)).id)
            settings: dict[str, float | str] = {"n_epochs": 3, "batch_size": 4}
            request = JobRequest(BASE, file.id, suffix="seed", seed=7, hyperparameters=settings)
            return (await jobs.submit(service, request, "seed")).id

    job_id = asyncio.run(submitted())
    house.start_worker()
    deadline = time.monotonic() + 120
    while len(checkpoints.of_job(database, job_id)) < 3 or not (job := known_jobs.get(database, job_id)):
        assert time.monotonic() < deadline, "the first job does not learn"
        time.sleep(0.05)
    house.kill_worker()
    return job


def _talk(row: str) -> str:
    fields = json.loads(row)
    answer = {"role": "assistant", "content": f"It is {fields['word']}."}
    return json.dumps({"messages": [{"role": "user", "content": fields["question"]}, answer]})


def begin(house: House, database: Database, job: Job, number: int) -> Round:
    """Begin one of each."""
    now, first = time.time(), 100_000 * (number + 1)
    tested = _fresh(f"test-{number}", first, 40)
    define(database, tested, now)
    plain = on_benchmark(database, job, (), tested.benchmark.name, BASE)
    learnt = distillation(database, _fresh(f"distil-{number}", first + 10_000, 40), PROMPTS, first + 20_000)
    read = store_parts(database, _raft(number), _chunks(number), (), now)
    here = _fresh(f"here-{number}", first + 30_000, ITEMS)
    there = _fresh(f"evals-{number}", first + 40_000, EVALUATED)
    return Round(
        number,
        start_distillation(database, replace(learnt, name=f"words-{number}"), house.place, now),
        start_raft(database, read, RAFT, house.place, now),
        start_test(database, replace(plain, remove_at_once=True), now),
        _run(database, here, "here"),
        _run(database, there, "evals"),
        _deployment(database, number),
        _upload(house, database, number),
        house.folder / f"fetched-{number}",
    )


def _fresh(name: str, first: int, count: int) -> Defined:
    """The benchmark of words on rows of its own."""
    held = rows(count, first)
    return Defined(replace(defined().benchmark, name=name, split=split_hash(held)), held)


def _run(database: Database, what: Defined, engine: str) -> int:
    arms = (Arm("nano", BASE, BASE),)
    benchmark = replace(what.benchmark, arms=arms, engine=engine)
    define(database, Defined(benchmark, what.rows), time.time())
    return want_run(database, benchmark, time.time()).id


def _raft(number: int) -> Raft:
    arms = (asdict(Arm(role, name, name)) for role, name in (("student", "gpt-4.1-mini"), ("teacher", "gpt-4.1")))
    student, teacher = arms
    mix = Mix(distractors=2)
    return Raft(f"parts-{number}", "", student=student, teacher=teacher, levels=(0, 3), mix=mix, margin=0.1)


def _chunks(number: int) -> list[Chunk]:
    places = range(CHUNKS)
    return [Chunk("parts.md", "", f"Part number p{number}0{place}x is {place * 7} long.", place) for place in places]


def _deployment(database: Database, number: int) -> str:
    name = f"fused-{number}"
    deployments.want(database, Wanted(name, BASE, fuse_seconds=_FUSE_SECONDS, purpose="storm"), time.time())
    return name


def _upload(house: House, database: Database, number: int) -> Path:
    path = house.folder / f"upload-{number}.jsonl"
    talks = [_talk(row) for row in rows(_FILE_BYTES // 150, 100_000 * number + 7)]
    path.write_text("\n".join(talks) + "\n")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    intents.wish(database, UPLOAD, str(path), time.time(), {"sha256": sha256, "purpose": "fine-tune"})
    return path


@dataclass
class Person:
    """Says yes where something waits, asks for what comes next, and tries again what has failed, which is counted."""

    tried_again: int = 0

    def look(self, database: Database, begun: Round) -> None:
        """What a person does who looks at the screen now and then."""
        for workflow_id in workflows_of(database, begun):
            self._workflow(database, workflow_id)
        for run_id in (begun.here, begun.evals):
            self._run(database, run_id)
        self._fetch(database, begun)
        self._regrade(database, begun)

    def _workflow(self, database: Database, workflow_id: int) -> None:
        found = workflows.get(database, workflow_id)
        if found is not None and found.state is WorkflowState.WAITING:
            control.answer(database, workflow_id, True, time.time())
        if found is not None and found.state is WorkflowState.FAILED:
            self.tried_again += 1
            control.resume(database, kind_of(found.kind), workflow_id, time.time())

    def _run(self, database: Database, run_id: int) -> None:
        run = benchmarks.get_run(database, run_id)
        if run is not None and run.state is RunState.STOPPED:
            self.tried_again += 1
            benchmarks.set_state(database, run_id, RunState.WANTED, time.time())

    def _fetch(self, database: Database, begun: Round) -> None:
        sent = upload_of(database, begun)
        if sent is None or sent.file_id is None or sent.state.open or download_of(database, begun) is not None:
            return
        begun.folder.mkdir(exist_ok=True)
        _wish_once(database, DOWNLOAD, sent.file_id, folder=str(begun.folder))

    def _regrade(self, database: Database, begun: Round) -> None:
        eval_id = evaluation_of(database, begun)
        if eval_id is None:
            return
        runs = evaluations.runs_of(database, eval_id)
        if not runs:
            # A wish that has failed midway is told, and asked for again.
            _wish_once(database, EVAL_OPEN, eval_id)
        elif all(one.whole for one in runs):
            for grader in REGRADERS:
                _wish_once(database, EVAL_REGRADE, eval_id, definition=grader)
            if judging_of(database, begun) is None:
                start_regrading(database, Regrading(begun.judging, eval_id, JUDGE), time.time(), hard=5.0)


def _wish_once(database: Database, kind: str, target: str, **arguments: object) -> None:
    made = [one for one in intents.newest(database, 10_000) if (one.kind, one.target) == (kind, target)]
    if not any(one.state is not IntentState.FAILED and dict(one.arguments) == arguments for one in made):
        intents.wish(database, kind, target, time.time(), arguments)


def upload_of(database: Database, begun: Round) -> Upload | None:
    """The round's file on its way to the service."""
    return next((one for one in datasets.uploads(database) if one.path == str(begun.file)), None)


def download_of(database: Database, begun: Round) -> Download | None:
    """The same file on its way back."""
    return next((one for one in downloads.downloads(database) if one.folder == str(begun.folder)), None)


def judging_of(database: Database, begun: Round) -> int | None:
    """The workflow in which a model judges the stored answers."""
    return next((one.id for one in workflows.newest(database, 1_000) if one.name == begun.judging), None)


def workflows_of(database: Database, begun: Round) -> tuple[int, ...]:
    """All of the round's workflows."""
    judging = judging_of(database, begun)
    return begun.workflows if judging is None else (*begun.workflows, judging)


def evaluation_of(database: Database, begun: Round) -> str | None:
    """The service's evaluation of the round's run, once the run is done."""
    run = benchmarks.get_run(database, begun.evals)
    return str(run.remote["eval"]) if run is not None and run.state is RunState.DONE else None


def under_way(database: Database, begun: Round) -> list[str]:
    """What a worker is in the midst of now, in words to count by."""
    return list(_under_way(database, begun))


def _under_way(database: Database, begun: Round) -> Iterator[str]:
    for workflow_id in workflows_of(database, begun):
        found = workflows.get(database, workflow_id)
        if found is None or found.state is WorkflowState.DONE:
            continue
        stages = workflows.stages(database, workflow_id)
        stage = next((one.name for one in stages if one.state not in (StageState.DONE,)), "its end")
        yield f"{found.kind}: {stage}"
    for run_id in (begun.here, begun.evals):
        run = benchmarks.get_run(database, run_id)
        if run is not None and run.state is not RunState.DONE:
            yield f"benchmark, {run.engine}"
    standing = deployments.get(database, begun.deployment)
    if standing is not None and standing.state is not State.GONE:
        yield f"deployment with a fuse: {standing.state.value}"
    sent, fetched = upload_of(database, begun), download_of(database, begun)
    if sent is None or sent.state.open:
        yield "upload"
    elif fetched is None or fetched.state.open:
        yield "download"
    if evaluation_of(database, begun) is not None and _regrading(database, begun):
        yield "regrading without a model"


def _regrading(database: Database, begun: Round) -> bool:
    eval_id = evaluation_of(database, begun)
    made = [one for one in intents.newest(database, 10_000) if (one.kind, one.target) == (EVAL_REGRADE, eval_id)]
    return judging_of(database, begun) is None or sum(one.state is IntentState.DONE for one in made) < len(REGRADERS)
