"""Being told: what is watched, what was told, and whether a notice arrives here."""

from __future__ import annotations

import argparse
import asyncio
import time

from ...errors import UsageError
from ...store import benchmarks, deployments, notices, watches, workflows
from ...store.database import Database
from ...store.notices import Notice
from ...store.watches import Subject
from ...terminals.kinds import Terminal, configured, run, terminal_of
from ...terminals.sequences import Dialect
from ..context import Context, session_of, store_of
from ..naming import find
from ..output import emit, when
from ..text import clean

_WATCHED = (Subject.JOB, Subject.RUN, Subject.WORKFLOW, Subject.DEPLOYMENT)
_TITLE, _TEXT = "Cupola", "This is what a notice looks like."


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    listing = verbs.add_parser("list", parents=[common], help="the last notices, newest first")
    listing.add_argument("--limit", type=int, default=50)
    listing.set_defaults(run=list_)
    verbs.add_parser("watches", parents=[common], help="what is watched").set_defaults(run=watches_)
    for name, run_verb, about in (
        ("watch", watch, "be told when something becomes of a job, run, workflow or deployment"),
        ("unwatch", unwatch, "be told of it no more"),
    ):
        verb = verbs.add_parser(name, parents=[common], help=about)
        verb.add_argument("kind", choices=[str(kind) for kind in _WATCHED])
        verb.add_argument("target", help="the job or deployment by name, the run or workflow by number")
        verb.set_defaults(run=run_verb)
    test_ = verbs.add_parser("test", parents=[common], help="send one to this terminal and ask whether it was seen")
    test_.add_argument("--terminal", choices=[str(dialect) for dialect in Dialect], help="in this dialect")
    test_.add_argument("--tmux", type=int, choices=range(5), help="through so many tmux, one inside the other")
    test_.add_argument("--away", action="store_true", help="by the configured command or webhook instead")
    test_.set_defaults(run=test)


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print the last notices."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        rows = [_row(notice) for notice in notices.newest(database, max(1, options.limit))]
    emit(options, context.out, "cupola.notice/1", rows, ("at", "title", "text", "told_by", "problem"), None)
    return 0


def watches_(options: argparse.Namespace, context: Context) -> int:
    """Print what is watched."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        rows = [
            {"kind": str(one.kind), "target": one.target, "name": one.name, "since": when(one.added_at)}
            for one in watches.all_watches(database)
        ]
    emit(options, context.out, "cupola.watch/1", rows, ("kind", "target", "name", "since"), None)
    return 0


def watch(options: argparse.Namespace, context: Context) -> int:
    """Watch a thing."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        kind, (target, name) = Subject(options.kind), _found(database, Subject(options.kind), options.target)
        fresh = watches.add(database, kind, target, name, time.time())
    context.say(f"You are told of {kind} {name} {'from now on' if fresh else 'already'}.")
    return 0


def unwatch(options: argparse.Namespace, context: Context) -> int:
    """Watch a thing no more."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        kind, (target, name) = Subject(options.kind), _found(database, Subject(options.kind), options.target)
        was = watches.remove(database, kind, target)
    context.say(f"You are told of {kind} {name} no more." if was else f"{kind.capitalize()} {name} was not watched.")
    return 0


def test(options: argparse.Namespace, context: Context) -> int:
    """Send a notice to this terminal; 0 where it was seen or nobody could be asked, 1 where it was not seen."""
    from ...worker.telling import telling_of

    telling = telling_of(context.settings, context.environment)
    if options.away:
        return _away(context)
    if not context.err.isatty():
        raise UsageError(
            "There is no terminal here to show a notice.",
            remedy="Run it in the terminal of the screen, or with --away for the command or webhook.",
        )
    told = terminal_of(context.environment, run)
    levels = options.tmux if options.tmux is not None else telling.tmux
    terminal = configured(told, options.terminal or telling.terminal, levels)
    context.err.write(terminal.notice(_TITLE, _TEXT))
    context.err.flush()
    context.say(f"Sent {terminal.about}.")
    if not context.input.isatty():
        return 0
    context.err.write("Did you see or hear it? [y/N] ")
    context.err.flush()
    if context.input.readline().strip().lower() in ("y", "yes"):
        return 0
    context.say(_advice(terminal))
    return 1


def _advice(terminal: Terminal) -> str:
    if terminal.remedy:
        return terminal.remedy
    if terminal.dialect is Dialect.BELL:
        return (
            "The terminal may have its bell off, or know a notice that was not guessed: try --terminal osc9, osc777"
            " or osc99, and put the one that works into the configuration: [notify] terminal = ..."
        )
    return (
        "The terminal may have notices off, or show them only while its window is not in front."
        " Try --terminal bell, or another dialect, or a command or webhook in [notify]."
    )


def _away(context: Context) -> int:
    """Run the configured command or post to the webhook."""
    from ...worker.telling import tell, telling_of

    telling = telling_of(context.settings, context.environment)
    if not telling.by:
        raise UsageError(
            "Neither a command nor a webhook is configured.",
            remedy='In the configuration: [notify] command = ["notify-send", "{title}", "{text}"]',
        )
    notice = Notice(0, time.time(), Subject.JOB, "test", "test", _TITLE, _TEXT)
    problem = asyncio.run(tell(telling, notice, context.environment, context.transport))
    if problem is not None:
        context.say(f"cupola: {' '.join(part for part in (problem.what, problem.why, problem.remedy) if part)}")
        return 1
    context.say(f"The {telling.by} was told.")
    return 0


def _found(database: Database, kind: Subject, name: str) -> tuple[str, str]:
    """The target's key and what to call it.

    Raises:
        UsageError: nothing of that kind is known by that name.
    """
    if kind is Subject.JOB:
        job = find(database, name)
        return job.id, clean(job.name)
    number = int(name) if name.isdecimal() and len(name) < 19 else -1
    if kind is Subject.RUN and (run_ := benchmarks.get_run(database, number)):
        return str(run_.id), f"{clean(run_.benchmark)}, run {run_.id}"
    if kind is Subject.WORKFLOW and (workflow := workflows.get(database, number)):
        return str(workflow.id), clean(workflow.name)
    if kind is Subject.DEPLOYMENT and (one := deployments.get(database, name)):
        return one.name, clean(one.name)
    raise UsageError(f"No {kind} is known as {name!r}.", remedy="Runs and workflows go by their number.")


def _row(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "at": when(notice.at),
        "kind": str(notice.kind),
        "target": notice.target,
        "sort": notice.sort,
        "title": notice.title,
        "text": notice.text,
        "told": when(notice.told_at),
        "told_by": notice.told_by,
        "problem": notice.problem.what if notice.problem else None,
        "as_of": notice.at,
    }
