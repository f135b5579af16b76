"""Roles given to arms: into the ledger with the numbers on screen, and out as a Markdown card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from textual.message import Message
from textual.widget import Widget

from cupola.benchmarks import card, roles
from cupola.benchmarks.leaderboard import Leaderboard
from cupola.settings import Profile
from cupola.store.decisions import Decision

from ...messages import Keep, Read, Say
from ...screens.form import FormScreen, Question
from ...views.actions import Action
from ...views.bench import actions
from ...views.bench.records import ROLES
from .editing import file_stem

EXPORT = "bench.export"


def decision(found: Leaderboard, role: str, index: int, now: float) -> Message:
    """Write a role down with what was on screen."""
    proposal = roles.assess(found, roles.Role(role), index, _day(now))
    warning = f" {proposal.warnings[0]}" if proposal.warnings else ""
    said = f"{role.capitalize()}: {proposal.name}. Written into the ledger (d).{warning}"
    return Keep(lambda database: card.decide(database, found, proposal, now), said)


def ledger(taken: Sequence[Decision]) -> Message:
    """The decisions, each as its Markdown card."""
    if not taken:
        return Say("No decision was taken here yet: t, s, c give a role to a model.")
    return Read("Decisions, newest first", "\n\n".join(one.card for one in taken))


def export_action(found: Leaderboard | None, index: int | None, profile: Profile) -> Action | None:
    """Writing the selected arm's card into a file; None where there is no arm."""
    if found is None or index is None:
        return None
    name = found.row_of(index).arm.name
    return Action(
        kind=EXPORT,
        target=found.benchmark.name,
        title=f"Export the card of {name}",
        what="Writes a Markdown card with the numbers on screen, for a pull request. Asks for role and file first.",
        where="a new file on this machine",
        cost="Nothing.",
        command=f"{actions.command('pick', found.benchmark.name, profile)} --card",
    )


def export(pane: Widget, found: Leaderboard, index: int, standing: Mapping[str, str], now: float) -> None:
    """Ask for role and file, and write the card; never over a file."""
    name = found.row_of(index).arm.name
    role = next((role for role in ROLES if standing.get(role) == name), "teacher")
    questions = [
        Question("role", role, "teacher, student or control"),
        Question("into", f"{file_stem(found.benchmark.name)}-{role}.md", "the new file"),
    ]
    facts = (("what", f"{name} of {found.benchmark.name}, with the numbers on screen"), ("folder", str(Path.cwd())))

    def answer(said: Mapping[str, str] | None) -> None:
        if said is not None:
            work = _writing(pane.post_message, found, index, said, now)
            pane.run_worker(work, thread=True, group="card")

    pane.app.push_screen(FormScreen("Export a decision card", facts, questions, "write"), answer)


def _writing(
    post: Callable[[Message], object], found: Leaderboard, index: int, said: Mapping[str, str], now: float
) -> Callable[[], None]:
    def write() -> None:
        try:
            role = roles.Role(said["role"].strip().lower())
        except ValueError:
            post(Say(f"There is no role {said['role']!r}: teacher, student or control.", warning=True))
            return
        if not said["into"]:
            post(Say("The card needs a file's name.", warning=True))
            return
        path = Path.cwd() / Path(said["into"]).expanduser()
        text = card.markdown(found, roles.assess(found, role, index, _day(now)), now)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            post(Say(f"{path} is there already, and stays as it is. Name another file.", warning=True))
        except (OSError, RuntimeError) as error:
            post(Say(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.", warning=True))
        else:
            post(Say(f"Wrote {path}."))

    return write


def _day(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()
