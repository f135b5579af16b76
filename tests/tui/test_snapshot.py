from __future__ import annotations

from pathlib import Path

from cupola.cli.context import Look
from cupola.paths import default_paths
from cupola.store.database import Database, good_copy, keep_good_copy
from cupola_tui.snapshot import snapshot

from .conftest import PROFILE


def test_a_pane_is_drawn_as_text_once_and_keys_lead_further(store: Database, path: Path, tmp_path: Path) -> None:
    environment = {"CUPOLA_HOME": str(tmp_path / "home")}
    there = default_paths(environment).store(PROFILE.name)
    there.parent.mkdir(parents=True, exist_ok=True)
    keep_good_copy(store)
    good_copy(path).rename(there)

    lines = snapshot(PROFILE, environment, Look("jobs", 100, 30, ("down",)))

    assert len(lines) == 30 and max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "3 Jobs" in text and "cora-distil" in text
    assert "loyalty-rft · reinforcement" in text, "the key has moved to the second job"
    assert "\x1b" not in text
