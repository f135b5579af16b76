"""Drawing words, numbers and alternatives into templates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final, TypeVar

T = TypeVar("T")

_INNERMOST: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"(\d+)\.\.(\d+)")


@cache
def table(name: str) -> Mapping[str, Any]:
    """One of the corpus's own tables."""
    text = resources.files("cupola_data").joinpath("weights", "corpus", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def draw(rng: Random, kind: str) -> str:
    """One word of a kind in the table of words."""
    words: list[str] = table("words")[kind]
    return rng.choice(words)


def brand(rng: Random) -> str:
    """An invented name of a business."""
    return draw(rng, "start") + draw(rng, "finish")


def fill(rng: Random, template: str, **given: str) -> str:
    """Replace `{2..30}` by a number, `{a|b}` by one of its sides, `{word}` by what is given or drawn."""

    def one(match: re.Match[str]) -> str:
        body: str = match.group(1)
        if body in given:
            return given[body]
        if span := _RANGE.fullmatch(body):
            return str(rng.randint(int(span[1]), int(span[2])))
        if "|" in body:
            return rng.choice(body.split("|"))
        return draw(rng, body)

    while _INNERMOST.search(template):
        template = _INNERMOST.sub(one, template)
    return " ".join(template.split(" ")).replace("  ", " ").replace(" ?", "?").replace(" .", ".").strip()


def weighted(rng: Random, options: Sequence[tuple[T, float]]) -> T:
    """One option, as likely as its weight."""
    return rng.choices([option for option, _ in options], [weight for _, weight in options])[0]
