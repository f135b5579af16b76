"""Cupola asks and grades so many items, journalled: `python -m tests.bench.peer_programs.cupola_run ENDPOINT ITEMS`."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from cupola.azure.chat import open_chat
from cupola.azure.credentials import KeyCredential
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.graders import PythonSandbox
from cupola.settings import Profile
from cupola.store.database import open_store

AT_ONCE = 64
_GRADER = {
    "type": "string_check",
    "name": "yes",
    "input": "{{sample.output_text}}",
    "reference": "yes",
    "operation": "eq",
}


async def run(endpoint: str, items: int, folder: Path) -> None:
    """Run it to its end."""
    rows = tuple(json.dumps({"question": f"Question {number}?"}) for number in range(items))
    prompt = ({"role": "user", "content": "{{item.question}}"},)
    arms = (Arm("echo", "echo", "gpt-4.1"),)
    benchmark = Benchmark("peers", prompt, "", arms, (GraderUse(_GRADER),), split_hash(rows))
    database = open_store(folder / "store.sqlite3")
    define(database, Defined(benchmark, rows), time.time())
    wanted = want_run(database, benchmark, time.time())
    async with open_chat(Profile("bench", endpoint), KeyCredential("key", "bench")) as chat:
        with PythonSandbox() as sandbox:
            runner = runner_of(database, wanted, chat.ask, sandbox, first_limit=AT_ONCE, most_at_once=AT_ONCE)
            await runner.go()
    assert runner.progress().graded == items
    database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(sys.argv[1], int(sys.argv[2]), Path(name)))
