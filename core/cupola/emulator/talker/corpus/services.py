"""Dialogues with the assistants of invented businesses, whose facts stand in the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from .tones import UNKNOWN, Tone, draw_tone
from .words import brand, draw, fill, table

Turn = dict[str, str]

_MOST_FACTS: Final = 15


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a business's sheet."""

    label: str
    value: str
    ask: tuple[str, ...]
    tell: tuple[str, ...]


def service_dialogue(rng: Random) -> list[Turn]:
    """A customer asks one to three questions; one in ten is about something that the sheet does not say."""
    tone = draw_tone(rng)
    facts = _draw_facts(rng, rng.randint(2, _MOST_FACTS))
    missing = [fact for fact in _draw_facts(rng, 6) if all(_subject(fact) != _subject(own) for own in facts)]
    turns = [{"role": "system", "content": _sheet(rng, tone, facts)}]
    for fact in rng.sample(facts, min(len(facts), rng.choice((1, 2, 3)))):
        if missing and rng.random() < 0.1:
            turns += [_question(rng, missing[0]), _answer(tone.say(rng, rng.choice(UNKNOWN)))]
        else:
            turns += [_question(rng, fact), _answer(_told(rng, tone, fact))]
    return turns


def _sheet(rng: Random, tone: Tone, facts: list[Fact]) -> str:
    who = fill(rng, "You are {first}, the {assistant|customer assistant|helper} of {brand}, {kind}.", brand=brand(rng))
    lines = [f"{fact.label}: {fact.value}" for fact in facts]
    return "\n".join([f"{who} {tone.order}".strip(), *lines])


def _told(rng: Random, tone: Tone, fact: Fact) -> str:
    if tone.terse:
        return fact.value[0].upper() + fact.value[1:] + "."
    label = fact.label[0].lower() + fact.label[1:]
    return tone.say(rng, fill(rng, rng.choice(fact.tell), value=fact.value, label=label, Label=fact.label))


def _question(rng: Random, fact: Fact) -> Turn:
    asked = fill(rng, rng.choice(fact.ask), label=fact.label[0].lower() + fact.label[1:])
    return {"role": "user", "content": wrap(rng, asked)}


def _answer(text: str) -> Turn:
    return {"role": "assistant", "content": text}


def wrap(rng: Random, question: str) -> str:
    """A question as people put it."""
    before = rng.choice(("",) * 6 + ("Hi, ", "Hello! ", "Hi there, ", "Quick question: ", "Good morning. ", "Hey, "))
    after = rng.choice(("",) * 6 + (" Thanks!", " Thank you.", " Please tell me.", " I would like to know."))
    if before.endswith((", ", ": ")) and not question.startswith("I "):
        question = question[0].lower() + question[1:]
    return before + question + after


def _draw_facts(rng: Random, count: int) -> list[Fact]:
    """Facts with different subjects; some are about made-up things, so that looking up is learnt and not the list."""
    topics: list[dict[str, Any]] = table("services")["topic"]
    facts = [_fact(rng, topic) for topic in rng.sample(topics, min(count, len(topics)))]
    return [_made_up(rng) if rng.random() < 0.12 else fact for fact in facts]


def _fact(rng: Random, topic: dict[str, Any]) -> Fact:
    return Fact(rng.choice(topic["labels"]), fill(rng, topic["value"]), tuple(topic["ask"]), tuple(topic["tell"]))


def _made_up(rng: Random) -> Fact:
    label = f"{draw(rng, 'noun').capitalize()} {draw(rng, 'noun')}"
    value = fill(
        rng, rng.choice(("{2..999}", "${2..99}", "{2..99} {days|hours|metres|pieces}", "{noun}", "{first} {last}"))
    )
    ask = ("What is the {label}?", "Tell me the {label}.", "What about the {label}?", "Can you tell me the {label}?")
    return Fact(label, value, ask, ("The {label} is {value}.", "It is {value}."))


def _subject(fact: Fact) -> tuple[str, ...]:
    return fact.ask
