"""Faults on demand: which requests go wrong, how, and how often; seeded, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

from .errors import ApiError, invalid_payload

Fault = Literal[
    "rate_limited",
    "rate_limited_for_a_day",
    "server_error",
    "unavailable",
    "token_expired",
    "reset",
    "reset_answer",
    "stall",
    "slow",
    "truncated",
    "stream_error",
    "duplicate_page",
    "clock_skew",
    "deployment_fails",
]
"""What can go wrong.

`rate_limited`, `rate_limited_for_a_day`, `server_error`, `unavailable` and `token_expired` (bearer tokens only) answer
in place of the service; `reset` drops the connection before the request is handled. In the others the request is
handled, and paid for: `reset_answer` drops the connection in the midst of the answer, `stall` stands still there,
`slow` trickles, `truncated` ends the body early, `stream_error` (streams of events only) says in the midst that the
server had an error, and ends there, `duplicate_page` gives the first page of a list once more where the
next one was asked for, `clock_skew` moves the Date header and creation times, `deployment_fails` (PUT and PATCH of a
deployment) lets what the control plane has begun end as Failed.
"""

MOST_RULES = 100
_MOST_SECONDS = 10 * 365 * 86_400.0
_FASTEST = 10**9


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault for the requests that match."""

    route: str
    """`METHOD /path` with `*` for anything, such as `POST /openai/*/chat/completions`."""
    fault: Fault
    rate: float = 1.0
    """The share of matching requests that it befalls."""
    times: int | None = None
    """How often at most; None is without end."""
    seconds: float | None = None
    """Real seconds: to wait (429, 503), to stand still (stall), to be off (clock_skew)."""
    bytes_per_second: int = 64
    """The pace of `slow`."""


@dataclass(slots=True)
class _Counted:
    rule: FaultRule
    seen: int = 0
    fired: int = 0


@dataclass(slots=True)
class Faults:
    """The rules in force and what they have done. They live in memory: a restart has none."""

    seed: int = 0
    _rules: list[_Counted] = field(default_factory=list)
    _duplicated: set[tuple[str, str]] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._rules)

    def has(self, fault: Fault) -> bool:
        """Whether a rule names this fault."""
        return any(counted.rule.fault == fault for counted in self._rules)

    def put(self, seed: int, rules: Sequence[FaultRule]) -> None:
        """Replace every rule; the counters start again."""
        self.seed = seed
        self._rules = [_Counted(rule) for rule in rules]
        self._duplicated = set()

    def draw(self, method: str, path: str, can: Mapping[Fault, bool]) -> list[FaultRule]:
        """What befalls this request, in the order of the rules.

        Each rule decides its n-th matching request by the seed alone, whatever the other rules do.

        Args:
            can: Faults that make no sense for this request; such a rule does not count it.
        """
        fired = []
        for index, counted in enumerate(self._rules):
            rule = counted.rule
            if not can.get(rule.fault, True) or not fnmatchcase(f"{method} {path}", rule.route):
                continue
            counted.seen += 1
            exhausted = rule.times is not None and counted.fired >= rule.times
            if not exhausted and random.Random(f"{self.seed}/{index}/{counted.seen}").random() < rule.rate:
                counted.fired += 1
                fired.append(rule)
        return fired

    def first_duplicate(self, path: str, after: str) -> bool:
        """Whether this page has not been withheld before; each is withheld once, so that every list ends."""
        if (path, after) in self._duplicated:
            return False
        self._duplicated.add((path, after))
        return True

    def render(self) -> dict[str, Any]:
        """The rules as JSON, each with how many requests it has seen and how many it has befallen."""
        rules = []
        for counted in self._rules:
            rule = {name: getattr(counted.rule, name) for name in FaultRule.__slots__}
            rules.append({**rule, "seen": counted.seen, "fired": counted.fired})
        return {"seed": self.seed, "rules": rules}


def _refuse(index: int, name: str, wanted: str) -> ApiError:
    return invalid_payload(f"Invalid value for rules[{index}].{name}: expected {wanted}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_rule(index: int, body: Any) -> FaultRule:
    if not isinstance(body, dict) or not set(body) <= set(FaultRule.__slots__):
        raise invalid_payload(f"rules[{index}] must be an object of {', '.join(FaultRule.__slots__)}.")
    route, fault, rate = body.get("route"), body.get("fault"), body.get("rate", 1.0)
    times, seconds, pace = body.get("times"), body.get("seconds"), body.get("bytes_per_second", 64)
    if not isinstance(route, str) or not 1 <= len(route) <= 200:
        raise _refuse(index, "route", "'METHOD /path', up to 200 characters, with * for anything")
    if fault not in get_args(Fault):
        raise _refuse(index, "fault", f"one of {', '.join(get_args(Fault))}")
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise _refuse(index, "rate", "a number from 0 to 1")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 0):
        raise _refuse(index, "times", "a whole number")
    if seconds is not None and (not _is_number(seconds) or abs(seconds) > _MOST_SECONDS):
        raise _refuse(index, "seconds", "a number of seconds within ten years")
    if seconds is not None and seconds < 0 and fault != "clock_skew":
        raise _refuse(index, "seconds", "a number of at least 0")
    if not isinstance(pace, int) or isinstance(pace, bool) or not 1 <= pace <= _FASTEST:
        raise _refuse(index, "bytes_per_second", f"a whole number from 1 to {_FASTEST}")
    return FaultRule(route, cast(Fault, fault), float(rate), times, seconds, pace)


def read_faults(body: Mapping[str, Any]) -> tuple[int, list[FaultRule]]:
    """The seed and rules of a request's JSON. Raises ApiError."""
    seed, rules = body.get("seed", 0), body.get("rules", [])
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise invalid_payload("Invalid value for seed: expected a whole number.")
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise invalid_payload(f"Invalid value for rules: expected an array of at most {MOST_RULES}.")
    return seed, [_read_rule(index, rule) for index, rule in enumerate(rules)]
