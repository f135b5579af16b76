"""What the documentation tells a person to type is taken by the command line, and its reference is up to date."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cupola.cli.context import Context
from cupola.cli.parsing import parsed
from cupola.cli.reference import reference

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def typed(page: Path) -> Iterator[str]:
    """The `cupola` lines of a page's shell blocks, without prompt, comment and assignments."""
    for block in re.findall(r"^```(?:console|sh)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            if not re.match(r"(\$ )?(\S*/)?cupola \S", line):
                continue
            words = shlex.split(line.removeprefix("$ ").replace("...", ""), comments=True)
            if "|" not in words:
                yield shlex.join(words[1:])


def told(pages: list[Path]) -> list[tuple[str, str]]:
    return [(page.name, line) for page in pages for line in typed(page)]


@pytest.mark.parametrize(("page", "line"), told(PAGES))
def test_a_line_of_the_documentation_is_a_command(page: str, line: str) -> None:
    options = parsed(shlex.split(line), Context())
    assert callable(options.run)


def test_there_are_lines_to_check() -> None:
    assert {"README.md", "guide.md"} <= {page for page, _ in told(PAGES)}


def test_the_reference_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == reference(), "run `make docs`"
