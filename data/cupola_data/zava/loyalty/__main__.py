"""Writes the files of this folder again: `python -m cupola_data.zava.loyalty`."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from ...job_files import write_json, write_reinforcement_job, write_rows
from . import grading
from .rules import PROMPT, TIERS, Basket, discount

SEED = 2026
SPLITS = {"train": 200, "valid": 60, "test": 100}
RESPONSE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "loyalty_discount",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"discount": {"type": "string"}, "rules": {"type": "array", "items": {"type": "integer"}}},
            "required": ["discount", "rules"],
            "additionalProperties": False,
        },
    },
}
EXACT = {
    "type": "string_check",
    "name": "exact amount",
    "input": "{{sample.output_json.discount}}",
    "reference": "{{item.discount}}",
    "operation": "eq",
}
_ORDERS = (
    "{who} buys {what}.",
    "At the till: {what}. The customer: {who}.",
    "{who}; in the basket: {what}.",
)


def baskets(count: int, seed: int) -> list[Basket]:
    """Draw baskets, no two alike; each kind of rule comes up often."""
    rng = random.Random(seed)
    found: dict[Basket, None] = {}
    while len(found) < count:
        found[_basket(rng)] = None
    return list(found)


def row(basket: Basket, wording: int) -> dict[str, Any]:
    """A reinforcement row; what graders read are texts."""
    cents, used = discount(basket)
    who = f"{basket.tier} member" + (", birthday month" if basket.birthday else "")
    parts = [(basket.regular, "of regular goods"), (basket.sale, "of sale goods"), (basket.gift_cards, "of gift cards")]
    what = ", ".join(f"${cents / 100:.2f} {kind}" for cents, kind in parts if cents)
    asked = _ORDERS[wording % len(_ORDERS)].format(who=f"{who}, trade account" if basket.trade else who, what=what)
    return {
        "messages": [
            {"role": "developer", "content": PROMPT},
            {"role": "user", "content": asked[:1].upper() + asked[1:]},
        ],
        "discount": f"{cents / 100:.2f}",
        "rules": ",".join(map(str, used)) or "0",
    }


def write(folder: Path) -> None:
    """Write the three splits, the graders, the response format and the job."""
    drawn = iter(enumerate(baskets(sum(SPLITS.values()), SEED)))
    for split, count in SPLITS.items():
        write_rows(folder / f"{split}.jsonl", [row(basket, n) for n, basket in (next(drawn) for _ in range(count))])
    source = Path(grading.__file__).read_text(encoding="utf-8")
    definition = {"name": "loyalty", "type": "python", "source": source, "pass_threshold": 1.0}
    settings: dict[str, float | str] = {"n_epochs": 2, "batch_size": 8, "eval_interval": 5, "eval_samples": 1}
    write_reinforcement_job(folder, "zava-loyalty", definition, RESPONSE_FORMAT, settings)
    write_json(folder / "exact.json", EXACT)


def _basket(rng: random.Random) -> Basket:
    regular = rng.choice((0, rng.randint(500, 9_999), rng.randint(10_000, 30_000), rng.randint(19_800, 20_200)))
    sale = rng.choice((0, 0, rng.randint(300, 12_000)))
    if not regular and not sale:
        regular = rng.randint(500, 60_000)
    gift_cards = rng.choice((0, 0, 0, 2_500, 5_000))
    return Basket(rng.choice(list(TIERS)), regular, sale, gift_cards, rng.random() < 0.3, rng.random() < 0.15)


if __name__ == "__main__":
    write(Path(__file__).parent)
