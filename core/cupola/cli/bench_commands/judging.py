"""The verbs of people's own judgement: the ledger of decisions, and labels given blind."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, when
from ..text import clean
from .reading import board_of

if TYPE_CHECKING:
    from ...benchmarks.labels import ToLabel

_DECISIONS = ("id", "when", "benchmark", "role", "arm")
_TO_LABEL = ("answer", "asked", "text")


def decisions(options: argparse.Namespace, context: Context) -> int:
    """Print what was decided, newest first, with the numbers that were on the screen."""
    from ...store import decisions as ledger

    with store_of(context, session_of(context, options.profile).profile) as database:
        rows = [
            {
                "id": one.id,
                "when": when(one.at),
                "benchmark": one.benchmark,
                "run": one.run or None,
                "role": one.role,
                "arm": one.arm,
                "numbers": dict(one.numbers),
                "card": one.card,
            }
            for one in ledger.newest(database, options.benchmark)
        ]
        emit(options, context.out, "cupola.decision/1", rows, _DECISIONS, None)
    return 0


def label(options: argparse.Namespace, context: Context) -> int:
    """Print answers to be judged without a word of whose they are, or take judgements in."""
    from ...benchmarks import labels
    from ...benchmarks.leaderboard import load_table

    said = _judgements(options.take) if options.take else {}
    with board_of(options, context) as (database, board):
        table = load_table(database, board.run)
        if table is None:
            raise UsageError("The run has not begun.")
        names = [use.name for use in board.benchmark.graders]
        if options.by and options.by not in names:
            raise UsageError(f"There is no grader {clean(options.by)!r}.", remedy=f"Take one of {names}.")
        grader = names.index(options.by) if options.by else 0
        tasks = {_name(one): one for one in labels.to_label(database, board.run, table, grader, options.count)}
        if options.take is None:
            emit(options, context.out, "cupola.to-label/1", [_row(*one) for one in tasks.items()], _TO_LABEL, None)
            context.say(
                "Judge them: cupola bench label NAME --take FILE, with lines of what -o jsonl printed and passed."
            )
            return 0
        unknown = set(said) - set(tasks)
        if unknown:
            raise UsageError(
                f"{len(unknown)} of the answers are none that was to be judged, or have been judged.",
                remedy="Print what is to be judged again, with the same --count and --by.",
            )
        for name, passed in said.items():
            labels.label(database, tasks[name], board.benchmark.graders[grader], passed, time.time())
        context.say(f"{len(said):,} judgements kept, {len(tasks) - len(said):,} answers are left. See what they say:")
        context.say(f"  cupola grader calibrate {clean(board.benchmark.name)}")
    return 0


def _name(task: ToLabel) -> str:
    return f"{task.request}/{task.number}/{task.item}"


def _row(name: str, task: ToLabel) -> dict[str, Any]:
    asked = [str(message.get("content") or "") for message in task.messages if message.get("role") == "user"]
    fields = dict(task.fields)
    return {"answer": name, "asked": asked[-1] if asked else "", "text": task.text, "fields": fields, "passed": None}


def _judgements(file: Path) -> dict[str, bool | None]:
    """By answer: whether it passes, None for unsure; lines whose `passed` is null are not judged yet."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read.", str(error)[:200]) from error
    found: dict[str, bool | None] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"Line {number} of {file} is not JSON.", str(error)[:200]) from error
        if not isinstance(told, dict) or not isinstance(told.get("answer"), str):
            raise UsageError(f"Line {number} of {file} names no answer.", remedy='Keep "answer" as it was printed.')
        passed = told.get("passed")
        if not (passed is None or isinstance(passed, bool) or passed == "unsure"):
            raise UsageError(f'Line {number} of {file}: passed must be true, false or "unsure".')
        if passed is not None:
            found[told["answer"]] = passed if isinstance(passed, bool) else None
    return found
