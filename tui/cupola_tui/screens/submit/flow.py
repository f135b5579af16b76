"""Submitting a job: method, form, what it would take, one yes; the worker does the rest."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from cupola.advice.model_table import ModelRow, model_table
from cupola.datasets.listing import listed
from cupola.errors import CupolaError
from cupola.models import LocalFile
from cupola.money.prices import prices_of
from cupola.settings import DEMO_PROFILE, Profile, read_settings
from cupola.store import datasets, events, files, intents, jobs, points
from cupola.store.database import Database, open_store
from cupola.training.job_budget import own_paces
from cupola.training.job_spec import JobSpec
from cupola.training.job_wish import SUBMIT, arguments_of, submitted_before
from cupola.training.token_bounds import TOKENS_KEY
from cupola_data.models import catalogue
from cupola_data.prices import PriceList, price_list

from ...background import tasks
from ...background.client import Background
from ...messages import Keep, Say, Show
from ...panes.datasets.listing import samples
from ...views.actions import place
from ...views.submission import card_rows
from ..menu import Choice, MenuScreen
from . import draft as drafts
from .draft import Wanted
from .form import PROBLEM, SubmitCard, SubmitForm

if TYPE_CHECKING:
    from cupola.training.prospect import Prospect

_CASES = tuple(f"cupola_data.zava.{case}" for case in ("tone", "photos", "loyalty", "facts"))
"""Cases that ship beside the samples of the Datasets pane."""

_REMOTE_SHOWN = 6
_LARGEST_SURVEYED = 32 * 2**20
"""Bytes; a larger file whose format is not known yet is not read for the sake of a menu."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, and of what."""

    owner: Widget
    database: Database
    profile: Profile
    clock: Callable[[], float]
    config_file: str = ""

    @property
    def today(self) -> dt.date:
        """By the clock."""
        return dt.date.fromtimestamp(self.clock())


@dataclass(frozen=True, slots=True)
class _Known:
    """What the form offers."""

    models: tuple[ModelRow, ...]
    files: tuple[LocalFile, ...]
    remote: tuple[Choice, ...]
    prices: PriceList
    paces: Callable[[str], tuple[float, ...]]


async def train(desk: Desk, wanted: Wanted) -> None:
    """Ask for everything, show what it would take, and submit after one yes. Awaited in a worker."""
    method = wanted.method or await _method(desk)
    if not method:
        return
    try:
        known = await asyncio.to_thread(_known, desk)
        async with _process() as background:
            found = await _local(background, desk, known)
        await _asked(desk, replace(wanted, method=method), known, found)
    except CupolaError as error:
        desk.owner.post_message(Say(str(error), warning=True))


@asynccontextmanager
async def _process() -> AsyncIterator[Background]:
    """A background process for as long as something is read, not while a person thinks."""
    background = Background()
    try:
        yield background
    finally:
        await background.close()


async def _method(desk: Desk) -> str | None:
    choices = [Choice(method, called, what) for method, (called, what) in drafts.METHODS.items()]
    return await desk.owner.app.push_screen_wait(MenuScreen("Train a model: how?", choices, typing=False))


async def _asked(desk: Desk, wanted: Wanted, known: _Known, found: Sequence[LocalFile]) -> None:
    answers = drafts.first_answers(wanted, known.models)
    rows = {file.path: file.rows for file in found if file.rows}
    choices = [*_choices(found, wanted.method), *known.remote]
    notes = [("note", note) for note in wanted.notes]
    problem: list[tuple[str, str]] = []
    while True:
        facts = [*notes, *problem]
        shown = replace(wanted, answers=answers)
        form = SubmitForm(shown, facts, known.models, choices, rows, desk.today, desk.profile.region or "")
        given = await desk.owner.app.push_screen_wait(form)
        if given is None:
            return
        answers, problem = dict(given), []
        try:
            spec = await asyncio.to_thread(drafts.read_spec, wanted.method, answers, wanted.base)
            # What cannot be written down is refused before the data is looked into.
            arguments_of(spec)
            foreseen = await _foreseen(desk, spec, known)
        except CupolaError as error:
            problem = [(PROBLEM, str(error))]
            continue
        if await _agreed(desk, wanted, answers, spec, foreseen, known):
            _send(desk, foreseen.nonce, arguments_of(_with_tokens(spec, foreseen.prospect)))
            return


def _with_tokens(spec: JobSpec, prospect: Prospect) -> JobSpec:
    """The job with the tokens that were counted written on it, so that what it costs is bounded while it runs."""
    counted = prospect.files[0].tokens if isinstance(spec.training, Path) and prospect.files else None
    if counted is None or spec.method == "reinforcement":
        return spec
    return replace(spec, metadata={TOKENS_KEY: f"{counted}", **spec.metadata})


