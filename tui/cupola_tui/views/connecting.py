"""The lines of the connect screen: what was found, what works, the code to enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cupola.models import Health
from cupola.settings import Profile

from ..lines import Line, line, visible, wrapped
from .first_steps import no_jobs_lines

_INKS = {"good": "good", "note": "warn", "bad": "bad", "unknown": "muted"}
_MARKS = {"good": "✓", "note": "!", "bad": "✗", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class ConnectState:
    """What the screen knows so far."""

    profile: str = ""
    """The profile that is tried; "" before there is one."""
    doing: str = ""
    """What is under way; "" when nothing is."""
    found: tuple[Mapping[str, Any], ...] = ()
    """Settings and accounts, as `cupola profile find` tells them."""
    missed: str = ""
    """Why not all could be looked through; "" where all was."""
    facts: tuple[Mapping[str, Any], ...] = ()
    address: str = ""
    code: str = ""
    said: str = ""
    """The last word of a command that failed."""
    session: bool = False
    """A secret is held for this session only."""

    @property
    def accounts(self) -> list[Mapping[str, Any]]:
        """The accounts that were found."""
        return [row for row in self.found if row.get("kind") == "account"]


def connect_lines(state: ConnectState, config_file: str, width: int) -> list[Line]:
    """All that is known, the newest at the end."""
    out: list[Line] = []
    if state.found:
        out += [line(("Found on this machine", "accent bold")), *_found_lines(state, width), line("")]
    elif not state.doing and not state.facts and not state.code:
        if state.missed:
            out += wrapped("Nothing was found in the environment, nor by azd or az.", width)
            out += [*wrapped(state.missed, width, "muted"), line("")]
        out += [line(("n", "key bold"), " writes a profile here; or by hand:"), line("")]
        out += [*no_jobs_lines(Profile(state.profile or "default"), Health(), config_file, width), line("")]
    if state.missed and state.found and not state.facts and not state.code:
        out += [*wrapped(state.missed, width, "muted"), line("")]
    if state.code:
        out += _code_lines(state, width)
    if state.facts:
        out += [line((f"Profile {visible(state.profile)}", "accent bold")), *_fact_lines(state.facts, width), line("")]
    if state.session:
        out += wrapped("The secret is held for this session: it lasts as long as the worker.", width, "muted")
    if state.said:
        out += wrapped(state.said, width, "bad")
    if state.doing:
        out.append(line((state.doing, "muted")))
    return out


def suggested(state: ConnectState, account: str = "") -> dict[str, str]:
    """The settings to begin a form with: those of an account, else what was found."""
    for row in state.accounts:
        if row.get("setting") == account:
            names = ("endpoint", "subscription_id", "resource_group", "account", "region", "tenant_id")
            return {name: str(row.get(name) or "") for name in names}
    settings = [row for row in state.found if row.get("kind") == "setting"]
    return {str(row.get("setting")): str(row.get("value") or "") for row in settings}


def _found_lines(state: ConnectState, width: int) -> list[Line]:
    out = []
    for row in state.found:
        setting, value, origin = (visible(str(row.get(name) or "")) for name in ("setting", "value", "origin"))
        out.append(line((f"  {setting:<16}", "muted"), value, (f"  {origin}", "faint")))
        others = row.get("contradicted_by")
        if isinstance(others, list) and others:
            said = f"{', '.join(map(str, others))} says something else and does not count."
            out += wrapped(said, width, "warn", " " * 18)
    return out


def _fact_lines(facts: Sequence[Mapping[str, Any]], width: int) -> list[Line]:
    out: list[Line] = []
    for fact in facts:
        state = str(fact.get("state") or "unknown")
        first, *rest = wrapped(str(fact.get("what") or ""), max(20, width - 4)) or [line("")]
        out.append((*line((f"  {_MARKS.get(state, '?')} ", _INKS.get(state, "muted"))), *first))
        out += [(*line("    "), *more) for more in rest]
        for name, ink in (("why", "muted"), ("remedy", "key")):
            if fact.get(name):
                more_words = wrapped(str(fact[name]), max(20, width - 6), ink)
                out += [(*line("      "), *words) for words in more_words]
    return out


def _code_lines(state: ConnectState, width: int) -> list[Line]:
    return [
        line(("Sign in", "accent bold")),
        *wrapped("On any device, open this address and enter the code:", width),
        line(""),
        line("  ", (visible(state.address), "info")),
        line("  ", (visible(state.code), "key bold"), ("   y copies it", "muted")),
        line(""),
    ]
