from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cupola_tui.app import CupolaApp, Preferences
from cupola_tui.commands import COMMANDS, remapped
from cupola_tui.keymaps import KEYMAPS, keymap, shared_keys
from cupola_tui.preferences import read_preferences
from cupola_tui.widgets.table import Table

See = Callable[..., Awaitable[None]]


@pytest.mark.parametrize("name", KEYMAPS)
def test_in_no_keymap_does_a_key_stand_for_two_commands_of_one_place(name: str) -> None:
    keys = keymap(name)
    assert keys is not None
    assert shared_keys(remapped(keys)) == []


@pytest.mark.parametrize("name", KEYMAPS)
def test_every_command_with_a_key_keeps_one_in_every_keymap(name: str) -> None:
    reached = {command.id for command in remapped(keymap(name) or {}) if command.keys}
    assert reached == {command.id for command in COMMANDS if command.keys}


def test_the_plain_keymap_moves_by_arrows_alone_and_vims_knows_whole_pages() -> None:
    plain = {command.id: command.keys for command in remapped(keymap("plain") or {})}
    vim = {command.id: command.keys for command in remapped(keymap("vim") or {})}
    assert (plain["table.down"], plain["table.first"], plain["table.half_down"]) == ("down", "home", "pagedown")
    assert vim["table.half_down"] == "pagedown,ctrl+d,ctrl+f"
    assert vim["table.down"] == "down,j"


def test_ones_own_keys_go_before_the_keymap_and_what_cannot_be_followed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'theme = "pink"\nkeymap = "plain"\nline = 3\n'
        '[keys]\n"table.down" = "ctrl+j"\n"table.mark" = "home"\n"frame.tuor" = "x"\n"frame.help" = "f2,hyper+q"\n'
    )
    found = read_preferences(file)
    assert (found.theme, found.keys["table.down"], found.keys["table.up"]) == ("dark", "ctrl+j", "up")
    said = "\n".join(found.complaints)
    assert len(found.complaints) == 5
    assert "theme is 'pink'; there are dark, light, contrast" in said
    assert "line is '3'" in said
    assert "'frame.tuor', which is no command" in said
    assert "'hyper+q', which no terminal sends" in said
    assert "'home' stands for table.mark and table.first" in said


@pytest.mark.parametrize("key", ["f2", "ctrl+j", "question_mark", "?", "H", "ctrl+shift+left", "full_stop", "space"])
def test_keys_that_terminals_send_are_taken(tmp_path: Path, key: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[keys]\n"frame.tour" = "{key}"\n')
    assert not [said for said in read_preferences(file).complaints if "no terminal" in said]


async def test_with_the_plain_keymap_letters_move_nothing_and_help_tells_so(
    open_app: Callable[..., CupolaApp], see: See, screen_text: Callable[[CupolaApp], str]
) -> None:
    app = open_app(preferences=Preferences(keymap("plain") or {}))
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "cora-distil")
        table = app.screen.query(Table).first()
        before = table.key
        await pilot.press("j", "G")
        assert table.key == before
        await pilot.press("down")
        assert table.key != before
        await pilot.press("?")
        await see(pilot, "Next row")
        row = next(row for row in screen_text(app).splitlines() if "Next row" in row)
        assert "↓" in row and " j " not in row
