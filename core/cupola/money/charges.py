"""Every charge that the store knows of, each with its time and what it was for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cupola_data.models import catalogue
from cupola_data.prices import PriceList

from ..benchmarks.prices import TokenPrice, base_of, price_of
from ..datasets.cost import estimates
from ..deployments.tiers import hosting
from ..models import Job, Phase
from ..store import deployments, events, jobs, spend
from ..store.database import Database
from ..store.spend import Answered
from .amounts import Amount
from .prices import is_own

_TIERS = {
    "standard": "standard",
    "globalstandard": "globalStandard",
    "developertier": "developerTier",
    "developer": "developerTier",
}
_HOURS_BILLED = re.compile(r"Training hours billed: [\d.,]+; \$([\d,]+(?:\.\d+)?)")
_TOKENS_BILLED = re.compile(r"Training tokens billed: ([\d,]+)")
_EVENTS_READ = 50


class What(StrEnum):
    """What was paid for."""

    ANSWERS = "answers"
    TRAINING = "training"
    HOSTING = "hosting"


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge, spread evenly over its time. Unix seconds."""

    what: What
    began_at: float
    ended_at: float
    amount: Amount
    job: str = ""
    """The id of the job it belongs to: its training, or the use of what it made; "" for none."""
    deployment: str = ""


def charges(database: Database, prices: PriceList, now: float, since: float = 0.0) -> Iterator[Charge]:
    """Every charge that ends after `since`."""
    known = jobs.newest(database)
    makers = {job.fine_tuned_model: job.id for job in known if job.fine_tuned_model}
    models = {one.name.casefold(): one.model for one in deployments.all_deployments(database)}
    for group in spend.answered(database, since):
        model = models.get(group.deployment.casefold(), group.model)
        amount = Amount(group.usd, group.usd + group.lost_usd, group.unpriced)
        end = group.bucket + spend.BUCKET_SECONDS
        paid = _repriced(group, amount, prices)
        yield Charge(What.ANSWERS, group.bucket, end, paid, _maker(model, makers), group.deployment)
    for job in known:
        ended = float(job.finished_at or (now if job.phase.moving else job.as_of))
        amount = training_cost(database, job, prices, now)
        if ended >= since and amount != Amount():
            # The service bills a job when it has ended, or as it goes; the end is the day that is known.
            yield Charge(What.TRAINING, ended, ended, amount, job.id)
    for standing in spend.standings(database):
        ended = standing.ended_at if standing.ended_at is not None else now
        hourly = hosting(standing.model, standing.sku, prices).usd_per_hour
        if ended < since or hourly == 0.0:
            continue
        hours = max(0.0, ended - standing.began_at) / 3_600
        amount = Amount(0.0, None, 1) if hourly is None else Amount(hourly * hours, hourly * hours)
        maker = _maker(standing.model, makers)
        yield Charge(What.HOSTING, standing.began_at, ended, amount, maker, standing.name)


def training_cost(database: Database, job: Job, prices: PriceList, now: float) -> Amount:
    """What a job's training has cost so far.

    The service's own word in the log counts first, then the tokens that the job tells; the time since it began bounds
    what is billed by the hour. Jobs that failed, and those cancelled before they trained, are not billed (cost
    management guide).
    """
    if job.phase in (Phase.FAILED, Phase.QUEUED, Phase.VALIDATING):
        return Amount()
    said = [event.message for event in events.newest(database, job.id, _EVENTS_READ)]
    if job.method == "reinforcement":
        return _by_the_hour(job, said, prices, now)
    tokens = next((_number(told) for text in said if (told := _TOKENS_BILLED.search(text))), job.trained_tokens)
    if tokens is None:
        return Amount(0.0, None)
    tier = _TIERS.get((job.training_type or "standard").casefold(), job.training_type or "standard")
    base = base_of(job.model)
    found = estimates(int(tokens), 1, job.method, catalogue(), prices, base.id if base else job.model)
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


def _repriced(group: Answered, paid: Amount, prices: PriceList) -> Amount:
    """The same answers at the person's own prices, where there are any for the model."""
    base = base_of(group.model) if group.model else None
    if base is None:
        return paid
    own = {meter: prices.find(base.name, meter, "globalStandard") for meter in ("input", "cached_input", "output")}
    prompt, output = own["input"], own["output"]
    if prompt is None or output is None or not any(is_own(price) for price in own.values()):
        return paid
    cached = own["cached_input"] or prompt
    mine = TokenPrice(prompt.usd, cached.usd, output.usd, "", True)
    usd = mine.usd(group.prompt_tokens, group.completion_tokens, group.cached_tokens)
    shipped = price_of(base.name)
    before = shipped.usd(group.prompt_tokens, group.completion_tokens, group.cached_tokens) if shipped else 0.0
    # What was journalled may have been at half price, as batches are.
    factor = group.usd / before if before and group.usd and not group.unpriced else 1.0
    lost = group.lost_usd / group.usd if group.usd else 0.0
    return Amount(usd * factor, usd * factor * (1 + lost))


def _maker(model: str, makers: dict[str, str]) -> str:
    """The job that made a model or the checkpoint of one."""
    return makers.get(model) or makers.get(model.partition(":ckpt-")[0], "")
