"""Everything under way and lately done as rows of one list, whatever it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cupola.models import Job, Phase, Upload, UploadState
from cupola.store.benchmarks import Run, RunState
from cupola.store.decisions import Decision
from cupola.store.deployments import Deployment, State
from cupola.store.downloads import Download, DownloadState
from cupola.store.notices import Notice
from cupola.store.watches import Subject, Watch
from cupola.store.workflows import WorkflowState

from ...lines import Line, line
from ...widgets.table import Column
from ..bench.numbers import dollars
from ..jobs import SIGNS, bar
from ..words import duration
from ..workflows.records import RESULTS, WorkflowView
from ..workflows.strip import whole_share

KINDS = ("workflow", "benchmark", "job", "transfer", "deployment", "decision", "watch", "notice")
"""In the order of the tabs."""

COLUMNS = (
    Column("", 1),
    Column("what", 10),
    Column("name", 16, flexible=True),
    Column("how it stands", 22, flexible=True),
    Column("cost", 8, right=True, drop=1),
    Column("when", 8, right=True),
)

_BAR = 10


@dataclass(frozen=True, slots=True)
class Thing:
    """One row: what it is, how it stands, and where it opens."""

    kind: str
    id: str
    name: str
    words: str
    """How it stands."""
    sign: str
    ink: str
    at: float
    """When it last moved, as far as is known."""
    share: float | None = None
    """How much is done; None where there is no telling, or nothing left to do."""
    usd: float | None = None
    live: bool = False
    """Under way."""
    needs: bool = False
    """Waits for a person."""
    pane: str = ""
    """The pane that shows it; "" is this one."""
    place: str = ""
    """What it is called there."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.kind, self.id


def workflow_thing(view: WorkflowView) -> Thing:
    """A workflow with the step it is at."""
    workflow, step = view.workflow, view.current
    sign, ink = {
        WorkflowState.RUNNING: ("●", "info"),
        WorkflowState.WAITING: ("?", "warn bold"),
        WorkflowState.PAUSED: ("‖", "warn"),
        WorkflowState.DONE: ("✓", "good"),
        WorkflowState.FAILED: ("✗", "bad"),
        WorkflowState.CANCELLED: ("⊘", "muted"),
    }.get(workflow.state, ("?", "muted"))
    asking, live = view.asking, workflow.state is WorkflowState.RUNNING
    words = {
        WorkflowState.RUNNING: step.title,
        WorkflowState.WAITING: f"asks you about {asking.name if asking else step.title}",
        WorkflowState.PAUSED: f"paused at {step.title}",
        WorkflowState.FAILED: f"stopped at {step.title}: {workflow.problem.what if workflow.problem else ''}",
        WorkflowState.DONE: verdict_words(view) or "done",
        WorkflowState.CANCELLED: f"called off at {step.title}",
    }.get(workflow.state, workflow.state.value)
    return Thing(
        "workflow",
        str(workflow.id),
        f"{workflow.name} {workflow.id}",
        words,
        sign,
        ink,
        workflow.updated_at if not live else max(workflow.updated_at, step.current.resumed_at or 0.0),
        share=whole_share(view) if not workflow.state.ended else None,
        usd=workflow.spent,
        live=live,
        needs=workflow.state in (WorkflowState.WAITING, WorkflowState.FAILED, WorkflowState.PAUSED),
    )


def verdict_words(view: WorkflowView) -> str:
    """What a finished workflow has come to."""
    outputs = next((stage.outputs for name in RESULTS if (stage := view.stage(name)) is not None), {})
    said = outputs.get("sentences") or ("",)
    return str(outputs.get("headline") or said[0])


def run_thing(run: Run) -> Thing:
    """A run of a benchmark."""
    done = run.progress
    wanted = done.rows + done.gradings
    sign, ink = {
        RunState.WANTED: ("○", "info"),
        RunState.RUNNING: ("●", "info"),
        RunState.DONE: ("✓", "good"),
        RunState.STOPPED: ("✗", "bad"),
        RunState.CANCELLED: ("⊘", "muted"),
    }[run.state]
    words = f"{done.answered:,} of {done.rows:,} answered"
    words += f", {done.failed:,} failed" if done.failed else ""
    if run.state is RunState.STOPPED and run.problem is not None:
        words = f"stopped: {run.problem.what}"
    return Thing(
        "benchmark",
        str(run.id),
        f"{run.benchmark}, run {run.id}",
        words,
        sign,
        ink,
        run.finished_at or run.started_at or run.created_at,
        share=(done.answered + done.failed + done.graded) / wanted if wanted and run.state.moving else None,
        usd=done.usd,
        live=run.state.moving,
        needs=run.state is RunState.STOPPED,
        pane="benchmarks",
        place=f"{run.id}",
    )


def job_thing(job: Job, share: float | None, usd: float | None) -> Thing:
    """A training job."""
    sign, ink = SIGNS[job.phase]
    failed = job.phase is Phase.FAILED
    words = f"failed: {job.error_message}" if failed and job.error_message else job.status
    at = float(job.finished_at or job.as_of or job.created_at)
    return Thing("job", job.id, job.name, f"{words} · {job.model}", sign, ink, at, share if job.phase.moving else None,
                 usd, job.phase.moving, job.phase is Phase.PAUSED, "jobs", job.id)  # fmt: skip


