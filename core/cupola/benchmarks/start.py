"""Defining a benchmark in the store, wanting a run of it, and putting together what a run needs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from ..errors import UsageError
from ..graders import EndpointReply, EndpointRequest, PythonSandbox
from ..store import benchmarks
from ..store.benchmarks import Progress, Run, RunState, StoredBenchmark
from ..store.database import Database
from .calls import AskChat, Calls
from .definition import Benchmark, checked, from_json, to_json
from .files import Defined
from .grading import GradingRoom, Post
from .items import items_of
from .journal import Journal
from .purse import Purse
from .runner import Runner


def define(database: Database, defined: Defined, now: float) -> None:
    """Store a definition with its items; the same name replaces an earlier one, whose runs stay."""
    benchmark = checked(defined.benchmark)
    stored = StoredBenchmark(benchmark.name, to_json(benchmark), benchmark.split, now)
    benchmarks.save_benchmark(database, stored, benchmark.dataset, defined.rows)


def find(database: Database, name: str) -> Benchmark:
    """A stored benchmark.

    Raises:
        UsageError: there is none of that name.
    """
    stored = benchmarks.get_benchmark(database, name)
    if stored is None:
        known = ", ".join(entry.name for entry in benchmarks.all_benchmarks(database)) or "none yet"
        raise UsageError(
            f"There is no benchmark {name!r}.", f"Known: {known}.", "Define it: cupola bench run FILE.toml"
        )
    return from_json(stored.definition)


def want_run(database: Database, benchmark: Benchmark, now: float, budget: float | None = None) -> Run:
    """The run of exactly this definition, wanted: an earlier one goes on, else a new one.

    The worker sees it and goes to work. A new budget replaces that of an earlier go.
    """
    budget = benchmark.budget if budget is None else budget
    if benchmark.engine == "evals":
        from .engines.evals import as_the_service_asks

        benchmark = as_the_service_asks(benchmark)
    run = benchmarks.run_of_digest(database, benchmark.digest, benchmark.engine)
    if run is None:
        run_id = benchmarks.add_run(database, _new(benchmark, now, budget))
    else:
        run_id = run.id
        if not run.state.moving:
            benchmarks.set_state(database, run_id, RunState.WANTED, now, budget=budget)
    wanted = benchmarks.get_run(database, run_id)
    assert wanted is not None
    return wanted


def runner_of(
    database: Database,
    run: Run,
    ask: AskChat,
    sandbox: PythonSandbox,
    *,
    post: Post | None = None,
    first_limit: float = 16.0,
    most_at_once: int = 256,
    clock: Callable[[], float] = time.time,
) -> Runner:
    """What is needed to carry a run out or on; errors as for `items_of`."""
    benchmark = from_json(run.definition)
    items = items_of(benchmark, benchmarks.items(database, benchmark.split))
    left = None if run.budget is None else run.budget - run.progress.usd
    calls = Calls(ask, Journal(database), Purse(left), first_limit, most_at_once, clock=clock)
    room = GradingRoom(calls, sandbox, post, clock)
    return Runner(database, run, benchmark, items, calls, room, clock, only_grade=run.engine != "here")


def grading_room(
    database: Database,
    ask: AskChat,
    sandbox: PythonSandbox,
    budget: float | None,
    *,
    post: Post | None = None,
    clock: Callable[[], float] = time.time,
) -> GradingRoom:
    """What grading needs apart from a run, spending at most `budget` dollars; None is no bound."""
    return GradingRoom(Calls(ask, Journal(database), Purse(budget), clock=clock), sandbox, post, clock)


async def post_to_endpoint(request: EndpointRequest) -> EndpointReply:
    """Send an endpoint grader's request, without following redirects."""
    import httpx2

    try:
        async with httpx2.AsyncClient(timeout=30.0, follow_redirects=False) as client:
            response = await client.post(request.url, headers=dict(request.headers), json=dict(request.body))
    except httpx2.HTTPError as error:
        return EndpointReply(error=f"The grading endpoint cannot be reached ({type(error).__name__}).")
    if response.status_code != 200:
        return EndpointReply(error=f"The grading endpoint answered {response.status_code}.")
    try:
        return EndpointReply(body=json.loads(response.content))
    except (ValueError, RecursionError):
        return EndpointReply(error="The grading endpoint's answer is not JSON.")


def with_arms(benchmark: Benchmark, *names: str) -> Benchmark:
    """The same benchmark with only these arms."""
    return replace(benchmark, arms=tuple(benchmark.arms[benchmark.arm_index(name)] for name in names))


def _new(benchmark: Benchmark, now: float, budget: float | None) -> Run:
    return Run(
        id=0,
        benchmark=benchmark.name,
        digest=benchmark.digest,
        definition=to_json(benchmark),
        split=benchmark.split,
        prompts=benchmark.prompt_hash,
        graders=benchmark.graders_hash,
        engine=benchmark.engine,
        state=RunState.WANTED,
        created_at=now,
        budget=budget,
        progress=Progress(),
    )
