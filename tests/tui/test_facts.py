"""Facts are read once and then only as far as they changed; the watch names what did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cupola.models import Health, Point
from cupola.store import health, points
from cupola.store.database import Database, open_store
from cupola_tui.facts import Facts
from cupola_tui.growing import READ_WHOLE, GrowingSeries
from cupola_tui.watching import StoreWatch

Learn = Callable[[Database, int, int], None]


@pytest.fixture
def reader(store: Database, path: Path) -> Iterator[Database]:
    database = open_store(path)
    yield database
    database.close()


def test_the_first_look_finds_every_topic_and_the_next_only_what_moved(
    store: Database, reader: Database, learn: Learn
) -> None:
    watch = StoreWatch(reader)
    assert {"jobs", "points/ftjob-learning"} <= watch.look().topics
    assert not watch.look().any
    learn(store, 201, 201)
    assert watch.look().topics == {"points/ftjob-learning"}


def test_a_mere_check_is_seen_without_a_topic(store: Database, reader: Database) -> None:
    watch = StoreWatch(reader)
    watch.look()
    health.save(store, Health(1_800_000_005.0))
    change = watch.look()
    assert change.any and not change.topics


def test_events_and_series_follow_the_store(store: Database, reader: Database, learn: Learn) -> None:
    facts = Facts(reader)
    assert len(facts.events("ftjob-learning")) == 20
    assert facts.last_step("ftjob-learning") == 200
    assert len(facts.series("ftjob-learning", "train_loss")[0]) == 200
    learn(store, 201, 210)
    assert facts.last_step("ftjob-learning") == 200, "nothing is read before a change is told"
    facts.changed({"events/ftjob-learning", "points/ftjob-learning"})
    assert [event.id for event in facts.events("ftjob-learning")][-2:] == ["step-200", "step-210"]
    assert facts.last_step("ftjob-learning") == 210
    assert facts.series("ftjob-learning", "train_loss")[0][-1] == 210


def test_a_long_series_reads_only_its_new_end_and_late_corrections_too(store: Database, reader: Database) -> None:
    count = READ_WHOLE + 10
    points.save(store, "long", [Point("loss", step, float(step)) for step in range(count)])
    series = GrowingSeries(reader, "long", "loss")
    assert len(series.read()[0]) == count
    points.save(store, "long", [Point("loss", count, 1.0), Point("loss", count - 1, 7.0)])
    series.stale = True
    steps, values = series.read()
    assert steps.tolist() == list(range(count + 1))
    assert values[-2:].tolist() == [7.0, 1.0]
    points.save(store, "long", [Point("loss", 3, 99.0)])
    series.stale = True
    assert series.read()[1][3] == 99.0
