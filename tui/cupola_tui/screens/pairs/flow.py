"""Making preference pairs of a run's answers: form, files, and on to the form of the job."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.widget import Widget

from cupola.benchmarks.definition import from_json
from cupola.benchmarks.pair_files import BY, GUESSABLE, PairsWanted, pairs_of, write_files
from cupola.datasets.pairs import length_rule
from cupola.errors import CupolaError, UsageError
from cupola.settings import Profile
from cupola.store import datasets
from cupola.store.benchmarks import Run
from cupola.store.database import Database, open_store

from ...messages import Say, Train
from ..hinted import PROBLEM, HintedForm
from ..submit.draft import Wanted


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, and of what."""

    owner: Widget
    database: Database
    profile: Profile
    clock: Callable[[], float]


async def pairs(desk: Desk, run: Run, model: str) -> None:
    """Ask how, write the files, and open the form of the job. Awaited in a worker."""
    arms = [arm.name for arm in from_json(run.definition).arms]
    answers: Mapping[str, str] = {
        "by": "arms" if len(arms) > 1 else "grades",
        "prefer": arms[0] if len(arms) > 1 else "",
        "over": arms[-1] if len(arms) > 1 else "",
        "balance": "yes",
        "held out": "0.15",
        "into": str(Path.cwd()),
    }
    problem: tuple[tuple[str, str], ...] = ()
    facts = (("what", f"Pairs of the stored answers of {run.benchmark}, run {run.id}. Nothing is asked or spent."),)
    while True:
        title = f"Preference pairs from {run.benchmark}"
        form = HintedForm(title, (*facts, *problem), answers, _hints(arms), "write the files")
        given = await desk.owner.app.push_screen_wait(form)
        if given is None:
            return
        answers, problem = given, ()
        try:
            wanted, folder = read_wanted(answers)
            made = await asyncio.to_thread(_made, desk.database.path, run, wanted, folder, desk.clock())
        except CupolaError as error:
            problem = ((PROBLEM, str(error)),)
            continue
        desk.owner.post_message(Say(made.words))
        names = ("training file", "validation")
        known = dict(zip(names, made.files, strict=False))
        desk.owner.post_message(Train(Wanted("dpo", {**known, "model": model, "beta": "0.1"}, notes=(made.words,))))
        return


@dataclass(frozen=True, slots=True)
class _Made:
    files: tuple[str, ...]
    words: str


def read_wanted(answers: Mapping[str, str]) -> tuple[PairsWanted, Path]:
    """How pairs are to be made and where the files go, from what was typed.

    Raises:
        UsageError: a field cannot be what was typed.
    """
    held = _number(answers, "held out")
    wanted = PairsWanted(
        by=answers["by"],
        prefer=answers["prefer"],
        over=answers["over"],
        least=_number(answers, "least"),
        balance=answers["balance"].lower() in ("yes", "y"),
        validation=0.0 if held is None else held,
    )
    return wanted, Path(answers["into"]).expanduser()


def _hints(arms: list[str]) -> Mapping[str, str]:
    return {
        "by": f"{', '.join(BY)}: the best graded answer over the worst, one arm over another, or what people passed"
        " over what they failed (L labels)",
        "prefer": f"by arms: whose answers are preferred; {', '.join(arms)}",
        "over": "by arms: to whose",
        "least": "by how much the preferred answer must score higher; empty: any difference",
        "balance": "yes leaves out pairs until length alone says nothing; no keeps all",
        "held out": "share of the prompts for validation, below 0.5",
        "into": "the folder of pairs.train.jsonl and pairs.valid.jsonl; never over a file",
    }


def _made(path: Path, run: Run, wanted: PairsWanted, folder: Path, now: float) -> _Made:
    """Write the files; in a thread, over a connection of its own."""
    database = open_store(path)
    try:
        said, found = pairs_of(database, run, wanted)
        made = write_files(database, run, wanted, found, folder, path.parent / "datasets.jsonl", now)
        files = tuple(str(folder / one.output.name) for one in made)
        for file in files:
            datasets.remember(database, file, now)
    finally:
        database.close()
    guessed = length_rule(found)
    careful = f" Length alone would tell {guessed:.0%} of them right." if guessed >= GUESSABLE else ""
    own = "They are the benchmark's own items: test the tuned model on others."
    return _Made(files, f"{len(found):,} pairs of {len(said):,} answers.{careful} {own}")


def _number(answers: Mapping[str, str], name: str) -> float | None:
    text = answers[name]
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{name} cannot be {text!r}.", remedy="A number.")
    return value
