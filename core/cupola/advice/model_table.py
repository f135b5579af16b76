"""What is known of each model: the shipped table merged with what the service reports, each fact with its source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cupola_data.models import BaseModel, Catalogue, Source
from cupola_data.prices import Price, PriceList

from ..models import ServiceModel

METERS = ("input", "cached_input", "output", "training_tokens", "training_hours")
VISION = "vision"
"""Stands beside the service's own methods: supervised training on images."""


@dataclass(frozen=True, slots=True)
class Until:
    """A day after which the service promises something no more."""

    day: dt.date
    source: str
    confirmed: bool

    def over(self, today: dt.date) -> bool:
        """Whether the day has passed, as far as it is confirmed."""
        return self.confirmed and self.day < today


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model. None and empty are not known."""

    id: str
    name: str
    format: str
    """The publisher, as the control plane calls it."""
    methods: tuple[str, ...]
    """supervised, dpo, reinforcement; vision where it learns from images."""
    methods_source: str
    tiers: tuple[str, ...]
    regions: tuple[str, ...]
    """Of regional Standard training."""
    global_regions: tuple[str, ...]
    """Of global training; empty where it is not trained so."""
    text_only: tuple[str, ...]
    """Regions among them in which it does not learn from images."""
    context_tokens: int | None
    max_output_tokens: int | None
    context_source: str
    prices: Mapping[str, Price]
    """By meter, on the global tier."""
    training_until: Until | None
    inference_until: Until | None
    lifecycle: str
    """The service's own word."""
    at_service: bool
    """Whether this resource's service lists it."""
    peculiarities: tuple[str, ...]
    """Sentences for a person, each with its source."""

    @property
    def in_short(self) -> str:
        """Its price and its end, as far as they are known; an uncertain day has a question mark."""
        parts = [f"${self.prices[meter].usd:g} {meter}" for meter in ("input", "output") if meter in self.prices]
        until = self.inference_until
        if until is not None:
            parts.append(f"until {until.day}{'' if until.confirmed else '?'}")
        return ", ".join(parts) or "price not known"

    def learns(self, method: str, region: str, today: dt.date) -> bool:
        """Whether it can be trained by a method in a region now, as far as is known; an empty region is any."""
        if method not in self.methods or (self.training_until and self.training_until.over(today)):
            return False
        if not region or region in self.regions:
            return True
        return region in self.global_regions and not (method == VISION and region in self.text_only)


def model_table(catalogue: Catalogue, prices: PriceList, reported: Iterable[ServiceModel] = ()) -> list[ModelRow]:
    """Every base model that the table or the service knows, tunable ones first, then by name."""
    told = {model.id: model for model in reported if model.base_model is None and ".ft-" not in model.id}
    rows = []
    for base in catalogue.models:
        names = [base.id, base.name, *base.aliases]
        mine = next((told.pop(name) for name in names if name in told), None)
        rows.append(_merged(base, mine, catalogue, prices))
    rows += [_only_told(model) for model in told.values()]
    return sorted(rows, key=lambda row: (not row.methods, row.name.casefold()))


def find(rows: Iterable[ModelRow], name: str) -> ModelRow | None:
    """The model of an id or name, in any case; of a tuned model its base."""
    bare = name.removeprefix("ft:").partition(":")[0].partition(".ft-")[0].casefold()
    return next((row for row in rows if bare in (row.id.casefold(), row.name.casefold())), None)


def _merged(base: BaseModel, told: ServiceModel | None, catalogue: Catalogue, prices: PriceList) -> ModelRow:
    methods, source = _methods(base, told, catalogue)
    found = {meter: prices.find(base.name, meter, "globalStandard") for meter in METERS}
    return ModelRow(
        id=base.id,
        name=base.name,
        format=base.format,
        methods=methods,
        methods_source=source,
        tiers=base.tiers,
        regions=base.regions,
        global_regions=_global_regions(base, catalogue),
        text_only=tuple(one.region for one in catalogue.exceptions if one.without == VISION),
        context_tokens=base.context_tokens,
        max_output_tokens=base.max_output_tokens,
        context_source=_cited(catalogue.source_of("context_tokens")) if base.context_tokens else "",
        prices={meter: price for meter, price in found.items() if price is not None},
        training_until=_until(told.fine_tune_until) if told else None,
        inference_until=_inference_until(base, told, catalogue),
        lifecycle=(told.lifecycle or "") if told else "",
        at_service=told is not None,
        peculiarities=tuple(_peculiarities(base, catalogue)),
    )


def _methods(base: BaseModel, told: ServiceModel | None, catalogue: Catalogue) -> tuple[tuple[str, ...], str]:
    # The service's list calls models of other publishers untunable though they are; of its own it is right.
    if told is not None and told.can_fine_tune is False and not base.open_weights:
        return (), "the service says that it cannot be tuned"
    with_images = (VISION,) if base.vision and "supervised" in base.methods else ()
    return (*base.methods, *with_images), _cited(catalogue.source_of("methods"))


def _global_regions(base: BaseModel, catalogue: Catalogue) -> tuple[str, ...]:
    if not {"globalStandard", "developerTier"} & set(base.tiers):
        return ()
    without = {one.region for one in catalogue.exceptions if one.without in ("*", base.id)}
    return tuple(region for region in catalogue.global_regions if region not in without)


def _only_told(told: ServiceModel) -> ModelRow:
    """A model that the table does not know: which method trains it, nobody says."""
    can = " It says that it can be tuned, not how." if told.can_fine_tune else ""
    return ModelRow(
        told.id, told.id, "", (), "the service names no methods", (), (), (), (), None, None, "", {},
        _until(told.fine_tune_until), _until(told.inference_until), told.lifecycle or "", True,
        (f"Known from the service alone.{can}",),
    )  # fmt: skip


def _inference_until(base: BaseModel, told: ServiceModel | None, catalogue: Catalogue) -> Until | None:
    if told is not None and told.inference_until:
        return _until(told.inference_until)
    if base.retires is None:
        return None
    source = catalogue.source_of("retires")
    return Until(base.retires, _cited(source), source.confirmed)


def _until(seconds: int | None) -> Until | None:
    if not seconds:
        return None
    return Until(dt.datetime.fromtimestamp(seconds, dt.UTC).date(), "the service", True)


def _peculiarities(base: BaseModel, catalogue: Catalogue) -> list[str]:
    return [f"{note.text} [{_cited(catalogue.sources[note.source])}]" for note in catalogue.notes_on(base)]


def _cited(source: Source) -> str:
    return f"{source.title}, {source.date}{'' if source.confirmed else ', not confirmed'}"
