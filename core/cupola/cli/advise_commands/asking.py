"""Advice on the command line: with what is measured, what is given, and on a terminal with questions."""

from __future__ import annotations

import argparse
import datetime as dt

from ...advice.advise import Advice, Tables, advise, filled, read_given
from ...advice.facts import FactKind, Known, Origin, given, shown
from ...advice.measured import Arms, measured
from ...advice.model_table import model_table
from ...advice.tree import Tree, shipped_tree
from ...advice.walk import askable
from ...errors import UsageError
from ...store import files
from ..context import Context, session_of, store_of
from ..output import emit, emit_one
from .printing import exit_code, lines, row


def advise_(options: argparse.Namespace, context: Context) -> int:
    """Print the advice; on a terminal ask for what is missing first."""
    tree, today = shipped_tree(), dt.date.today()
    told = read_given(tree, options.fact)
    found, arms, tables = _known(options, context, told, today)
    advice = advise(tree, told, found, tables, today, arms)
    if context.input.isatty() and options.output == "table" and not (options.no_questions or options.query):
        while (answer := _asked(tree, advice, context)) is not None:
            told = {**told, answer.fact: answer}
            advice = advise(tree, told, found, tables, today, arms)
    if options.output == "table" and not options.query:
        context.out.writelines(f"{line}\n" for line in lines(tree, advice, whole=options.tree))
    else:
        emit_one(options, context.out, "cupola.advice/1", row(tree, advice), None)
    return exit_code(advice)


def facts_(options: argparse.Namespace, context: Context) -> int:
    """Print the facts that the tree asks about."""
    rows = [
        {
            "name": kind.id,
            "kind": " | ".join(kind.words) or kind.kind,
            "means": kind.means,
            "measured_by": filled(kind.measure, {}) or None,
            "question": kind.question or None,
        }
        for kind in shipped_tree().facts.values()
    ]
    emit(options, context.out, "cupola.fact/1", rows, ("name", "kind", "means", "measured_by"), None)
    return 0


def _known(
    options: argparse.Namespace, context: Context, told: dict[str, Known], today: dt.date
) -> tuple[list[Known], Arms, Tables]:
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    if options.unmeasured and options.bench:
        raise UsageError(
            "--bench names what was measured, and --unmeasured leaves that out.", remedy="Give one of them."
        )
    profile = session_of(context, options.profile).profile
    region = str(told["region"].value) if "region" in told else profile.region or ""
    with store_of(context, profile) as database:
        found, arms = ([], Arms()) if options.unmeasured else measured(database, options.bench, today, region)
        if region and "region" not in told:
            found = [*found, Known("region", region, Origin.MEASURED, f"profile {profile.name}")]
        table = model_table(catalogue(), price_list(), files.models(database))
    return found, arms, Tables(catalogue(), price_list(), table)


def _asked(tree: Tree, advice: Advice, context: Context) -> Known | None:
    """An answer to the next question; None if there is no question, or the person does not know."""
    for kind in askable(tree, advice.outcome, advice.facts)[:1]:
        hint = f"  Measured by: {filled(kind.measure, {})}" if kind.measure else ""
        context.say(f"{kind.question}{hint}")
        for word in kind.words:
            context.say(f"  {word:<10}  {kind.notes[word]}" if word in kind.notes else f"  {word}")
        return _read(kind, context)
    return None


def _read(kind: FactKind, context: Context) -> Known | None:
    while True:
        context.err.write(f"  {kind.id} (enter: not known): ")
        context.err.flush()
        text = context.input.readline().strip()
        if not text:
            return None
        try:
            answer = given(kind, text)
        except UsageError as error:
            context.say(f"  {error}")
            continue
        context.say(f"  {shown(kind, answer)}")
        return answer
