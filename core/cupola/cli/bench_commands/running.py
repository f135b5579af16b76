"""The verbs that spend, or stop spending."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, Session, session_of, store_of
from ..fresh import service_of
from ..output import emit, emit_one
from ..text import clean

if TYPE_CHECKING:
    from ...benchmarks.definition import Benchmark
    from ...benchmarks.estimate import RunEstimate
    from ...store.benchmarks import Run
    from ...store.database import Database

EXIT_STILL_RUNNING = 8
_LOOK_SECONDS = 0.3


def run(options: argparse.Namespace, context: Context) -> int:
    """Define the benchmark if a file is named, say what it takes, ask, and have it run."""
    from ...benchmarks.estimate import estimate
    from ...benchmarks.items import items_of
    from ...benchmarks.start import want_run
    from ...store import benchmarks

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        benchmark = _defined(database, options)
        items = items_of(benchmark, benchmarks.items(database, benchmark.split))
        takes = estimate(database, benchmark, items)
        if options.dry_run:
            _print_estimate(options, context, benchmark, takes)
            return 0
        if options.offline:
            raise UsageError("A benchmark cannot be run offline.")
        budget = options.max_cost if options.max_cost is not None else benchmark.budget
        context.say(in_words(takes, budget, benchmark.engine))
        where = clean(session.profile.endpoint or "no endpoint")
        context.confirm(f"Run {clean(benchmark.name)} against {where}?", options.yes or not takes.calls)
        wanted = want_run(database, benchmark, time.time(), budget)
        if options.here or context.transport is not None:
            asyncio.run(_carried_out(session, database, wanted))
        elif wanted.state.moving:
            _hand_over(session, context)
        if options.no_wait:
            context.say(f"Run {wanted.id} goes on without you. See it with `cupola bench show {wanted.benchmark}`.")
            return 0
        return _awaited(options, context, database, wanted.id)


def cancel(options: argparse.Namespace, context: Context) -> int:
    """Stop a run; what was answered stays and is not asked again."""
    from ...store import benchmarks
    from ...store.benchmarks import RunState

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        moving = [run for run in benchmarks.runs(database, options.benchmark) if run.state.moving]
        if not moving:
            raise UsageError(f"No run of {clean(options.benchmark)!r} is under way.")
        for found in moving:
            benchmarks.set_state(database, found.id, RunState.CANCELLED, time.time())
            context.say(f"Run {found.id} of {clean(found.benchmark)} asks no more.")
    return 0


def in_words(takes: RunEstimate, budget: float | None, engine: str = "here") -> str:
    """An estimate as a sentence or two."""
    known = sum(part.known for part in takes.parts if part.purpose == "arm")
    kept = f" {known:,} answers are there already." if known else ""
    if not takes.calls:
        return f"Nothing is left to ask.{kept}"
    money = f"${takes.usd.low:,.2f} to ${takes.usd.high:,.2f}"
    unpriced = f" The price of {', '.join(map(clean, takes.unpriced))} is not known." if takes.unpriced else ""
    bound = ""
    if budget is not None:
        # The service asks everything at once: there the budget is held against the estimate before anything begins.
        stops = f" It stops before ${budget:,.2f}."
        bound = stops if engine == "here" else f" It is not begun if that may be more than ${budget:,.2f}."
    return (
        f"{takes.calls:,} calls, {takes.tokens.low:,.0f} to {takes.tokens.high:,.0f} tokens, {money},"
        f" {takes.minutes.low:.1f} to {takes.minutes.high:.1f} minutes.{kept}{unpriced}{bound}"
    )


def _defined(database: Database, options: argparse.Namespace) -> Benchmark:
    from dataclasses import replace

    from ...benchmarks.bundled import bundled_file
    from ...benchmarks.files import read_benchmark
    from ...benchmarks.noise import with_second_run
    from ...benchmarks.start import define, find
    from ...store import benchmarks

    name = options.benchmark
    file = Path(name) if name.endswith(".toml") else None
    if file is None and benchmarks.get_benchmark(database, name) is None:
        file = bundled_file(name)
    if file is None:
        benchmark = find(database, name)
    else:
        defined = read_benchmark(file)
        define(database, defined, time.time())
        benchmark = defined.benchmark
    if options.again:
        benchmark = with_second_run(benchmark, options.again)
    return replace(benchmark, engine=options.engine) if options.engine else benchmark


def _hand_over(session: Session, context: Context) -> None:
    from ...worker import process

    process.start(session.profile, session.environment, context.paths)


async def _carried_out(session: Session, database: Database, wanted: Run) -> None:
    from ...azure.chat import open_chat
    from ...azure.credentials import find_credential
    from ...graders import PythonSandbox
    from ...worker.benchmarks import carry_out

    credential = find_credential(session.profile, session.environment)
    async with (
        service_of(session, database) as service,
        open_chat(session.profile, credential, transport=session.transport) as chat,
    ):
        with PythonSandbox() as sandbox:
            await carry_out(database, service, chat, wanted, sandbox)


def _awaited(options: argparse.Namespace, context: Context, database: Database, run_id: int) -> int:
    """Tell how the run goes until it ends."""
    from ...store import benchmarks
    from ...store.benchmarks import RunState

    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    told = ""
    while (run := benchmarks.get_run(database, run_id)) is not None and run.state.moving:
        done = run.progress
        line = f"{done.answered:,} of {done.rows:,} answered, {done.graded:,} of {done.gradings:,} graded"
        if line != told and context.err.isatty():
            context.err.write(f"\r{line}, ${done.usd:,.3f}\x1b[K")
            context.err.flush()
            told = line
        if deadline is not None and time.monotonic() > deadline:
            return EXIT_STILL_RUNNING
        time.sleep(_LOOK_SECONDS)
    if told:
        context.err.write("\n")
    if run is None:
        raise UsageError("The run is gone.")
    emit_one(options, context.out, "cupola.run/1", run_row(run), None, hidden=("as_of",))
    if run.problem is not None:
        context.say(f"cupola: {run.problem.what} {run.problem.why} {run.problem.remedy}".rstrip())
    return 0 if run.state is RunState.DONE else 1


def run_row(run: Run) -> dict[str, Any]:
    """A run as printed."""
    done = run.progress
    return {
        "benchmark": run.benchmark,
        "run": run.id,
        "state": run.state.value,
        "rows": done.rows,
        "answered": done.answered,
        "failed": done.failed,
        "graded": done.graded,
        "gradings": done.gradings,
        "requests": done.asked,
        "throttled": done.throttled,
        "lost_in_flight": done.lost,
        "reused": done.reused,
        "usd": round(done.usd, 6),
        "unpriced": done.unpriced,
        "seconds": round(done.seconds, 1),
        "engine": run.engine,
    }


def _print_estimate(options: argparse.Namespace, context: Context, benchmark: Benchmark, takes: RunEstimate) -> None:
    rows = [
        {
            "name": part.name,
            "purpose": part.purpose,
            "calls": part.calls,
            "known": part.known,
            "tokens_low": round((part.prompt_tokens + part.completion_tokens).low),
            "tokens_high": round((part.prompt_tokens + part.completion_tokens).high),
            "usd_low": round(part.usd.low, 4) if part.usd else None,
            "usd_high": round(part.usd.high, 4) if part.usd else None,
            "source": part.source,
        }
        for part in takes.parts
    ]
    context.say(f"{clean(benchmark.name)}: {in_words(takes, benchmark.budget, benchmark.engine)}")
    columns = ("name", "purpose", "calls", "known", "tokens_low", "tokens_high", "usd_low", "usd_high")
    emit(options, context.out, "cupola.estimate/1", rows, columns, None)
