"""Distillations whose worker is killed two hundred times: the same end, and nothing paid for twice."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.core.workflows.emulation import Emulation, defined, distillation, settled, stages_of

from cupola.store import workflows
from cupola.store.database import Database, open_store
from cupola.store.workflows import StageState
from cupola.workflows import control
from cupola.workflows.distil.start import start

from .result import Result

_KILLS, _MOST_DISTILLATIONS, _PROMPTS = 200, 60, 150
_SPEED = 100.0


def measure() -> Iterator[Result]:
    """Kill until there are enough kills; each distillation begins with prompts that nobody has answered yet."""
    with tempfile.TemporaryDirectory() as folder:
        emulation = Emulation(Path(folder), _SPEED)
        try:
            database = open_store(emulation.paths.store("test"))
            yield from _killed(emulation, database)
            database.close()
        finally:
            emulation.close()


def _killed(emulation: Emulation, database: Database) -> Iterator[Result]:
    chance, kills, whole, made = random.Random(11), 0, 0, 0
    met: Counter[str] = Counter()
    while kills < _KILLS and made < _MOST_DISTILLATIONS:
        made += 1
        definition = distillation(database, defined(80), _PROMPTS, 10_000 * made)
        number = start(database, definition, emulation.place, time.time())
        while kills < _KILLS:
            at = _stage(database, number)
            if not emulation.kill_worker_at_work(database, number, chance.uniform(0.0, 0.3)):
                break
            met[at] += 1
            kills += 1
        emulation.start_worker()
        settled(database, number, 120.0)
        stages = stages_of(database, number)
        fates = stages["filter"].outputs.get("fates", {})
        whole += bool(stages["verdict"].outputs) and sum(fates.values()) == _PROMPTS
        if stages["clean-up"].state is StageState.WAITING:
            # The service holds ten tuned deployments and no more.
            control.answer(database, number, True, time.time())
            settled(database, number, 60.0)
    yield Result(f"distillations, their worker killed {kills} times in {len(met)} different stages", made, "runs")
    yield Result("distillations that did not come to their whole end", made - whole, "runs", 0)
    yield Result("jobs submitted beyond one each", len(emulation.jobs()) - made, "jobs", 0)
    calls = Counter(str(call["deployment"]) for call in emulation.paid())
    rows = database.rows("SELECT deployment, count(*) AS rows, sum(lost) AS lost FROM answers GROUP BY deployment")
    known = {row["deployment"]: row["rows"] + row["lost"] for row in rows}
    over = sum(max(count - known.get(deployment, 0), 0) for deployment, count in calls.items())
    yield Result("paid calls in the service's ledger", sum(calls.values()), "calls")
    yield Result("of them in flight when a worker died, and asked again", sum(row["lost"] for row in rows), "calls")
    yield Result("paid calls beyond the answered and those in flight", over, "calls", 0)


def _stage(database: Database, number: int) -> str:
    stages = workflows.stages(database, number)
    return next((stage.name for stage in stages if stage.state is not StageState.DONE), "none")
