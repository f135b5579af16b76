"""Kill worker and service at random points of every workflow at once, and hold what is left against what was wanted.

`python -m tests.hard_knocks.storm --minutes 10 --seed 1`; ends with 1 if anything was lost or paid for twice.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cupola.models import Job
from cupola.store.database import Database, open_store

from . import accounts
from .house import FAULTS, House
from .round import Person, Round, begin, seed_job, under_way

_SPEED = 100.0
_SETTLING_SECONDS = 300.0
_OF_WORKERS_AT_BIRTH, _OF_THE_SERVICE = 0.15, 0.1
"""Shares of the kills."""
_LIVES_SECONDS = 1.2
"""How long a worker lives on average once it has stored something; most that it does takes shorter."""


@dataclass
class Storm:
    """How far it has come."""

    house: House
    database: Database
    chance: random.Random
    person: Person = field(default_factory=Person)
    kills: Counter[str] = field(default_factory=Counter)
    """Of whom."""
    met: Counter[str] = field(default_factory=Counter)
    """What was under way when a kill came; several things at once."""
    deaths: int = 0
    """Workers that ended without being killed."""

    def rage(self, begun: Round, until: float) -> None:
        """Kill until all of a round is done, or the time is over."""
        while time.monotonic() < until and under_way(self.database, begun):
            if self.chance.random() < _OF_THE_SERVICE:
                self._kill_service(begun)
            else:
                self._kill_worker(begun)
            self.person.look(self.database, begun)

    def settle(self, begun: Round) -> bool:
        """Let it come to its end in peace; False if it does not."""
        self.house.befall(0)
        deadline = time.monotonic() + _SETTLING_SECONDS
        while under_way(self.database, begun) and time.monotonic() < deadline:
            self._live()
            self.person.look(self.database, begun)
            time.sleep(0.1)
        return not under_way(self.database, begun)

    def _kill_worker(self, begun: Round) -> None:
        early = self.chance.random() < _OF_WORKERS_AT_BIRTH
        self._live()
        if early:
            time.sleep(self.chance.uniform(0.0, 1.0))
        else:
            self._wait_until_it_has_stored_something()
            time.sleep(self.chance.expovariate(1 / _LIVES_SECONDS))
        self.met.update(set(under_way(self.database, begun)))
        self.house.kill_worker()
        self.kills["worker, before it had done anything" if early else "worker, at work"] += 1

    def _kill_service(self, begun: Round) -> None:
        self._live()
        self._wait_until_it_has_stored_something()
        time.sleep(self.chance.uniform(0.0, 0.3))
        self.met.update(set(under_way(self.database, begun)))
        self.house.kill_service()
        self.kills["service"] += 1
        time.sleep(self.chance.uniform(0.0, 0.5))
        self.house.start_service()
        self.house.befall(self.chance.randrange(1_000), *FAULTS)

    def _live(self) -> None:
        """Have a worker that lives."""
        if self.house.worker_died() is not None:
            self.deaths += 1
            self.house.worker = None
        if self.house.worker is None:
            self.house.start_worker()

    def _wait_until_it_has_stored_something(self) -> None:
        before, deadline = self.database.data_version(), time.monotonic() + 20
        while self.database.data_version() == before and time.monotonic() < deadline:
            if self.house.worker_died() is not None:
                return
            time.sleep(0.005)


def main(words: list[str] | None = None) -> int:
    """Let it rage; return 1 if anything was lost, paid for twice or made twice."""
    asked = argparse.ArgumentParser(prog="storm", description=__doc__)
    asked.add_argument("--minutes", type=float, default=10.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--keep", type=Path, help="keep the directories here")
    options = asked.parse_args(words)
    if options.keep is not None:
        options.keep.mkdir(parents=True)
        return _run(options.keep, options.minutes, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder), options.minutes, options.seed)


def _run(folder: Path, minutes: float, seed: int) -> int:
    house = House(folder, _SPEED)
    try:
        house.start_service()
        database = open_store(house.store)
        job = seed_job(house, database)
        storm = Storm(house, database, random.Random(seed))
        began = time.monotonic()
        rounds, bad = _rounds(storm, job, began + 60 * minutes)
        bad += _account(storm, rounds, time.monotonic() - began)
        database.close()
    finally:
        house.close()
    _say(f"{bad} things are wrong" if bad else "nothing lost, nothing twice")
    return 1 if bad else 0


def _rounds(storm: Storm, job: Job, until: float) -> tuple[list[Round], int]:
    rounds: list[Round] = []
    bad = 0
    while time.monotonic() < until:
        rounds.append(begin(storm.house, storm.database, job, len(rounds)))
        storm.house.befall(storm.chance.randrange(1_000), *FAULTS)
        storm.rage(rounds[-1], until)
        came = storm.settle(rounds[-1])
        lost = accounts.missing(storm.house, storm.database, rounds[-1])
        bad += (not came) + lost.rows
        left = "" if came else f"; not done: {', '.join(under_way(storm.database, rounds[-1]))}"
        _say(f"round {len(rounds)}: {storm.kills.total()} kills so far, {lost.rows} lost {lost.words}{left}")
    return rounds, bad


def _account(storm: Storm, rounds: list[Round], seconds: float) -> int:
    house, database = storm.house, storm.database
    lost = accounts.of_jobs(house, database)
    paid = accounts.paid(house, database)
    more = accounts.beyond(house, database, rounds)
    broken = database.rows("PRAGMA integrity_check(5)")[0][0] != "ok"
    open_rows = int(database.rows("SELECT count(*) FROM answers WHERE state = 'sent'")[0][0])
    _say(f"{len(rounds)} rounds in {seconds / 60:.1f} minutes, {seconds * _SPEED / 3_600:.1f} hours of the service")
    for who, count in storm.kills.items():
        _say(f"kill -9 of the {who}: {count}")
    for what, count in sorted(storm.met.items()):
        _say(f"  while under way: {what}: {count}")
    _say(f"workers that ended by themselves: {storm.deaths}; tried again by a person: {storm.person.tried_again}")
    _say(f"paid calls: {paid.calls}, of them held against one row each: {paid.exact}; lost in flight: {paid.lost}")
    _say(f"paid twice: {paid.twice}; paid and never asked: {paid.strange}; answered and unpaid: {paid.unpaid}")
    _say(f"of jobs lost: {lost.rows} {lost.words}; made beyond what was wanted: {more}")
    _say(f"store {'BROKEN' if broken else 'whole'}, {open_rows} calls left open")
    return paid.twice + paid.strange + paid.unpaid + lost.rows + sum(map(abs, more.values())) + broken + open_rows


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
