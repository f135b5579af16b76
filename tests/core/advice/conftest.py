from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest

from cupola.advice.advise import Advice, Tables, advise, read_given
from cupola.advice.facts import Known
from cupola.advice.model_table import model_table
from cupola.advice.tree import Tree, shipped_tree
from cupola_data.models import catalogue
from cupola_data.prices import price_list

TODAY = dt.date(2026, 11, 23)

Ask = Callable[[Mapping[str, str]], Advice]


@pytest.fixture(scope="session")
def tree() -> Tree:
    return shipped_tree()


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables(catalogue(), price_list(), model_table(catalogue(), price_list()))


@pytest.fixture(scope="session")
def ask(tree: Tree, tables: Tables) -> Ask:
    """Advice on facts as a person gives them."""

    def told(facts: Mapping[str, str]) -> Advice:
        return advise(tree, read_given(tree, [f"{k}={v}" for k, v in facts.items()]), (), tables, TODAY)

    return told


def measured(fact: str, value: float, low: float, high: float) -> Known:
    from cupola.advice.facts import Origin

    return Known(fact, value, Origin.MEASURED, "benchmark small, run 1", low, high)
