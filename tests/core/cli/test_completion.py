from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cupola.cli.parsing import NOUNS
from cupola.cli.reference import reference

from .conftest import Shell


def completed(shell: Shell, tmp_path: Path, *words: str) -> list[str]:
    assert shell.run("completion", "bash") == 0
    script = tmp_path / "completion.bash"
    script.write_text(shell.out)
    typed = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}"
    asked = f'source {script}; {typed}; _shtab_cupola; echo "${{COMPREPLY[@]}}"'
    told = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, timeout=30)
    return told.stdout.split()


def test_bash_completes_nouns_verbs_and_flags(shell: Shell, tmp_path: Path) -> None:
    assert completed(shell, tmp_path, "cupola", "jo") == ["job"]
    assert completed(shell, tmp_path, "cupola", "bench", "ga") == ["gate"]
    assert "--candidate" in completed(shell, tmp_path, "cupola", "bench", "gate", "--cand")


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_other_shells_are_told_of_every_noun(shell: Shell, name: str) -> None:
    assert shell.run("completion", name) == 0
    assert all(noun in shell.out for noun in NOUNS)


def test_the_reference_names_every_noun_and_every_common_flag() -> None:
    text = reference()
    assert all(f"## cupola {noun}\n" in text for noun in NOUNS)
    for flag in ("--offline", "--query", "--profile"):
        assert text.count(f"{flag}") == 1, "common flags are told once"
