"""Every charge that the store knows of, each with its time and what it was for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cupola_data.prices import PriceList

from ..benchmarks.prices import TokenPrice, base_of, price_of
from ..deployments.tiers import hosting
from ..store import deployments, jobs, spend
from ..store.database import Database
from ..store.spend import Answered
from .amounts import Amount
from .prices import is_own
from .training import training_cost


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
