"""The sample files: every product in every colour as a picture, and conversations that show it."""

from __future__ import annotations

import base64
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from .drawing import draw
from .png import encode

DIRECTORY: Final = Path(__file__).parent
_ROLE: Final = "You name Zava's products from their photos: colour, product and article number."
_QUESTIONS: Final = (
    "What is in this photo?",
    "Which product is this, please?",
    "A customer sent this picture. What is it?",
    "Name the product and its article number.",
)
_SPLITS: Final = ("train", "valid", "train", "test")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Photo:
    """One product in one colour."""

    name: str
    colour: str
    article: str
    png: bytes

    @property
    def file(self) -> str:
        """The picture's file name."""
        return f"{self.colour}-{self.name.replace(' ', '-')}.png"

    @property
    def url(self) -> str:
        """The picture as a data URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    @property
    def told(self) -> str:
        """What it shows, as an answer."""
        return f"This is the {self.colour} {self.name}, article {self.article}."


def write_samples(directory: Path) -> None:
    """Draw `pictures/*.png`; write `train.jsonl`, `valid.jsonl` (chat rows) and `test.jsonl` (questions)."""
    pictures = directory / "pictures"
    pictures.mkdir(exist_ok=True)
    for photo in photos():
        (pictures / photo.file).write_bytes(photo.png)
    rows = list(conversations())
    _write(directory / "train.jsonl", [row for split, row in rows if split == "train"])
    _write(directory / "valid.jsonl", [row for split, row in rows if split == "valid"])
    _write(directory / "test.jsonl", [_item(row) for split, row in rows if split == "test"])


@cache
def photos() -> tuple[Photo, ...]:
    """Every product in every colour."""
    table = tomllib.loads((DIRECTORY / "products.toml").read_text(encoding="utf-8"))
    found = []
    for product in table["product"]:
        for number, (colour, own) in enumerate(table["colours"].items(), start=1):
            picture = encode(draw(product["shapes"], {**table["paints"], "own": own}))
            found.append(Photo(product["name"], colour, f"{product['article']}-{number}", picture))
    return tuple(found)


def conversations() -> Iterator[tuple[str, Row]]:
    """Each photo with each question, and the split it belongs to.

    No photo stands in two splits; each product and each colour is trained on, so that a model that sees can put the
    article numbers of the others together.
    """
    colours = len({photo.colour for photo in photos()})
    for place, photo in enumerate(photos()):
        split = _SPLITS[(place + place // colours) % len(_SPLITS)]
        for question in _QUESTIONS:
            parts = [
                {"type": "text", "text": question},
                {"type": "image_url", "image_url": {"url": photo.url, "detail": "low"}},
            ]
            messages = [
                {"role": "system", "content": _ROLE},
                {"role": "user", "content": parts},
                {"role": "assistant", "content": photo.told},
            ]
            yield split, {"messages": messages}


def _item(row: Row) -> Row:
    answer: str = row["messages"][-1]["content"]
    article = answer.rstrip(".").rsplit(" ", 1)[-1]
    return {"item": {"messages": row["messages"][:-1], "reference": answer, "facts": [article]}}


def _write(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
