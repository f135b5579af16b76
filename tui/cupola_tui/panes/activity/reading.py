"""What the Activity pane knows: records from the store, read once and then as they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cupola.errors import UsageError
from cupola.models import Job, Problem
from cupola.settings import Profile
from cupola.store import benchmarks, datasets, decisions, deployments, downloads, notices, watches, workflows
from cupola.store.benchmarks import Run, RunState
from cupola.store.decisions import Decision
from cupola.store.deployments import Deployment
from cupola.store.workflows import Stage, Workflow

from ...facts import Facts
from ...views.activity.things import (
    Thing,
    decision_thing,
    deployment_thing,
    download_thing,
    job_thing,
    notice_thing,
    ordered,
    run_thing,
    upload_thing,
    watch_thing,
    workflow_thing,
)
from ...views.workflows.records import WorkflowView, view_of

if TYPE_CHECKING:
    from cupola.money.budgets import Budget
    from cupola.money.totals import Total
    from cupola_data.prices import PriceList

_WORKFLOWS, _RUNS, _JOBS, _DECISIONS = 60, 200, 200, 200
_FAMILIES = frozenset(
    {"workflows", "runs", "run", "benchmarks", "jobs", "points", "events", "uploads", "downloads", "deployments",
     "decisions", "watches", "notices"}
)  # fmt: skip


class ActivityFacts:
    """A reader over one connection; jobs and their curves come from the facts that all panes share."""

    def __init__(self, facts: Facts, profile: Profile, config_file: str = "") -> None:
        self.facts, self.database = facts, facts.database
        self._profile, self._config_file = profile, config_file
        self._workflows: list[Workflow] | None = None
        self._stages: dict[int, list[Stage]] = {}
        self._runs: list[Run] | None = None

    def changed(self, topics: Iterable[str]) -> bool:
        """Forget what these topics cover; whether any of it is shown here."""
        found = False
        for topic in topics:
            family, _, subject = topic.partition("/")
            found = found or family in _FAMILIES or family == "workflow"
            if family == "workflows":
                self._workflows = None
            elif family == "workflow" and subject.isdigit():
                self._stages.pop(int(subject), None)
            elif family in ("runs", "run"):
                self._runs = None
        return found

    def views(self, now: float) -> list[WorkflowView]:
        """The last workflows, newest first."""
        if self._workflows is None:
            self._workflows = workflows.newest(self.database, _WORKFLOWS)
        return [view for one in self._workflows if (view := view_of(one, self._stages_of(one.id), now)) is not None]

    def view(self, workflow_id: int, now: float) -> WorkflowView | None:
        """One workflow, however old."""
        known = next((view for view in self.views(now) if view.workflow.id == workflow_id), None)
        if known is not None:
            return known
        found = workflows.get(self.database, workflow_id)
        return None if found is None else view_of(found, self._stages_of(workflow_id), now)

    def things(self, now: float) -> list[Thing]:
        """All rows, what needs a person first."""
        found = [workflow_thing(view) for view in self.views(now)]
        found += [run_thing(run) for run in self.runs()]
        found += [job_thing(job, self._share(job), None) for job in self.facts.jobs()[:_JOBS]]
        found += [upload_thing(one) for one in datasets.uploads(self.database)]
        found += [download_thing(one) for one in downloads.downloads(self.database)]
        rows = [deployment_thing(one, _hosted(one, now)) for one in self.deployments()]
        found += [one for one in rows if one is not None]
        found += [decision_thing(one) for one in self.decisions()]
        found += [watch_thing(one) for one in watches.all_watches(self.database)]
        found += [notice_thing(one) for one in notices.newest(self.database)]
        return ordered(found)

    def runs(self) -> list[Run]:
        """The last runs of all benchmarks, newest first."""
        if self._runs is None:
            self._runs = benchmarks.runs(self.database, limit=_RUNS)
        return self._runs

    def run(self, run_id: int) -> Run | None:
        """One run."""
        known = next((run for run in self.runs() if run.id == run_id), None)
        return known or benchmarks.get_run(self.database, run_id)

    def decisions(self) -> list[Decision]:
        """The ledger, newest first."""
        return decisions.newest(self.database, limit=_DECISIONS)

    def deployments(self) -> list[Deployment]:
        """All deployments that are known."""
        return deployments.all_deployments(self.database)

    def deployment(self, name: str) -> Deployment | None:
        """One deployment."""
        return deployments.get(self.database, name)

    def job(self, job_id: str) -> Job | None:
        """One job."""
        return next((job for job in self.facts.jobs() if job.id == job_id), None)

    def problem(self, thing: Thing) -> Problem | None:
        """Why a thing stopped, in full."""
        if thing.kind == "benchmark" and (run := self.run(int(thing.id))) is not None:
            return run.problem
        if thing.kind == "deployment" and (row := self.deployment(thing.id)) is not None:
            return row.problem
        if thing.kind == "job" and (job := self.job(thing.id)) is not None:
            from cupola.training.failures import explain

            return explain(job, self.facts.events(job.id))
        if thing.kind == "transfer":
            direction, _, number = thing.id.partition(" ")
            find = datasets.upload if direction == "up" else downloads.download
            moved = find(self.database, int(number))
            return moved.problem if moved is not None else None
        return None

    def is_over(self, thing: Thing) -> bool:
        """Whether nothing more can become of a job, a run or a deployment."""
        if thing.kind == "job" and (job := self.job(thing.id)) is not None:
            return job.phase.ended
        if thing.kind == "benchmark" and (run := self.run(int(thing.id))) is not None:
            return run.state in (RunState.DONE, RunState.CANCELLED)
        row = self.deployment(thing.id) if thing.kind == "deployment" else None
        return row is not None and row.state.ended

    def totals(self, by: str, now: float) -> list[Total]:
        """What was spent by day, month, job or workflow."""
        from cupola.money import totals

        count = {"day": totals.by_day, "month": totals.by_month, "job": totals.by_job, "workflow": totals.by_workflow}
        return count[by](self.database, self._prices(now), now)

    def budgets(self, now: float) -> Sequence[Budget]:
        """How the profile stands with each budget that is set."""
        from cupola.money.budgets import budgets_of

        return budgets_of(self._profile, self.database, self._prices(now), now)

    def _prices(self, now: float) -> PriceList:
        from cupola.money.prices import prices_of
        from cupola.settings import read_settings
        from cupola_data.prices import price_list

        try:
            if self._config_file:
                return prices_of(read_settings(Path(self._config_file)), dt.date.fromtimestamp(now))
        except UsageError:
            # `cupola cost` tells what is wrong with the configuration.
            pass
        return price_list()

    def _stages_of(self, workflow_id: int) -> list[Stage]:
        if workflow_id not in self._stages:
            self._stages[workflow_id] = workflows.stages(self.database, workflow_id)
        return self._stages[workflow_id]

    def _share(self, job: Job) -> float | None:
        if not job.phase.moving:
            return None
        from cupola.training.curves import progress

        kept = [checkpoint for checkpoint, _ in self.facts.checkpoints(job.id)]
        found = progress(job, self.facts.events(job.id), self.facts.last_step(job.id), kept)
        return found.share if found else None


def _hosted(row: Deployment, now: float) -> float | None:
    from cupola.deployments.tiers import hosting_so_far

    return hosting_so_far(row, now)
