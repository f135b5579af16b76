"""What is imported when: a static graph cannot tell a deferred import from an eager one, a subprocess can."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "openai", "httpx2", "pandas", "azure", "tiktoken", "nltk", "scipy", "pydantic_monty", "keyring", "numpy",
    "pydantic", "starlette", "uvicorn", "yaml", "jmespath",
}  # fmt: skip
SCREEN = {"textual", "rich", "plotext"}


def imported_by(code: str) -> set[str]:
    """The top-level names in `sys.modules` after running `code`."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.__stdout__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in done.stdout.splitlines()}


@pytest.mark.parametrize(
    "words", [["--help"], ["job", "--help"], ["worker", "--help"], ["demo", "--help"], ["worker", "status"]]
)
def test_the_command_line_starts_without_anything_heavy(words: list[str], tmp_path: object) -> None:
    code = f"import os; os.environ['CUPOLA_HOME'] = {str(tmp_path)!r}\nfrom cupola.cli import main; main({words!r})"
    assert not imported_by(code) & (HEAVY | SCREEN)


def test_reading_the_store_needs_no_client(tmp_path: object) -> None:
    code = f"import os; os.environ['CUPOLA_HOME'] = {str(tmp_path)!r}\n"
    code += "from cupola.cli import main; main(['job', 'list', '--offline'])"
    assert not imported_by(code) & (HEAVY | SCREEN)


def test_starting_and_stopping_a_worker_needs_no_client() -> None:
    assert not imported_by("import cupola.worker.process, cupola.worker.__main__") & (HEAVY | SCREEN)


def test_the_client_of_the_service_imports_the_sdk_only_when_it_connects() -> None:
    code = "import cupola.azure.jobs, cupola.azure.files, cupola.azure.models, cupola.worker.loop"
    assert not imported_by(code) & ({"openai", "azure", "keyring", "pandas"} | SCREEN)


@pytest.mark.parametrize("module", ["cupola.worker.run", "cupola.emulator.serve", "cupola.cli.nouns.demo"])
def test_nothing_of_the_core_knows_a_screen(module: str) -> None:
    assert not imported_by(f"import {module}") & (SCREEN | {"cupola_tui"})


def test_the_emulator_knows_nothing_of_its_clients() -> None:
    code = "import cupola.emulator.serve; sys.modules = {n: 0 for n in sys.modules if n.startswith('cupola.')}\n"
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    rooms = {name.split(".")[1] for name in done.stdout.split()}
    assert not rooms & {"azure", "worker", "cli", "store", "models", "settings", "paths", "errors"}
