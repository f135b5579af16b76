"""What a wish for a deployment means before it is written down: checked, priced, and held against the quota."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from ..benchmarks.prices import price_of
from ..errors import UsageError
from ..store import control_plane, deployments
from ..store.control_plane import QuotaLine
from ..store.database import Database
from ..store.deployments import Wanted, is_tuned
from .durations import duration_text
from .quota import other_tiers, quota_of
from .tiers import Hosting, Tier, find_tier, hosting

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,299}")
_PROBE_TOKENS = (8, 1)
"""Prompt and answer of the call that asks whether it is ready, rounded up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A wish that could be granted, and what it takes."""

    wanted: Wanted
    tier: Tier
    hosting: Hosting
    quota: QuotaLine | None
    """What it draws on; None where the service did not tell."""
    warnings: tuple[str, ...] = ()

    @property
    def most_usd(self) -> float | None:
        """Hosting until the fuse; None where there is no fuse or no known price."""
        hourly, fuse = self.hosting.usd_per_hour, self.wanted.fuse_seconds
        if hourly == 0:
            return 0.0
        return None if hourly is None or fuse is None else hourly * fuse / 3_600.0

    def cost(self) -> str:
        """The estimate as a sentence or two."""
        hourly = self.hosting.usd_per_hour
        probe = "Asking whether it is ready is one call of about 9 tokens"
        price = price_of(self.wanted.model)
        probe += f", ${price.usd(*_PROBE_TOKENS):.6f} each time." if price else ", at a price not known."
        if hourly is None:
            return f"What it costs by the hour is not in the price table. {probe}"
        source = f" ({self.hosting.source})" if self.hosting.source else ""
        if hourly == 0:
            return f"No hosting fee{source}; tokens are paid as they are used. {probe}"
        whole = f"${self.most_usd:.2f} until its fuse" if self.most_usd is not None else "without end: it has no fuse"
        return f"${hourly:.2f} an hour, also when idle{source}: {whole}. Tokens on top. {probe}"


def plan(database: Database, wanted: Wanted) -> Plan:
    """Check a wish as far as it can be checked without asking.

    Raises:
        UsageError: it cannot be granted as it is.
    """
    tier = find_tier(wanted.sku)
    _check(wanted, tier)
    assert tier is not None
    known = deployments.get(database, wanted.name)
    if (
        known is not None
        and (known.stands or not known.state.ended)
        and known.model.casefold() != wanted.model.casefold()
    ):
        raise UsageError(
            f"There is a deployment {known.name!r} already, of {known.model}.", remedy="Choose another name."
        )
    lines = control_plane.quota(database)
    line = quota_of(lines, wanted.model, tier.name)
    warnings = _warnings(wanted, tier, line, lines)
    if known is not None and not known.state.ended:
        warnings = ["One of that name and model stands or is on its way already: it is used as it is.", *warnings]
    return Plan(wanted, tier, hosting(wanted.model, tier.name), line, tuple(warnings))


def create_command(wanted: Wanted, profile: str) -> str:
    """The command line that makes the same deployment."""
    words = ["cupola", "deploy", "create", wanted.name, "--model", wanted.model, "--tier", wanted.sku]
    words += ["--capacity", str(wanted.capacity), "--fuse", duration_text(wanted.fuse_seconds)]
    words += ["--idle", duration_text(wanted.idle_seconds)] if wanted.idle_seconds is not None else []
    words += ["--purpose", wanted.purpose] if wanted.purpose else []
    return shlex.join([*words, "--profile", profile])


def _check(wanted: Wanted, tier: Tier | None) -> None:
    if not _NAME.fullmatch(wanted.name):
        raise UsageError(
            f"{wanted.name[:80]!r} is no name for a deployment.",
            remedy="Use 1 to 64 letters, digits, '-' or '.', beginning with a letter or digit.",
        )
    if not _MODEL.fullmatch(wanted.model):
        raise UsageError(f"{wanted.model[:80]!r} is no model.", remedy="`cupola deploy models` names those there are.")
    if tier is None:
        raise UsageError(
            f"There is no tier {wanted.sku[:40]!r}.", remedy="`cupola deploy tiers` names those there are."
        )
    if not 1 <= wanted.capacity <= 10**9:
        raise UsageError("The capacity must be a whole number of at least 1.")
    if tier.name == "DeveloperTier" and not is_tuned(wanted.model):
        raise UsageError(
            f"{wanted.model} is a base model; the developer tier takes tuned models only.",
            remedy="Choose GlobalStandard: a base model costs nothing by the hour there.",
        )


def _warnings(wanted: Wanted, tier: Tier, line: QuotaLine | None, lines: list[QuotaLine]) -> list[str]:
    out = []
    if line is not None and line.free < wanted.capacity:
        others = other_tiers(lines, wanted.model, tier.name, wanted.capacity)
        room = ", ".join(f"{name} ({other.free:.0f})" for name, other in others)
        out.append(
            f"Only {line.free:.0f} of {line.text} is free: the service will refuse {wanted.capacity}."
            + (f" There is room on {room}." if room else "")
        )
    if wanted.fuse_seconds is None and hosting(wanted.model, tier.name).usd_per_hour != 0:
        out.append("Without a fuse it costs until somebody removes it.")
    if wanted.capacity < 50 and tier.unit.startswith("thousand tok"):
        out.append("A tuned model takes about one request a minute for each unit; benchmarks want 50 or more.")
    return out
