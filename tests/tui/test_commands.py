"""One registry: every binding comes from it, every key is told, keys can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from cupola_tui.app import CupolaApp, Preferences
from cupola_tui.commands import COMMANDS, bindings, remapped, unknown_ids
from cupola_tui.keymaps import complaints
from cupola_tui.panes.activity.pane import ActivityPane
from cupola_tui.panes.activity.sieve import Sieve
from cupola_tui.panes.activity.told import StageStrip, Told
from cupola_tui.panes.activity.workflow import WorkflowPart
from cupola_tui.panes.benchmarks.item import Answers
from cupola_tui.panes.benchmarks.items import Items
from cupola_tui.panes.benchmarks.leaderboard import Leaderboard
from cupola_tui.panes.benchmarks.pane import BenchmarksPane
from cupola_tui.panes.checkpoints.lab import LabScreen
from cupola_tui.panes.checkpoints.pane import CheckpointsPane
from cupola_tui.panes.checkpoints.tables import FlipTable
from cupola_tui.panes.checkpoints.watches import AlarmLines
from cupola_tui.panes.datasets.pane import DatasetsPane
from cupola_tui.panes.datasets.shape import Shape
from cupola_tui.panes.deployments.pane import DeploymentsPane
from cupola_tui.panes.deployments.sweep import SweepScreen
from cupola_tui.panes.jobs.pane import JobsPane
from cupola_tui.screens.bench_form import BenchmarkForm
from cupola_tui.screens.bench_runs import RunsScreen
from cupola_tui.screens.card import CardScreen
from cupola_tui.screens.connect import ConnectScreen
from cupola_tui.screens.form import FormScreen
from cupola_tui.screens.frame import FrameScreen
from cupola_tui.screens.guide import GuideScreen
from cupola_tui.screens.labelling import LabellingScreen
from cupola_tui.screens.menu import MenuScreen
from cupola_tui.screens.models import ModelsScreen
from cupola_tui.screens.path_prompt import PathScreen
from cupola_tui.screens.reader import ReaderScreen
from cupola_tui.screens.submit.form import SubmitForm
from cupola_tui.widgets.chart import Chart
from cupola_tui.widgets.conversation import ConversationView
from cupola_tui.widgets.table import Table

HOLDERS: tuple[type[DOMNode], ...] = (
    FrameScreen,
    JobsPane,
    DatasetsPane,
    ConversationView,
    Shape,
    FormScreen,
    PathScreen,
    BenchmarksPane,
    Leaderboard,
    Items,
    Answers,
    CheckpointsPane,
    FlipTable,
    DeploymentsPane,
    SweepScreen,
    ActivityPane,
    WorkflowPart,
    Sieve,
    StageStrip,
    Told,
    LabellingScreen,
    AlarmLines,
    LabScreen,
    GuideScreen,
    BenchmarkForm,
    RunsScreen,
    Table,
    Chart,
    ReaderScreen,
    MenuScreen,
    CardScreen,
    FormScreen,
    PathScreen,
    ConnectScreen,
    SubmitForm,
    ModelsScreen,
)


def _own_bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    for holder in HOLDERS:
        for binding in holder.BINDINGS:
            assert isinstance(binding, Binding)
            yield holder, binding


def test_ids_are_unique_and_every_binding_is_in_the_registry() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    assert {binding.id for _, binding in _own_bindings()} == {command.id for command in COMMANDS if command.keys}


def test_every_action_exists_where_its_scope_is() -> None:
    for holder, binding in _own_bindings():
        name = binding.action.partition("(")[0]
        owner: type = CupolaApp if name.startswith("app.") else holder
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), binding


def test_in_one_scope_no_key_means_two_things() -> None:
    for scope in {command.scope for command in COMMANDS}:
        keys = [key for command in COMMANDS if command.scope == scope for key in command.keys.split(",") if key]
        assert len(keys) == len(set(keys)), scope


def test_what_changes_the_cloud_has_no_key() -> None:
    assert all(not command.keys for command in COMMANDS if command.scope == "job")
    assert len(bindings("job")) == 0


def test_other_keys_are_taken_and_wrong_ids_are_named() -> None:
    assert {command.id: command.keys for command in remapped({"frame.help": "f2"})}["frame.help"] == "f2"
    assert unknown_ids({"frame.help": "f2", "frame.nothing": "x"}) == ["frame.nothing"]


async def test_a_remapped_key_works_and_stands_in_footer_and_help(
    open_app: Callable[..., CupolaApp], see: Callable[..., object], screen_text: Callable[[CupolaApp], str]
) -> None:
    keys = {"frame.help": "H", "frame.nothing": "x"}
    app = open_app(preferences=Preferences(keys, complaints=tuple(complaints(keys, keys))))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "H help")  # type: ignore[misc]
        await see(pilot, "The configuration")  # type: ignore[misc]
        await pilot.press("H")
        await see(pilot, "Curves of the marked jobs")  # type: ignore[misc]
        await pilot.press("G")
        await see(pilot, "Help for where you stand")  # type: ignore[misc]
        row = next(row for row in screen_text(app).splitlines() if "Help for where you stand" in row)
        assert " H " in row and "?" not in row


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_help_tells_the_keys_of_where_one_stands(
    open_app: Callable[..., CupolaApp], see: Callable[..., object], size: tuple[int, int]
) -> None:
    app = open_app()
    async with app.run_test(size=size) as pilot:
        await see(pilot, "cora-distil")  # type: ignore[misc]
        await pilot.press("?")
        await see(pilot, "Curves of the marked jobs")  # type: ignore[misc]
        await pilot.press("G")
        await see(pilot, "Clear, close, back")  # type: ignore[misc]
