"""Ready job files in the keys that `azd ai finetuning` takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_reinforcement_job(
    folder: Path,
    suffix: str,
    grader: Mapping[str, Any],
    response_format: Mapping[str, Any],
    settings: Mapping[str, float | str],
) -> None:
    """Write `job.yaml`, `grader.json` and `response_format.json`; the job trains on the files beside it."""
    import yaml

    document = {
        "model": "o4-mini",
        "training_file": "local:./train.jsonl",
        "validation_file": "local:./valid.jsonl",
        "suffix": suffix,
        "seed": 42,
        "method": {
            "type": "reinforcement",
            "reinforcement": {
                "hyperparameters": dict(settings),
                "grader": dict(grader),
                "response_format": dict(response_format),
            },
        },
    }
    text = yaml.dump(document, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110)
    (folder / "job.yaml").write_text(text, encoding="utf-8")
    write_json(folder / "grader.json", grader)
    write_json(folder / "response_format.json", response_format)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object as indented JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _dumper() -> type[Any]:
    """A YAML writer that keeps the lines of a grader's source."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as blocks."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper
