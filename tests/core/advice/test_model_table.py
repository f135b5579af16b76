"""The models table: what ships and what the service reports, merged, and every fact with its source."""

from __future__ import annotations

import datetime as dt

from cupola.advice.model_table import VISION, ModelRow, find, model_table
from cupola.models import ServiceModel
from cupola_data.models import catalogue
from cupola_data.prices import price_list

from .conftest import TODAY

_NANO = "gpt-4.1-nano-2025-04-14"


def _table(*reported: ServiceModel) -> list[ModelRow]:
    return model_table(catalogue(), price_list(), reported)


def _row(name: str, *reported: ServiceModel) -> ModelRow:
    row = find(_table(*reported), name)
    assert row is not None
    return row


def _day(year: int, month: int, day: int) -> int:
    return int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp())


def test_models_that_learn_from_images_say_so() -> None:
    assert {row.name for row in _table() if VISION in row.methods} == {"gpt-4o", "gpt-4.1"}


def test_a_price_that_nobody_publishes_is_absent() -> None:
    assert "training_tokens" in _row("gpt-4.1").prices
    assert "training_tokens" not in _row("gpt-4.1-nano").prices
    assert not _row("Ministral-3B").prices and _row("Ministral-3B").context_tokens is None


def test_open_models_tell_their_peculiarities_with_a_source() -> None:
    notes = _row("gpt-oss-20b").peculiarities
    assert any("globalStandard" in note for note in notes)
    assert all(note.endswith("]") and "[" in note for note in notes)
    assert not _row("gpt-4.1-nano").peculiarities


def test_the_services_date_goes_before_the_tables_and_is_sure() -> None:
    shipped = _row(_NANO).inference_until
    assert shipped is not None and not shipped.confirmed
    told = ServiceModel(_NANO, 0, can_fine_tune=True, lifecycle="deprecating", inference_until=_day(2027, 4, 14))
    row = _row(_NANO, told)
    assert row.inference_until is not None
    assert (row.inference_until.day, row.inference_until.confirmed) == (dt.date(2027, 4, 14), True)
    assert row.at_service and row.lifecycle == "deprecating"


def test_regions_that_leave_a_model_out_are_known() -> None:
    nano, vision = _row("gpt-4.1-nano"), _row("gpt-4.1")
    assert nano.learns("supervised", "westus", TODAY) and not nano.learns("supervised", "polandcentral", TODAY)
    assert vision.learns("supervised", "japaneast", TODAY) and not vision.learns(VISION, "japaneast", TODAY)
    assert not any(row.learns("supervised", "uaenorth", TODAY) for row in _table())
    assert not nano.learns("supervised", "nowhere", TODAY)


def test_an_unconfirmed_date_that_has_passed_does_not_rule_a_model_out() -> None:
    assert _row(_NANO).learns("supervised", "swedencentral", TODAY)


def test_the_end_of_training_by_the_services_word_does() -> None:
    told = ServiceModel(_NANO, 0, can_fine_tune=True, fine_tune_until=_day(2026, 11, 1))
    assert not _row(_NANO, told).learns("supervised", "", TODAY)


def test_the_service_is_believed_of_its_own_models_and_not_of_open_ones() -> None:
    said_no = [ServiceModel(name, 0, can_fine_tune=False) for name in (_NANO, "gpt-oss-20b")]
    assert _row(_NANO, *said_no).methods == ()
    assert _row("gpt-oss-20b", *said_no).methods == ("supervised",)


def test_a_model_that_only_the_service_knows_is_listed_without_invented_facts() -> None:
    row = _row("brand-new-1", ServiceModel("brand-new-1", 0, can_fine_tune=True))
    assert row.methods == () and not row.prices and "service alone" in row.peculiarities[0]


def test_tuned_models_are_no_rows_and_are_found_by_their_base() -> None:
    tuned = f"{_NANO}.ft-0123-cora"
    rows = _table(ServiceModel(tuned, 0, base_model=_NANO))
    assert tuned not in {row.id for row in rows}
    found = find(rows, tuned)
    assert found is not None and found.id == _NANO
