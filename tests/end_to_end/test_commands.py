"""The command line as scripts and clumsy hands use it: plain words, exit codes, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.end_to_end.conftest import environment


def shell(home: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell in which `cupola` is the command."""
    line = f'cupola() {{ "{sys.executable}" -m cupola_tui "$@"; }}; {command}'
    known = {**environment(home), "CUPOLA_HOME": str(home / "house")}
    return subprocess.run(
        ["bash", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=known,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("cupola wat", 2, "invalid choice: 'wat'"),
        ("cupola job list", 2, "To look around without one: `cupola demo`"),
        ("cupola -p nowhere job list", 2, "There is no profile 'nowhere'"),
        ("AZURE_OPENAI_ENDPOINT=https://x.openai.azure.com cupola job list", 4, "Set AZURE_OPENAI_API_KEY"),
        ("AZURE_OPENAI_ENDPOINT=http://127.0.0.1:9 AZURE_OPENAI_API_KEY=k cupola job list", 3, "cannot be reached"),
        ("cupola --offline job list --query '[['", 2, "is not a JMESPath expression"),
        ("cupola --offline job show nothing", 2, "No job is known as 'nothing'"),
        ("cupola emulator --port 99999", 2, "There is no port 99999"),
        ("cupola emulator --speed nan", 2, "The speed must be a number above 0"),
        ("cupola emulator --host 0.0.0.0", 2, "serves this machine only"),
        ("cupola demo --speed 0", 2, "The speed must be a number above 0"),
        ("cupola demo --stop", 0, "The demo was not running"),
        ("cupola demo --forget", 0, "Forgot the demo"),
        ("cupola worker start", 2, "has no endpoint"),
        ("cupola profile list > /dev/full", 1, "No space left on device"),
        ("CUPOLA_HOME=/dev/null/house cupola --offline job list", 2, "config.toml cannot be read"),
        ("CUPOLA_HOME=/proc/none cupola --offline job list", 1, "No such file or directory: /proc/none"),
    ],
)
def test_what_goes_wrong_is_said_in_plain_words_on_the_error_stream(
    tmp_path: Path, command: str, code: int, words: str
) -> None:
    done = shell(tmp_path, command)
    assert words in done.stderr, done.stderr
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["profile list -o jsonl | head -1", "job --help | true", "profile list >&-"])
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, command: str) -> None:
    done = shell(tmp_path, f"set -o pipefail; cupola {command}")
    assert (done.returncode, done.stderr) == (0, "")
