from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from cupola.cli.context import Look
from cupola.settings import Profile

from .conftest import Shell


@pytest.fixture
def looks(shell: Shell) -> list[Look]:
    """What was drawn, by a screen that draws two lines."""
    found: list[Look] = []

    def draw(profile: Profile, environment: Mapping[str, str], look: Look) -> Sequence[str]:
        found.append(look)
        return [profile.name, look.pane]

    shell.context = replace(shell.context, show_face=draw)
    return found


def test_a_pane_is_printed_as_it_is_drawn(shell: Shell, looks: list[Look]) -> None:
    assert shell.run("show", "activity", "--size", "90x30", "--keys", "down", "enter") == 0, shell.err
    assert shell.out == "default\nactivity\n"
    assert looks == [Look("activity", 90, 30, ("down", "enter"), 20.0)]
    shown = shell.json("show", "jobs", "--readonly")
    assert (shown["pane"], shown["lines"], shown["width"]) == ("jobs", ["default", "jobs"], 120)


@pytest.mark.parametrize("size", ["", "80", "79x40", "80x23", "9999x40", "80xa"])
def test_a_size_that_no_screen_has_is_refused(shell: Shell, looks: list[Look], size: str) -> None:
    assert shell.run("show", "jobs", "--size", size) == 2
    assert looks == []


def test_without_a_screen_it_is_said(shell: Shell) -> None:
    assert shell.run("show", "jobs") == 2
    assert "not installed" in shell.err
