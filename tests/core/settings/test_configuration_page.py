"""The page that tells of the configuration names every setting that is read, and none that is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cupola.money.prices import METERS
from cupola.settings.profile import CREDENTIALS, SETTINGS, checked
from cupola.worker.telling import KEYS, WEBHOOK_NAME

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

READ = {
    "At the top of the file": {
        *("default", "theme", "keymap", "line", "keys"),
        *("defaults", "profiles", "notify", "prices"),
    },
    "A profile": set(SETTINGS),
    "Being told": set(KEYS),
    "Prices of your own": {"model", "tier", "date", *METERS},
}


def keys_of(chapter: str) -> list[str]:
    """The first column of the table in a chapter."""
    text = next(part for part in PAGE.split("\n## ") if part.startswith(chapter))
    return re.findall(r"^\| `([A-Za-z_]+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize("chapter", sorted(READ))
def test_the_page_names_every_key_that_is_read_and_no_other(chapter: str) -> None:
    told = keys_of(chapter)
    assert set(told) == READ[chapter]
    assert len(told) == len(set(told))


def test_every_variable_that_is_read_is_told() -> None:
    code = [file for room in ("core", "tui") for file in (ROOT / room).rglob("*.py")]
    read = {name for file in code for name in re.findall(r"\bCUPOLA_[A-Z_]+", file.read_text(encoding="utf-8"))}
    assert WEBHOOK_NAME in read
    assert set(keys_of("The environment")) == read


def test_every_credential_is_named_and_the_example_can_be_read() -> None:
    assert [name for name in CREDENTIALS if f"`{name}`" not in PAGE] == []
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    document = tomllib.loads(example[1])
    checked(document["defaults"], "defaults")
    for name, table in document["profiles"].items():
        checked(table, name)
    assert set(document) <= READ["At the top of the file"]
