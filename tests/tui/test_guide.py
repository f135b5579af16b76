"""The guide on the screen: the tree, questions along it, the advice with its next step."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cupola.advice.advise import Advice, NextStep, Tables, advise, read_given
from cupola.advice.drawing import tree_lines
from cupola.advice.model_table import model_table
from cupola.advice.tree import shipped_tree
from cupola.settings import Profile
from cupola.store.database import Database
from cupola_data.models import catalogue
from cupola_data.prices import price_list
from cupola_tui.app import CupolaApp
from cupola_tui.lines import cell_width, plain
from cupola_tui.screens.form import FormScreen
from cupola_tui.screens.guide import GuideScreen, TreeView
from cupola_tui.screens.menu import MenuScreen
from cupola_tui.screens.reader import Pages
from cupola_tui.views.guide import folded, text_lines, tree_row
from cupola_tui.widgets.painted import Lines

from .conftest import PROFILE, see


def told(*facts: str) -> Advice:
    import datetime as dt

    tree = shipped_tree()
    tables = Tables(catalogue(), price_list(), model_table(catalogue(), price_list()))
    return advise(tree, read_given(tree, facts), (), tables, dt.date(2026, 11, 23))


async def opened(pilot: Pilot[str]) -> GuideScreen:
    """The guide, once it has read the store."""
    await pilot.pause()
    await pilot.press("A")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    assert isinstance(pilot.app.screen, GuideScreen)
    return pilot.app.screen


async def until(pilot: Pilot[str], holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        await pilot.pause(0.02)


def text_of(guide: GuideScreen) -> str:
    return "\n".join(plain(spans) for spans in guide.query_one(Pages).lines(200, 200) if isinstance(spans, tuple))


def tree_of(guide: GuideScreen) -> str:
    view = guide.query_one(TreeView)
    return "\n".join(plain(row.spans) for row in view.lines(200, 200) if hasattr(row, "spans"))


async def answer(pilot: Pilot[str], *typed: str) -> None:
    """Answer the question that stands, by form or by menu."""
    await pilot.press("enter")
    await pilot.pause()
    if isinstance(pilot.app.screen, FormScreen):
        for field, text in zip(pilot.app.screen.query(Input), typed, strict=True):
            field.value = text
        await pilot.press("enter")
    else:
        assert isinstance(pilot.app.screen, MenuScreen)
        pilot.app.screen.dismiss(typed[0])
    await pilot.pause()
    await pilot.pause()


async def test_questions_lead_to_advice_and_enter_opens_its_pane(store: Database) -> None:
    app = CupolaApp(PROFILE, store)
    async with app.run_test(size=(120, 40)) as pilot:
        guide = await opened(pilot)
        assert "target pass rate not known" in text_of(guide)
        await answer(pilot, "30%", "0.9")
        assert "prompt tried not known" in text_of(guide)
        await answer(pilot, "no")
        assert "Prompting" in str(guide.query_one("#guide").border_title)
        for words in ("cupola bench run BENCHMARK", "What would change it", "[you say]", "rule from"):
            assert words in text_of(guide)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is not guide
        assert app.query_one("#pane-benchmarks").display


async def test_what_was_said_is_there_when_the_guide_is_opened_again(store: Database) -> None:
    async with CupolaApp(PROFILE, store).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await answer(pilot, "30%", "0.9")
        await pilot.press("escape")
        guide = await opened(pilot)
        assert "prompt tried not known" in text_of(guide)
        await pilot.press("u")
        assert "target pass rate not known" in text_of(guide)


async def test_where_a_model_is_chosen_those_that_can_be_are_shown(store: Database) -> None:
    async with CupolaApp(PROFILE, store).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await answer(pilot, "30%", "0.9")
        await answer(pilot, "yes")
        await answer(pilot, "images")
        await pilot.press("k", "enter")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, FormScreen)
        words = "\n".join(plain(spans) for spans in form.query_one("#form-facts", Lines).lines(100, 40))
        assert "gpt-4.1: $2 input, $8 output, until 2026-10-14?" in words and "gpt-4o" in words
        assert "o4-mini" not in words


async def test_a_word_that_is_no_fact_changes_nothing(store: Database) -> None:
    async with CupolaApp(PROFILE, store).run_test(size=(120, 40)) as pilot:
        guide = await opened(pilot)
        await answer(pilot, "most", "0.9")
        assert "target pass rate not known" in text_of(guide)


async def test_every_line_of_the_tree_can_be_read(store: Database) -> None:
    async with CupolaApp(PROFILE, store).run_test(size=(80, 24)) as pilot:
        guide = await opened(pilot)
        await pilot.press("f")
        seen = set()
        for _ in range(70):
            seen.add(text_of(guide))
            await pilot.press("j")
        assert len(seen) > 30
        await pilot.press("g")
        assert "Cannot say yet" in text_of(guide)


async def test_folding_leaves_the_way_and_what_branches_off(store: Database) -> None:
    async with CupolaApp(PROFILE, store).run_test(size=(120, 40)) as pilot:
        guide = await opened(pilot)
        whole = tree_of(guide)
        await pilot.press("f")
        await pilot.pause()
        assert tree_of(guide).count("\n") == 2 < whole.count("\n")


async def test_a_store_with_a_hostile_file_name_is_read(store: Database, path: Path) -> None:
    from cupola.models import LocalFile
    from cupola.store import datasets

    datasets.save_local_files(store, [LocalFile("/x/\x1b[2J[red]a.jsonl", 1, 1, "a", "chat", 120, 0, 0)])
    async with CupolaApp(PROFILE, store).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await answer(pilot, "30%", "0.9")
        await answer(pilot, "yes")
        await answer(pilot, "format")
        guide = pilot.app.screen
        assert isinstance(guide, GuideScreen)
        assert "SFT" in str(guide.query_one("#guide").border_title)
        assert not any("\x1b" in segment.text for strip in guide.query_one(Pages)._strips for segment in strip)


@pytest.mark.parametrize("width", [24, 50, 78])
def test_texts_keep_to_their_width(width: int) -> None:
    tree = shipped_tree()
    for facts in ([], ["base_pass_rate=.3", "target_pass_rate=.9", "prompt_tried=no"], ["can_compare=no", "pairs=3"]):
        advice = told(*facts)
        for one in tree_lines(tree, advice.outcome):
            lines = text_lines(tree, advice, one, width)
            long = [plain(spans) for spans in lines if cell_width(spans) > width]
            assert all(" " not in text.strip()[10:].strip() for text in long), long


def test_the_folded_tree_keeps_every_line_of_the_way() -> None:
    tree = shipped_tree()
    advice = told("base_pass_rate=.3", "target_pass_rate=.9", "prompt_tried=yes", "failure=knowledge", "rag_tried=no")
    lines = tree_lines(tree, advice.outcome)
    kept = folded(lines)
    assert [one for one in lines if one.on_path] == [one for one in kept if one.on_path]
    assert {one.place.id for one in kept} >= {"failure", "rag", "vision-model", "examples", "prompting"}
    assert "raft" not in {one.place.id for one in kept}
    assert " RAG " in "".join(plain(tree_row(one, advice, False).spans) for one in kept)


_TO_FORMAT = (("30%", "0.9"), ("yes",), ("format",))


async def test_the_advice_to_train_opens_the_form_of_the_job_filled_in(store: Database, path: Path) -> None:
    from cupola.models import LocalFile
    from cupola.store import datasets

    data = path.parent / "answers.jsonl"
    datasets.save_local_files(store, [LocalFile(str(data), 9_000, 1, "a", "chat", 120, 0, 0)])
    app = CupolaApp(Profile("test", endpoint="http://127.0.0.1:8080"), store)
    async with app.run_test(size=(120, 40)) as pilot:
        guide = await opened(pilot)
        for typed in _TO_FORMAT:
            await answer(pilot, *typed)
        assert "enter opens the form of the job" in text_of(guide)
        await pilot.press("enter")
        await see(pilot, "learning rate")
        typed = {field.name: field.value for field in app.screen.query(Input)}
        assert typed["training file"] == str(data)
        row = catalogue().find(typed["model"])
        assert row is not None and "supervised" in row.methods


async def test_next_steps_that_need_a_benchmark_or_data_begin_by_asking_for_them(store: Database) -> None:
    words = {"raft": "distractors", "models": "that learn by vision", "cost": "Add a file", "distil": "Define a bench"}
    panes = {leaf.opens: leaf.pane for leaf in shipped_tree().leaves.values()}
    app = CupolaApp(Profile("test", endpoint="http://127.0.0.1:8080"), store)
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "cora-distil")
        for opens, shown in words.items():
            await app.open_step(NextStep(opens, panes[opens], "vision", {}))
            await see(pilot, shown)
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
