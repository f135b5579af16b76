"""The model list, and the tables it is made from."""

from __future__ import annotations

import pytest
from openai import NotFoundError

from cupola_data.models import catalogue
from cupola_data.prices import price_list


async def test_base_models_are_listed_with_what_they_can_do(emulator):
    models = {model.id: model async for model in emulator.azure.models.list()}
    assert set(models) == {model.id for model in catalogue().models} | {"model-router-2025-11-18"}
    nano = models["gpt-4.1-nano-2025-04-14"]
    assert nano.capabilities == {
        "fine_tune": True,
        "inference": True,
        "completion": False,
        "chat_completion": True,
        "embeddings": False,
    }
    assert nano.deprecation["inference"] == 1_791_936_000
    assert models["o3-2025-04-16"].capabilities["fine_tune"] is False


async def test_open_models_are_called_untunable_as_the_service_does(emulator):
    assert (await emulator.azure.models.retrieve("Ministral-3B")).capabilities["fine_tune"] is False


async def test_an_alias_in_any_case_finds_its_model(emulator):
    assert (await emulator.v1.models.retrieve("GPT-4.1")).id == "gpt-4.1-2025-04-14"


async def test_an_unknown_model_is_not_found(emulator):
    with pytest.raises(NotFoundError):
        await emulator.azure.models.retrieve("gpt-9")


def test_every_fact_of_a_model_has_a_source():
    known = catalogue()
    fields = list(known.models[0].__slots__)
    assert all(known.source_of(name).title for name in fields)


def test_only_tunable_models_have_training_tiers():
    for model in catalogue().models:
        assert bool(model.methods) == bool(model.tiers)
        assert "standard" not in model.tiers or model.regions


def test_prices_are_found_by_model_meter_and_tier():
    prices = price_list()
    price = prices.find("GPT-4.1", "output", "globalstandard")
    assert price is not None
    assert (price.usd, price.unit, price.confirmed) == (8.0, "USD per 1M tokens", True)
    hosting = prices.find("anything", "hosting_hours", "developerTier")
    assert hosting is not None
    assert hosting.usd == 0.0


def test_a_price_that_the_sources_leave_open_is_none_and_a_guess_says_so():
    prices = price_list()
    assert prices.find("gpt-4.1-nano", "training_tokens", "standard") is None
    cached = prices.find("gpt-4o", "cached_input", "globalStandard")
    assert cached is not None
    assert not cached.confirmed
