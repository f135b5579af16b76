"""What a job's training has cost: the service's own word where there is one, else bounds from tokens and epochs."""

from __future__ import annotations

import re

from cupola_data.models import catalogue
from cupola_data.prices import PriceList

from ..benchmarks.prices import base_of
from ..datasets.cost import estimates
from ..models import Job, Phase
from ..store import checkpoints, events, files, points
from ..store.database import Database
from ..training.curves import progress
from ..training.token_bounds import token_bounds
from .amounts import Amount

_TIERS = {
    "standard": "standard",
    "globalstandard": "globalStandard",
    "developertier": "developerTier",
    "developer": "developerTier",
}
_HOURS_BILLED = re.compile(r"Training hours billed: [\d.,]+; \$([\d,]+(?:\.\d+)?)")
_TOKENS_BILLED = re.compile(r"Training tokens billed: ([\d,]+)")
_EVENTS_READ = 50


def training_cost(database: Database, job: Job, prices: PriceList, now: float) -> Amount:
    """What a job's training has cost so far.

    The service's own word in the log counts first, then the tokens that the job tells. Before that a job that learns
    from tokens costs at least what the steps seen so far come to, and at most what its whole file comes to in all
    epochs; without file or epochs the upper end is not known. The time since it began bounds what is billed by the
    hour. Jobs that failed, and those cancelled before they trained, are not billed (cost management guide).
    """
    if job.phase in (Phase.FAILED, Phase.QUEUED, Phase.VALIDATING):
        return Amount()
    said = [event.message for event in events.newest(database, job.id, _EVENTS_READ)]
    if job.method == "reinforcement":
        return _by_the_hour(job, said, prices, now)
    tokens = next((_number(told) for text in said if (told := _TOKENS_BILLED.search(text))), job.trained_tokens)
    if tokens is not None:
        return _by_token(job, int(tokens), prices)
    return _bounded(database, job, prices)


def _bounded(database: Database, job: Job, prices: PriceList) -> Amount:
    """Between what the steps that were seen come to and what the whole job comes to."""
    file = next((one for one in files.files(database) if one.id == job.training_file), None)
    bounds = token_bounds(job, file.bytes if file else None)
    if bounds is None:
        return Amount(0.0, None)
    most = _by_token(job, bounds.high, prices)
    if most.high is None or not bounds.low:
        return Amount(0.0, most.high, most.unpriced)
    return Amount(_by_token(job, int(bounds.low * _share(database, job)), prices).low, most.high)


def _share(database: Database, job: Job) -> float:
    """How much of the training is known to be done, from 0 to 1."""
    if job.phase is Phase.SUCCEEDED:
        return 1.0
    kept = [checkpoint for checkpoint, _ in checkpoints.of_job(database, job.id)]
    found = progress(job, events.of_job(database, job.id), points.last_step(database, job.id), kept)
    return found.share or 0.0 if found is not None else 0.0


def _by_token(job: Job, tokens: int, prices: PriceList) -> Amount:
    tier = _TIERS.get((job.training_type or "standard").casefold(), job.training_type or "standard")
    base = base_of(job.model)
    found = estimates(tokens, 1, job.method, catalogue(), prices, base.id if base else job.model)
    match = next((one for one in found if one.tier == tier and base is not None and one.model == base.id), None)
    if match is None or match.low is None or match.high is None:
        return Amount(0.0, None, 1)
    return Amount(min(match.low, match.high), max(match.low, match.high))


def _by_the_hour(job: Job, said: list[str], prices: PriceList, now: float) -> Amount:
    told = next((found for text in said if (found := _HOURS_BILLED.search(text))), None)
    if told is not None:
        return Amount(_number(told), _number(told))
    base = base_of(job.model)
    price = prices.find(base.name, "training_hours", "globalStandard") if base else None
    if price is None:
        return Amount(0.0, None, 1)
    end = job.finished_at or (now if job.phase.moving else job.as_of)
    # Core training is never longer than the job; its graders' tokens come on top and are told at the end only.
    return Amount(0.0, max(0.0, end - job.created_at) / 3_600 * price.usd, 1)


def _number(told: re.Match[str]) -> float:
    return float(told[1].replace(",", ""))