def upload_thing(upload: Upload) -> Thing:
    """A file on its way to the service."""
    return _transfer(
        f"up {upload.id}",
        f"↑ {upload.name}",
        upload.state.value,
        upload.state.open,
        upload.state is UploadState.FAILED,
        upload.updated_at,
        upload.sent / upload.bytes if upload.bytes else None,
        upload.problem.what if upload.problem else "",
    )


def download_thing(download: Download) -> Thing:
    """A file on its way from the service."""
    return _transfer(
        f"down {download.id}",
        f"↓ {download.name}",
        download.state.value,
        download.state.open,
        download.state is DownloadState.FAILED,
        download.updated_at,
        download.received / download.bytes if download.bytes else None,
        download.problem.what if download.problem else "",
    )


def deployment_thing(row: Deployment, usd: float | None) -> Thing | None:
    """A deployment of ours that moves, stands or failed; None for those of others."""
    if not row.ours:
        return None
    sign, ink = {
        State.READY: ("●", "good"),
        State.FAILED: ("✗", "bad"),
        State.GONE: ("–", "faint"),
    }.get(row.state, ("◐", "info"))
    words = row.state.value
    if row.state is State.FAILED and row.problem is not None:
        words = f"failed: {row.problem.what}"
    at = row.gone_at or row.step_at or row.ready_at or row.wanted_at
    return Thing(
        "deployment",
        row.name,
        row.name,
        f"{words} · {row.sku}",
        sign,
        ink,
        at,
        usd=usd,
        live=row.state.moving,
        needs=row.state is State.FAILED,
        pane="deployments",
        place=row.name,
    )


def decision_thing(decision: Decision) -> Thing:
    """A role that was given, from the ledger."""
    return Thing("decision", str(decision.id), f"{decision.role}: {decision.arm}", f"decided on {decision.benchmark}",
                 "◆", "accent", decision.at)  # fmt: skip


_PANES = {
    Subject.JOB: "jobs",
    Subject.RUN: "benchmarks",
    Subject.WORKFLOW: "activity",
    Subject.DEPLOYMENT: "deployments",
}


def watch_thing(watch: Watch) -> Thing:
    """Something that a person asked to be told about."""
    words = f"tells when this {watch.kind} changes"
    return Thing("watch", f"{watch.kind} {watch.target}", watch.name, words, "◉", "info", watch.added_at,
                 pane=_PANES.get(watch.kind, ""), place=watch.target)  # fmt: skip


def notice_thing(notice: Notice) -> Thing:
    """Something that was told, or is to be."""
    failed = notice.problem is not None
    told = "could not be told" if failed else f"told by {notice.told_by}" if notice.told_by else "not told yet"
    return Thing("notice", str(notice.id), notice.title, f"{notice.text} ({told})", "✗" if failed else "»",
                 "bad" if failed else "accent", notice.at, pane=_PANES.get(notice.kind, ""),
                 place=notice.target)  # fmt: skip


def ordered(things: Iterable[Thing]) -> list[Thing]:
    """What needs a person first, then what is under way, then by time."""
    return sorted(things, key=lambda thing: (not thing.live and not thing.needs, not thing.needs, -thing.at))


def matching(things: Sequence[Thing], kind: str, words: str) -> list[Thing]:
    """Those of a kind ("" is all) in which every word is found, and none that begins with `!`."""
    wanted = words.lower().split()
    return [thing for thing in things if (not kind or thing.kind == kind) and all(_has(thing, one) for one in wanted)]


def cells(thing: Thing, now: float) -> tuple[Line, ...]:
    """The cells of a row."""
    words = line((thing.words, "warn" if thing.needs else "" if thing.live else "muted"))
    if thing.share is not None:
        words = (*bar(thing.share, _BAR), *line(f" {min(1.0, thing.share):>4.0%}  "), *words)
    return (
        line((thing.sign, thing.ink)),
        line((thing.kind, "muted")),
        line((thing.name, "bold" if thing.live or thing.needs else "")),
        words,
        line("" if not thing.usd else dollars(thing.usd)),
        line((f"{duration(max(0.0, now - thing.at))}", "muted")),
    )


def tabs(things: Sequence[Thing]) -> list[tuple[str, str]]:
    """The tabs: (kind, title), spend last; those without a row are left out."""
    titles = {"": "All", "workflow": "Workflows", "benchmark": "Benchmarks", "job": "Jobs", "transfer": "Transfers",
              "deployment": "Deployments", "decision": "Decisions", "watch": "Watches", "notice": "Told"}  # fmt: skip
    counts = {kind: len(matching(things, kind, "")) for kind in ("", *KINDS)}
    found = [(kind, f"{titles[kind]} {count}") for kind, count in counts.items() if count or not kind]
    return [*found, ("spend", "Spend")]


def _transfer(
    key: str, name: str, state: str, live: bool, failed: bool, at: float, share: float | None, problem: str
) -> Thing:
    settled = ("✗", "bad") if failed else ("✓", "good") if state == "done" else ("⊘", "muted")
    sign, ink = ("●", "info") if live else settled
    words = f"failed: {problem}" if failed and problem else state
    return Thing("transfer", key, name, words, sign, ink, at, share if live else None, live=live, needs=failed,
                 pane="datasets")  # fmt: skip


def _has(thing: Thing, word: str) -> bool:
    text = f"{thing.kind} {thing.name} {thing.words} {thing.id}".lower()
    return (word.removeprefix("!") in text) is not word.startswith("!") or word == "!"
