"""What is asked before something is done with a checkpoint; what touches the cloud ends in a card, which alone acts."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from textual.widget import Widget

from cupola.benchmarks.definition import GraderUse
from cupola.deployments.candidates import deployment_name
from cupola.deployments.durations import duration_text, parse_duration
from cupola.deployments.plan import Plan, plan
from cupola.errors import CupolaError
from cupola.settings import Profile
from cupola.store import decisions
from cupola.store.database import Database
from cupola.store.deployments import DEFAULT_FUSE_SECONDS, Wanted

from ...checkpoint_facts import CheckpointFacts
from ...messages import Ask, Keep, Say
from ...screens.form import FormScreen, Question
from ...screens.path_prompt import PathScreen
from ...views.checkpoints import actions, evidence
from ...views.checkpoints.steps import StepsView
from ...views.deployments.actions import create_action
from .apart import import_file, regrade_stored
from .lab import Lab

_FILES = (".json", ".jsonl", ".ndjson")


class Asking:
    """Asks on behalf of a pane; every flow is awaited in one of its workers."""

    def __init__(self, owner: Widget, facts: CheckpointFacts, profile: Profile, clock: Callable[[], float]) -> None:
        self._owner, self._facts, self._profile, self._clock = owner, facts, profile, clock
        self._lab = Lab(owner, facts, profile, clock)

    def flow(self, name: str, view: StepsView | None, pair: tuple[int, int]) -> Coroutine[Any, Any, None]:
        """The flow of a name, on the second step of a pair."""
        if name == "open":
            return self._open()
        if name == "import":
            return self._import()
        flows: Mapping[str, Callable[[StepsView, tuple[int, int]], Coroutine[Any, Any, None]]] = {
            "deploy": self._deploy,
            "test": self._test,
            "keep": self._keep,
            "regrade": self._regrade,
            "lab": self._lab.go,
        }
        return _nothing() if view is None else flows[name](view, pair)

    async def _deploy(self, view: StepsView, pair: tuple[int, int]) -> None:
        """How, then the card."""
        takes = await self._planned(view, pair[1], "to look at", f"Deploy step {pair[1]} of {view.job.name}")
        if takes is not None:
            self._owner.post_message(Ask(create_action(takes, self._profile, self._clock())))

    async def _test(self, view: StepsView, pair: tuple[int, int]) -> None:
        """Which rows, which steps and how, then the card."""
        import asyncio

        from .held_out import prepared, questions, test_action

        step, job = pair[1], view.job
        title = f"Held-out rows for step {step} (JSON Lines, as for training)"
        path = await self._owner.app.push_screen_wait(PathScreen(title, Path.cwd(), _FILES))
        if path is None:
            return
        store = self._facts.common.database.path
        answers: dict[str, str] = {}
        facts = (("rows", str(path)), ("grader", "the job's own"))
        problem: tuple[tuple[str, str], ...] = ()
        while True:
            form = FormScreen(f"Test {job.name}", (*facts, *problem), questions(step, answers), "see the cost")
            given = await self._owner.app.push_screen_wait(form)
            if given is None:
                return
            answers = dict(given)
            try:
                found = await asyncio.to_thread(prepared, store, job, Path(path), answers)
            except CupolaError as error:
                problem = (("not yet", str(error)),)
                continue
            self._owner.post_message(Ask(test_action(found, Path(path), self._profile, self._clock())))
            return

    async def _keep(self, view: StepsView, pair: tuple[int, int]) -> None:
        """Straight into the ledger: the store alone is concerned."""
        step, job, now = pair[1], view.job, self._clock()
        model = self._facts.model_of(job, step) or f"step {step}"
        numbers, card = evidence.numbers(view, step), evidence.card(view, step)

        def write(database: Database) -> None:
            decisions.add(database, now, job.name, 0, "checkpoint", model, numbers, card)

        self._owner.post_message(Keep(write, f"Step {step} of {job.name}: its evidence is in the ledger."))

    async def _open(self) -> None:
        """An id, then the card."""
        given = await self._owner.app.push_screen_wait(
            FormScreen("Open an evaluation", (), [Question("id", "", "such as eval_6855836b37b8")], "see the card")
        )
        if given and given["id"]:
            self._owner.post_message(Ask(actions.open_action(given["id"], self._profile, self._clock())))

    async def _import(self) -> None:
        """A file, read beside the screen."""
        path = await self._owner.app.push_screen_wait(PathScreen("An evaluation's file", Path.cwd(), _FILES))
        if path is not None:
            store, now = self._facts.common.database.path, self._clock()
            await self._beside(lambda: import_file(store, Path(path), now))

    async def _regrade(self, view: StepsView, pair: tuple[int, int]) -> None:
        """A grader's file; one that asks no model is run at once, for others comes a card with the estimate."""
        path = await self._owner.app.push_screen_wait(PathScreen("Another grader's JSON", Path.cwd(), (".json",)))
        if path is None:
            return
        from cupola.benchmarks.files import read_grader

        try:
            use = read_grader(Path(path))
        except CupolaError as error:
            self._tell(error)
            return
        if use.judges:
            await self._ask_judges(view, use, str(path))
            return
        store, evals, owner = self._facts.common.database.path, view.evals, view.job.id
        self._owner.post_message(Say(f"{use.name} is shown the stored answers."))
        await self._beside(lambda: regrade_stored(store, owner, evals, use))

    async def _ask_judges(self, view: StepsView, use: GraderUse, path: str) -> None:
        """Which steps and how many items, until the estimate holds; then the card."""
        import asyncio

        from .second_grader import prepared, questions, regrade_action

        store, job, known = self._facts.common.database.path, view.job, view.evals.steps
        facts = (("grader", f"{use.name}, which asks {', '.join(use.judges)}"), ("answers", "stored ones, as they are"))
        answers: dict[str, str] = {}
        problem: tuple[tuple[str, str], ...] = ()
        while True:
            form = FormScreen(
                f"Another grader for {job.name}", (*facts, *problem), questions(answers, known), "estimate"
            )
            given = await self._owner.app.push_screen_wait(form)
            if given is None:
                return
            answers = dict(given)
            try:
                found = await asyncio.to_thread(prepared, store, job, use, answers, known)
            except CupolaError as error:
                problem = (("not yet", str(error)),)
                continue
            self._owner.post_message(Ask(regrade_action(found, path, self._profile, self._clock())))
            return

    async def _planned(self, view: StepsView, step: int, purpose: str, title: str) -> Plan | None:
        """Name, tier, capacity and fuse, asked until they hold."""
        model = self._facts.model_of(view.job, step)
        answers: Mapping[str, str] = {"name": deployment_name(f"{view.job.name}-step{step}")}
        facts = (
            ("model", model),
            ("tiers", "DeveloperTier: no hosting fee, gone after 24 h. Standard, GlobalStandard: paid by the hour."),
        )
        while True:
            questions = [
                Question("name", answers["name"], "up to 64 letters, digits, - or ."),
                Question("tier", answers.get("tier", "DeveloperTier"), "one of the names above"),
                Question("capacity", answers.get("capacity", "50"), "thousand tokens a minute"),
                Question("goes in", answers.get("goes in", duration_text(DEFAULT_FUSE_SECONDS)), "90m, 4h, 2d, never"),
            ]
            given = await self._owner.app.push_screen_wait(FormScreen(title, facts, questions, "see the cost"))
            if given is None:
                return None
            answers = given
            try:
                return plan(self._facts.common.database, _wanted(model, answers, f"{purpose}, step {step}"))
            except CupolaError as error:
                self._tell(error)

    async def _beside(self, work: Callable[[], str]) -> None:
        """Do something longer in a thread, and say how it ended."""
        import asyncio

        try:
            said = await asyncio.to_thread(work)
        except CupolaError as error:
            self._tell(error)
        else:
            self._owner.post_message(Say(said))

    def _tell(self, error: CupolaError) -> None:
        self._owner.post_message(Say(str(error), warning=True))


async def _nothing() -> None:
    """Nothing is shown that it could be done with."""


def _wanted(model: str, answers: Mapping[str, str], purpose: str) -> Wanted:
    capacity = answers["capacity"].replace(",", "")
    return Wanted(
        name=answers["name"],
        model=model,
        sku=answers["tier"],
        capacity=int(capacity) if capacity.isdecimal() else 0,
        fuse_seconds=parse_duration(answers["goes in"]),
        purpose=purpose,
    )