async def _foreseen(desk: Desk, spec: JobSpec, known: _Known) -> tasks.Foreseen:
    """What the job would take.

    Raises:
        CupolaError: it would be refused, or was submitted before.
    """
    desk.owner.post_message(Say("Checking the data …"))
    paces = known.paces(spec.model)
    async with _process() as background:
        foreseen: tasks.Foreseen = await background.ask(tasks.Foresee(spec, known.prices, paces))
    before = submitted_before(jobs.newest(desk.database), foreseen.nonce)
    if before is not None:
        raise CupolaError(
            f"The very same job was submitted before: {before.name}, {before.status}.",
            remedy="Change something, such as the seed, to train it once more.",
        )
    return foreseen


async def _agreed(
    desk: Desk,
    wanted: Wanted,
    answers: Mapping[str, str],
    spec: JobSpec,
    foreseen: tasks.Foreseen,
    known: _Known,
) -> bool:
    """Show the card; whether the answer was yes. A card of a job that would be refused has no yes."""
    command = drafts.command(wanted.method, answers, wanted.origin, desk.profile)
    model = next((row for row in known.models if spec.model in (row.id, row.name)), None)
    rows = card_rows(spec, foreseen.prospect, model, place(desk.profile), command, local=desk.profile.is_local)
    called, _ = drafts.METHODS[wanted.method]
    card = SubmitCard(f"Train {spec.model} by {called}", rows, "submit it", "change something")
    agreed = await desk.owner.app.push_screen_wait(card)
    if agreed and foreseen.prospect.blocked:
        names = ", ".join(foreseen.prospect.blocked)
        desk.owner.post_message(Say(f"{names} would be refused; mend it first (Datasets, tab Check).", warning=True))
        return False
    return bool(agreed)


def _send(desk: Desk, nonce: str, arguments: Mapping[str, object]) -> None:
    now = desk.clock()
    said = "Asked for. The worker sends the files and submits it; it stands here as soon as the service has it."
    desk.owner.post_message(Keep(lambda database: intents.wish(database, SUBMIT, nonce, now, arguments), said))
    desk.owner.post_message(Show("jobs"))


def _known(desk: Desk) -> _Known:
    """Models, service files, prices and paces; in a thread, over a connection of its own."""
    prices = price_list()
    if desk.config_file:
        prices = prices_of(read_settings(Path(desk.config_file)), desk.today)
    database = open_store(desk.database.path)
    try:
        models = tuple(model_table(catalogue(), prices, files.models(database)))
        local = datasets.local_files(database)
        every = listed(local, files.files(database), datasets.contents(database), jobs.newest(database), ())
        held = [one.remote[0] for one in every if not one.local]
        held = [one for one in held if one.purpose == "fine-tune" and one.status == "processed"]
        remote = tuple(
            Choice(one.id, one.filename or one.id, f"at the service, {one.id}")
            for one in sorted(held, key=lambda one: -one.created_at)[:_REMOTE_SHOWN]
        )
        reinforced = [job for job in jobs.newest(database) if job.method == "reinforcement"]
        told = [
            (job, events.of_job(database, job.id), points.last_step(database, job.id))
            for job in reinforced
            if not desk.profile.is_local
        ]
    finally:
        database.close()
    return _Known(models, tuple(local), remote, prices, lambda model: tuple(own_paces(told, model)))


async def _local(background: Background, desk: Desk, known: _Known) -> list[LocalFile]:
    """The files on disk with their formats; what the Datasets pane has not read yet is read now."""
    cases = [str(resources.files(package)) for package in _CASES] if desk.profile.name == DEMO_PROFILE else []
    sources = (*samples(desk.profile.name), *cases, *datasets.sources(desk.database))
    seen = {file.path: file for file in known.files if file.format}
    out = []
    found: tasks.Found = await background.ask(tasks.Scan(sources))
    for file in found.files:
        if file.path in seen:
            out.append(seen[file.path])
        elif file.size <= _LARGEST_SURVEYED:
            out.append(await background.ask(tasks.Survey(file.path)))
    return out


def _choices(found: Sequence[LocalFile], method: str) -> list[Choice]:
    fit = [file for file in found if file.format in drafts.formats_of(method) and file.path.endswith(".jsonl")]
    return [Choice(file.path, f"{Path(file.path).parent.name}/{Path(file.path).name}", _note(file)) for file in fit]


def _note(file: LocalFile) -> str:
    rows = f"{file.rows:,} rows, " if file.rows else ""
    bad = f", {file.errors} kinds of error" if file.errors else ""
    return f"{rows}{file.format}{bad}"
