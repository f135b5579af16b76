"""A definition as TOML in the person's own editor, and back."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from textual.app import App

from cupola.benchmarks.definition import Benchmark, to_json
from cupola.benchmarks.files import Defined, read_benchmark, to_toml
from cupola.errors import CupolaError, UsageError

_ITEMS = "items.jsonl"


class NotTakenError(CupolaError):
    """What came back from the editor is no definition that can be run."""

    def __init__(self, error: CupolaError, text: str) -> None:
        problem = error.problem
        super().__init__(problem.what, problem.why, problem.remedy)
        self.text = text


def edited(app: App[str], benchmark: Benchmark, rows: Sequence[str], text: str | None) -> Defined | None:
    """What the person made of a definition; None if it is as it was.

    Args:
        app: Steps aside while the editor has the terminal.
        benchmark: The definition.
        rows: Its items, which lie beside the TOML as a file.
        text: What was written before and could not be taken.

    Raises:
        NotTakenError: what came back cannot be run.
        UsageError: no editor is set or it cannot be started.
    """
    command = editor_command(os.environ)
    with tempfile.TemporaryDirectory(prefix="cupola-") as folder:
        path = Path(folder) / f"{file_stem(benchmark.name)}.toml"
        path.with_name(_ITEMS).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        path.write_text(text or to_toml(benchmark, _ITEMS), encoding="utf-8")
        _run(app, [*command, str(path)])
        try:
            found = read_benchmark(path)
        except CupolaError as error:
            raise NotTakenError(error, path.read_text("utf-8", errors="replace") if path.exists() else "") from error
    kept = found.benchmark.dataset if found.benchmark.dataset != _ITEMS else benchmark.dataset
    named = Defined(replace(found.benchmark, dataset=kept), found.rows)
    return None if to_json(named.benchmark) == to_json(benchmark) else named


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """The words of $VISUAL, else of $EDITOR.

    Raises:
        UsageError: neither is set, or cannot be split into words.
    """
    said = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        words = shlex.split(said)
    except ValueError as error:
        raise UsageError(f"The editor {said!r} cannot be read as a command.", str(error)) from error
    if not words:
        raise UsageError("No editor is set.", remedy="Set VISUAL or EDITOR, such as EDITOR=nano, and start again.")
    return words


def file_stem(name: str) -> str:
    """A benchmark's name as a file's: letters, digits, dots and dashes."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return kept.strip(".") or "benchmark"


def _run(app: App[str], command: Sequence[str]) -> None:
    try:
        with _aside(app):
            done = subprocess.run(command, check=False)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started.", error.strerror or "", "Set EDITOR to what is.") from error
    if done.returncode:
        raise UsageError(f"{command[0]} ended with {done.returncode}.", remedy="Nothing was taken from it.")


@contextmanager
def _aside(app: App[str]) -> Iterator[None]:
    """The terminal left to another program; a screen without a terminal is in nobody's way."""
    if app.is_headless:
        yield
    else:
        with app.suspend():
            yield
