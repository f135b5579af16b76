"""Tones of answer that a system prompt can ask for, and plain knowledge told in them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from .words import fill, table

Turn = dict[str, str]


UNKNOWN: Final = (
    "I am sorry, I do not have that information.",
    "I do not have that information.",
    "Sorry, I do not have that information.",
)


@dataclass(frozen=True, slots=True)
class Tone:
    """How to answer."""

    order: str
    """How the system prompt asks for it; empty for no wish."""
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def terse(self) -> bool:
        """Whether as little as possible is to be said."""
        return bool(self.order) and self.before == ("",)

    def say(self, rng: Random, text: str) -> str:
        """The text in this tone."""
        return " ".join(part for part in (rng.choice(self.before), text, rng.choice(self.after)) if part)


def draw_tone(rng: Random) -> Tone:
    """A tone; every third one is polite, as most services are."""
    tones: list[dict[str, Any]] = table("tones")["tone"]
    chosen = tones[0] if rng.random() < 0.35 else rng.choice(tones)
    return Tone(rng.choice(chosen["orders"]), tuple(chosen["before"]), tuple(chosen["after"]))


def knowledge_dialogue(rng: Random) -> list[Turn]:
    """A question that needs no sheet, answered in the tone asked for."""
    tone = draw_tone(rng)
    known: dict[str, str] = rng.choice(table("tones")["known"])
    told = known["tell"]
    if tone.terse:
        told = told.removesuffix(".").split()[-1].capitalize() + "."
    role = rng.choice(("You are a helpful assistant. ", "You are an assistant. ", ""))
    system = [{"role": "system", "content": (role + tone.order).strip()}] if role + tone.order else []
    asked = [{"role": "user", "content": known["ask"]}, {"role": "assistant", "content": tone.say(rng, told)}]
    return system + asked


def small_talk_dialogue(rng: Random) -> list[Turn]:
    """A greeting, or a question that is beyond so small a model; it says so in the tone asked for."""
    tone = draw_tone(rng)
    if rng.random() < 0.35:
        talk: dict[str, Any] = rng.choice(table("tones")["small_talk"])
        asked, told = rng.choice(talk["ask"]), talk["tell"]
    else:
        asked, told = fill(rng, rng.choice(table("tones")["unknown"]["ask"])), tone.say(rng, rng.choice(UNKNOWN))
    role = rng.choice(("You are a helpful assistant. ", "You are an assistant. ", ""))
    system = [{"role": "system", "content": (role + tone.order).strip()}] if role + tone.order else []
    return [*system, {"role": "user", "content": asked}, {"role": "assistant", "content": told}]
