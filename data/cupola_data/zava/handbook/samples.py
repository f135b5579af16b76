"""The file of questions, made from the table that is written by hand."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(__file__).parent


def write_samples(directory: Path) -> None:
    """Write `questions.jsonl`: question, answer, quote, facts and split (train or test), the sections taking turns."""
    table = tomllib.loads((DIRECTORY / "questions.toml").read_text(encoding="utf-8"))
    lines = []
    for split in ("train", "test"):
        for turn in range(max(len(section[split]) for section in table["section"])):
            for section in table["section"]:
                if turn < len(section[split]):
                    row = {name: section[name] for name in ("answer", "quote", "facts")}
                    lines.append(json.dumps({"question": section[split][turn], **row, "split": split}))
    (directory / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
