from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cupola.models import Checkpoint, Event, Health, Job, Point
from cupola.settings import Profile
from cupola.store import checkpoints, events, health, jobs, points
from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp, Preferences

NOW = 1_800_000_000.0

PROFILE = Profile("demo", endpoint="http://127.0.0.1:8080")

LEARNING = Job(
    "ftjob-learning",
    "gpt-4.1-nano-2025-04-14",
    "supervised",
    "running",
    int(NOW) - 2_000,
    suffix="cora-distil",
    hyperparameters={"n_epochs": 1, "batch_size": 8, "learning_rate_multiplier": None},
    raw=json.dumps({"id": "ftjob-learning", "metadata": {"cupola_rows": "2400"}}),
)
PAUSED = Job("ftjob-paused", "o4-mini-2025-04-16", "reinforcement", "paused", int(NOW) - 9_000, suffix="loyalty-rft")
FAILED = Job(
    "ftjob-failed",
    "gpt-4.1-2025-04-14",
    "supervised",
    "failed",
    int(NOW) - 20_000,
    finished_at=int(NOW) - 19_000,
    suffix="pii-mix",
    error_message="The training file failed RAI checks.",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Database]:
    """A store as the worker sees it: three jobs, one of them learning."""
    database = open_store(path)
    jobs.save(database, [LEARNING, PAUSED, FAILED])
    learn(database, 1, 200)
    for job in (PAUSED, FAILED):
        events.save(database, job.id, [Event(f"{job.id}-0", job.id, job.created_at, "info", "Job enqueued.")])
    points.save(database, PAUSED.id, [Point("train_mean_reward", step, 2.0 + step / 10) for step in range(1, 9)])
    saved = Checkpoint("ckpt-1", LEARNING.id, int(NOW) - 900, 100, "m:ckpt-step-100", {"valid_loss": 0.61})
    gone = Checkpoint("ckpt-0", LEARNING.id, int(NOW) - 1_500, 50, "m:ckpt-step-50", {"valid_loss": 0.91})
    checkpoints.save(database, LEARNING.id, [gone])
    checkpoints.save(database, LEARNING.id, [saved])
    health.save(database, Health(NOW))
    yield database
    database.close()


def learn(database: Database, first: int, last: int) -> None:
    """Let the learning job take steps."""
    steps = range(first, last + 1)
    points.save(database, LEARNING.id, [Point("train_loss", step, 2.0 / step**0.5) for step in steps])
    points.save(database, LEARNING.id, [Point("valid_loss", step, 2.1 / step**0.5) for step in steps if step % 10 == 0])
    points.save(database, LEARNING.id, [Point("train_mean_token_accuracy", step, 1 - 1 / step**0.5) for step in steps])
    log = [
        Event(f"step-{step}", LEARNING.id, LEARNING.created_at + 7 * step, "info", f"Step {step}: training loss=0.5")
        for step in steps
        if step % 10 == 0
    ]
    events.save(database, LEARNING.id, log)


@pytest.fixture
def open_app(store: Database, path: Path) -> Iterator[Callable[..., CupolaApp]]:
    """Makes apps over the store, each with a connection of its own."""
    opened: list[Database] = []

    def make(
        profile: Profile = PROFILE,
        preferences: Preferences | None = None,
        clock: Callable[[], float] = lambda: NOW,
        tour_ended: Callable[[], None] = lambda: None,
    ) -> CupolaApp:
        opened.append(open_store(path))
        return CupolaApp(profile, opened[-1], preferences=preferences, clock=clock, tour_ended=tour_ended)

    yield make
    for database in opened:
        database.close()


def screen_text(app: CupolaApp) -> str:
    """What stands on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def see(pilot: Pilot[str], text: str, seconds: float = 30.0) -> None:
    """Wait until a text stands on the screen."""
    end = time.monotonic() + seconds
    while text not in screen_text(pilot.app):  # type: ignore[arg-type]  # The pilot's app is Cupola's.
        assert time.monotonic() < end, f"{text!r} did not appear:\n{screen_text(pilot.app)}"  # type: ignore[arg-type]
        await pilot.pause(0.02)


@pytest.fixture(name="see")
def _see() -> Callable[..., Awaitable[None]]:
    return see


@pytest.fixture(name="screen_text")
def _screen_text() -> Callable[[CupolaApp], str]:
    return screen_text


@pytest.fixture(name="learn")
def _learn() -> Callable[[Database, int, int], None]:
    return learn
