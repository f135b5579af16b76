"""What is imported for what: the screen needs no service, a noun needs no screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cupola_tui.launch import _is_command, main
from cupola_tui.preferences import read_preferences

HEAVY = ("openai", "azure", "pandas", "scipy", "tiktoken", "httpx2", "keyring")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], False),
        (["--profile", "job"], False),
        (["-p", "x", "--theme", "light"], False),
        (["job", "list"], True),
        (["--profile", "x", "job", "list"], True),
        (["--help"], True),
        (["--version"], True),
    ],
)
def test_a_noun_or_a_question_goes_to_the_command_line(words: list[str], command: bool) -> None:
    assert _is_command(words) is command


def _imported(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_deciding_imports_nothing_heavy() -> None:
    assert not _imported("import cupola_tui.launch") & {*HEAVY, "textual", "rich", "numpy", "plotext"}


def test_the_screen_before_its_first_paint_imports_no_service_and_no_numbers() -> None:
    code = "import cupola_tui.app, cupola_tui.panes.jobs.pane, cupola_tui.terminal"
    assert not _imported(code) & {*HEAVY, "numpy", "plotext"}


def test_an_unknown_profile_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUPOLA_HOME", str(tmp_path))
    assert main(["--profile", "nowhere"]) == 2
    assert "There is no profile 'nowhere'" in capsys.readouterr().err


def test_keys_and_theme_come_from_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert read_preferences(file).theme == "dark"
    file.write_text('theme = "light"\n[keys]\n"frame.help" = "f2"\n')
    found = read_preferences(file)
    assert (found.theme, dict(found.keys), found.complaints) == ("light", {"frame.help": "f2"}, ())
    assert read_preferences(file, "contrast").theme == "contrast"
