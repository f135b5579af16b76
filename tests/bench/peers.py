"""Cupola beside promptfoo and Inspect: the same items, the same slow server, the same concurrency, one after another.

Each is a process of its own, run with few and with many items; the difference is what a row costs without the start.
The peers' environments are set up here, where they are missing, as `make clients` does it: nothing else needs them.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .echo import echo_server
from .peer_environments import ROOT, NotHereError, last_line, node_peer, python_peer
from .result import Result

_PROGRAMS = Path(__file__).parent / "peer_programs"
_SECONDS, _AT_ONCE = 0.2, 64
_FEW, _MANY = 64, 512
"""One round and eight rounds."""
_PROMPTFOO = "promptfoo@0.120.27"
"""The last release that runs on Node 20."""
_RUNNING = 300.0

Command = Callable[[str, int, Path], Sequence[str]]
"""(endpoint, items, a folder to use) -> what to run."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    wall: float
    cpu: float


def measure() -> Iterator[Result]:
    """Rows of each peer and the ratios to them."""
    with echo_server(_SECONDS) as endpoint, tempfile.TemporaryDirectory() as name:
        ours = _cost_of(_cupola, endpoint, Path(name))
        yield from _rows("Cupola", ours)
        for peer, prepared in (("Inspect", _inspect), ("promptfoo", _promptfoo)):
            try:
                theirs = _cost_of(prepared(), endpoint, Path(name))
            except NotHereError as error:
                yield Result(f"{peer} is not measured: {error}", float("nan"), "")
                continue
            yield from _rows(peer, theirs)
            yield Result(f"processor time a row, Cupola's against {peer}'s", ours.cpu / theirs.cpu, "x", 1.0)
            yield Result(f"wall time, Cupola's against {peer}'s", ours.wall / theirs.wall, "x", 1.0)


def _rows(peer: str, cost: Cost) -> Iterator[Result]:
    rows = _MANY - _FEW
    yield Result(f"{peer}: processor time a row", cost.cpu / rows * 1000, "ms")
    yield Result(f"{peer}: wall time against theory", cost.wall / (rows * _SECONDS / _AT_ONCE), "x")


def _cost_of(command: Command, endpoint: str, folder: Path) -> Cost:
    """What many items cost beyond few, each the least of three runs."""
    few, many = ([_run(command(endpoint, items, folder), folder) for _ in range(3)] for items in (_FEW, _MANY))
    return Cost(
        min(cost.wall for cost in many) - min(cost.wall for cost in few),
        min(cost.cpu for cost in many) - min(cost.cpu for cost in few),
    )


def _run(command: Sequence[str], folder: Path) -> Cost:
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "key",
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_CONFIG_DIR": str(folder / "promptfoo"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    started, before = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=_RUNNING
    )
    cost = Cost(time.perf_counter() - started, _cpu_of_children() - before)
    if done.returncode:
        raise NotHereError(last_line(done.stderr))
    return cost


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cupola(endpoint: str, items: int, folder: Path) -> Sequence[str]:
    return (sys.executable, "-m", "tests.bench.peer_programs.cupola_run", endpoint, str(items))


def _inspect() -> Command:
    python = str(python_peer("inspect"))

    def command(endpoint: str, items: int, folder: Path) -> Sequence[str]:
        return (python, str(_PROGRAMS / "inspect_run.py"), endpoint, str(items))

    return command


def _promptfoo() -> Command:
    program = node_peer(_PROMPTFOO, "promptfoo")

    def command(endpoint: str, items: int, folder: Path) -> Sequence[str]:
        config, out = folder / f"promptfoo-{items}.json", folder / "promptfoo-out.json"
        config.write_text(json.dumps(_promptfoo_config(endpoint, items)))
        flags = ("--no-cache", "--no-table", "--no-progress-bar", "--max-concurrency", str(_AT_ONCE))
        return (str(program), "eval", "--config", str(config), "--output", str(out), *flags)

    return command


def _promptfoo_config(endpoint: str, items: int) -> dict[str, object]:
    return {
        "prompts": ["{{question}}"],
        "providers": [{"id": "openai:chat:echo", "config": {"apiBaseUrl": f"{endpoint}/v1", "apiKey": "key"}}],
        "tests": [
            {"vars": {"question": f"Question {number}?"}, "assert": [{"type": "equals", "value": "yes"}]}
            for number in range(items)
        ],
    }
