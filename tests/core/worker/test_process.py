from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cupola.errors import WorkerError
from cupola.models import IntentState, Phase
from cupola.paths import Paths, default_paths
from cupola.store import checkpoints, events, health, intents, jobs, points
from cupola.store.database import Database, good_copy, open_store
from cupola.worker import process

from .emulation import Emulation


@dataclass(frozen=True)
class House:
    """One profile's directories, emulator and worker."""

    paths: Paths
    environment: Mapping[str, str]
    emulation: Emulation
    store: Database

    def start(self) -> int:
        begun = process.start(self.emulation.profile, self.environment, self.paths)
        assert begun.holder is not None
        assert begun.holder.pid > 1
        return begun.holder.pid


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    emulation = Emulation(tmp_path / "emulator", speed=60.0)
    emulation.start()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "CUPOLA_HOME": str(tmp_path / "home"), "AZURE_OPENAI_API_KEY": emulation.key}
    paths = default_paths(environment)
    store = open_store(paths.store("test"))
    yield House(paths, environment, emulation, store)
    process.stop("test", paths)
    store.close()
    emulation.stop(signal.SIGKILL)


def soon(true: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.03)


def ended(store: Database, job_id: str) -> bool:
    job = jobs.get(store, job_id)
    return job is not None and job.phase.ended


async def test_a_worker_follows_a_job_with_no_face_and_survives_kill_9_without_loss_or_double(house: House) -> None:
    job = await house.emulation.submit("one", rows=24)
    pid = house.start()
    for _ in range(2):
        before = len(events.of_job(house.store, job.id))
        soon(lambda: len(events.of_job(house.store, job.id)) > before or ended(house.store, job.id))  # noqa: B023
        os.kill(pid, signal.SIGKILL)
        soon(lambda: not process.status("test", house.paths).running)
        pid = house.start()
    # The checkpoint may tell of the last step before the results file tells of all.
    soon(lambda: ended(house.store, job.id) and len(points.series(house.store, job.id, "train_loss")[0]) == 24)
    soon(lambda: any("billed" in event.message for event in events.of_job(house.store, job.id)))
    told = events.of_job(house.store, job.id)
    assert max(Counter(event.id for event in told).values()) == 1
    assert next(event.message for event in told if event.message.startswith("Step ")).startswith("Step 1:")
    assert points.series(house.store, job.id, "train_loss")[0].tolist() == list(range(1, 25))
    assert len(checkpoints.of_job(house.store, job.id)) == 1
    assert jobs.get(house.store, job.id).phase is Phase.SUCCEEDED  # type: ignore[union-attr]


def test_a_second_worker_is_refused_and_a_stopped_one_leaves_a_good_copy(house: House) -> None:
    pid = house.start()
    assert house.start() == pid, "starting twice finds the first"
    second = subprocess.run(
        [sys.executable, "-m", "cupola.worker", "--profile", "test", "--endpoint", house.emulation.profile.endpoint],
        env=dict(house.environment), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"running as process {pid}" in second.stderr
    soon(lambda: health.get(house.store).checked_at is not None)
    assert process.stop("test", house.paths)
    assert not process.status("test", house.paths).running
    assert not process.stop("test", house.paths)
    assert good_copy(house.store.path).exists()


async def test_an_outage_is_told_and_the_job_is_followed_again_when_the_service_is_back(house: House) -> None:
    job = await house.emulation.submit("one", rows=24)
    house.start()
    soon(lambda: bool(events.of_job(house.store, job.id)))
    house.emulation.stop(signal.SIGKILL)
    soon(lambda: health.get(house.store).problem is not None)
    assert "cannot be reached" in health.get(house.store).problem.what  # type: ignore[union-attr]
    house.emulation.start()
    soon(lambda: health.get(house.store).problem is None)
    soon(lambda: ended(house.store, job.id))
    assert jobs.get(house.store, job.id).phase is Phase.SUCCEEDED  # type: ignore[union-attr]


async def test_a_running_worker_obeys_a_wish_of_a_face(house: House) -> None:
    job = await house.emulation.submit("one", rows=300, epochs=3)
    house.start()
    soon(lambda: points.last_step(house.store, job.id) is not None)
    wish = intents.wish(house.store, "job.cancel", job.id, time.time())
    soon(lambda: intents.get(house.store, wish).state is IntentState.DONE)  # type: ignore[union-attr]
    soon(lambda: jobs.get(house.store, job.id).phase is Phase.CANCELLED)  # type: ignore[union-attr]


def test_a_worker_without_a_key_says_so_in_the_store_and_its_log(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "CUPOLA_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    command = [
        sys.executable,
        "-m",
        "cupola.worker",
        "--profile",
        "default",
        "--endpoint",
        "https://r.openai.azure.com",
    ]
    ended_ = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended_.returncode == 4
    assert "There is no key" in ended_.stderr
    store = open_store(default_paths(environment).store("default"))
    problem = health.get(store).problem
    store.close()
    assert problem is not None
    assert "AZURE_OPENAI_API_KEY" in problem.remedy


def test_a_worker_that_cannot_start_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "CUPOLA_HOME": str(tmp_path)}
    paths = default_paths(environment)
    paths.config.mkdir(parents=True)
    paths.config_file.write_text("this is = = not TOML")
    emulation = Emulation(tmp_path, 1.0, port=1)
    with pytest.raises(WorkerError, match="not valid TOML"):
        process.start(emulation.profile, environment, paths, seconds=1.5)


OLDER = """
import os, sys, time
from pathlib import Path
from cupola.worker.lock import Holder, held
with held(Path(sys.argv[1]), Holder(os.getpid(), 1.0, "", "0.0.1+1.1")):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_worker_that_runs_older_code_is_replaced(house: House) -> None:
    lock = house.paths.worker_lock("test")
    older = subprocess.Popen([sys.executable, "-c", OLDER, str(lock)], stdout=subprocess.PIPE)
    assert older.stdout is not None
    with older.stdout:
        older.stdout.readline()
    newer = house.start()
    assert newer != older.pid
    assert older.wait(10) == -signal.SIGTERM
    assert house.start() == newer
