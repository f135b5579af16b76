"""Writes the files of this folder again: `python -m cupola_data.zava.facts`."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from ...job_files import write_json, write_reinforcement_job, write_rows
from . import grading
from .notes import PROMPT, Note, note

SEED = 2027
SPLITS = {"train": 200, "valid": 60, "test": 100}
_TYPES = {
    "product": ["string", "null"],
    "quantity": ["integer", "null"],
    "unit_price_cents": ["integer", "null"],
    "delivery_date": ["string", "null"],
    "contact": ["string", "null"],
}
RESPONSE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "order_facts",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {name: {"type": kind} for name, kind in _TYPES.items()},
            "required": list(_TYPES),
            "additionalProperties": False,
        },
    },
}
LIKENESS = {
    "type": "text_similarity",
    "name": "likeness",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference}}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.95,
}


def notes(count: int, seed: int) -> list[Note]:
    """Draw notes, no two with the same text."""
    rng = random.Random(seed)
    found: dict[str, Note] = {}
    while len(found) < count:
        drawn = note(rng)
        found.setdefault(drawn.text, drawn)
    return list(found.values())


def row(drawn: Note) -> dict[str, Any]:
    """A reinforcement row; what graders read are texts, `null` for what the note does not say."""
    facts = {name: getattr(drawn, name) for name in _TYPES}
    told = ", ".join(f'"{name}": {_json(value)}' for name, value in facts.items())
    return {
        "messages": [{"role": "developer", "content": PROMPT}, {"role": "user", "content": drawn.text}],
        **{name: "null" if value is None else str(value) for name, value in facts.items()},
        "reference": f"{{{told}}}",
    }


def write(folder: Path) -> None:
    """Write the three splits, the graders, the response format and the job."""
    drawn = iter(notes(sum(SPLITS.values()), SEED))
    for split, count in SPLITS.items():
        write_rows(folder / f"{split}.jsonl", [row(next(drawn)) for _ in range(count)])
    source = Path(grading.__file__).read_text(encoding="utf-8")
    definition = {"name": "facts", "type": "python", "source": source, "pass_threshold": 1.0}
    settings: dict[str, float | str] = {"n_epochs": 2, "batch_size": 8, "eval_interval": 5, "eval_samples": 1}
    write_reinforcement_job(folder, "zava-facts", definition, RESPONSE_FORMAT, settings)
    write_json(folder / "likeness.json", LIKENESS)


def _json(value: str | int | None) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    write(Path(__file__).parent)
