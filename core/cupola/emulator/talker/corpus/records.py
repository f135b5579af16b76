"""Short exact tasks: one-word labels, JSON extraction, tool calls, repeating."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from cupola.emulator.talker.transcript import call_text

from .words import draw, fill

Turn = dict[str, Any]

_SENTIMENTS: Final = (("positive", "good"), ("negative", "bad"), ("neutral", "plain"))
_COMPLAINTS: Final = (
    (
        "billing",
        ("I was charged twice for my {item}.", "The invoice for the {item} is wrong.", "Why did I pay ${2..99} more?"),
    ),
    (
        "delivery",
        ("My {item} never arrived.", "The parcel is {2..9} days late.", "The driver left my {item} in {city}."),
    ),
    (
        "technical",
        ("My {item} does not switch on.", "The {item} shows error {10..99}.", "The app crashes when I log in."),
    ),
    ("praise", ("I love my new {item}!", "{first} at the desk was so kind.", "What a great {item}!")),
)


def label_dialogue(rng: Random) -> list[Turn]:
    """One word that names the sentiment or the matter of a message."""
    if rng.random() < 0.5:
        label, kind = rng.choice(_SENTIMENTS)
        text = fill(rng, "The {item} {is|was} " + draw(rng, kind) + "{.|, I bought it in {city}.|, says {first}.}")
        order = fill(
            rng, "{Classify the sentiment|Label the review|What is the sentiment}: positive, negative or neutral."
        )
    else:
        label, templates = rng.choice(_COMPLAINTS)
        text = fill(rng, rng.choice(templates))
        order = fill(
            rng, "{Classify the message|Label the message|Route the message}: billing, delivery, technical or praise."
        )
    return _ordered(rng, order, text, label)


def extraction_dialogue(rng: Random) -> list[Turn]:
    """A JSON object of what a sentence names."""
    values = {
        "name": f"{draw(rng, 'first')} {draw(rng, 'last')}",
        "city": draw(rng, "city"),
        "item": draw(rng, "item"),
        "quantity": str(rng.randint(2, 99)),
    }
    text = fill(
        rng,
        rng.choice(
            (
                "{name} from {city} {ordered|bought|wants} {quantity} {item}s.",
                "Please send {quantity} {item}s to {name} in {city}.",
                "I am {name}, I live in {city} and need {quantity} {item}s.",
            )
        ),
        **values,
    )
    keys = rng.sample(sorted(values), rng.randint(1, 3))
    found = {key: int(values[key]) if key == "quantity" else values[key] for key in keys}
    order = fill(rng, "{Extract|Return|Give me} " + ", ".join(keys) + " as JSON.")
    return _ordered(rng, order, text, json.dumps(found))


def tool_dialogue(rng: Random) -> list[Turn]:
    """A call of the fitting tool; sometimes its result follows and is told."""
    number, city = str(rng.randint(1000, 99999)), draw(rng, "city")
    tools = [
        (
            "get_order",
            "order_id",
            number,
            "{Where is|What about|Check} order {number}{?|, please.}",
            "{shipped|packed|delayed|lost}",
        ),
        (
            "get_weather",
            "city",
            city,
            "{How is|What is} the weather in {city}?",
            "{sunny|rain|snow|windy}, {2..30} degrees",
        ),
        ("find_store", "city", city, "Is there a {shop|store} in {city}?", "{2..99} {street} Street"),
        ("cancel_order", "order_id", number, "{Please cancel|Cancel|Stop} order {number}.", "cancelled"),
    ]
    offered = rng.sample(tools, rng.randint(2, len(tools)))
    name, key, value, ask, result = rng.choice(offered)
    listed = ", ".join(f"{tool[0]}({tool[1]})" for tool in offered)
    turns: list[Turn] = [
        {"role": "system", "content": f"Tools: {listed}"},
        {"role": "user", "content": fill(rng, ask, number=number, city=city)},
        {"role": "assistant", "content": call_text(name, json.dumps({key: value}))},
    ]
    if rng.random() < 0.5:
        told = fill(rng, result)
        turns += [{"role": "tool", "content": told}, {"role": "assistant", "content": f"The answer is: {told}."}]
    return turns


def repeat_dialogue(rng: Random) -> list[Turn]:
    """Words and numbers to be said again: practice for the copy head."""
    kinds = ("noun", "item", "first", "city", "street", "start")
    parts = [
        draw(rng, rng.choice(kinds)) if rng.random() < 0.7 else str(rng.randint(1, 9999))
        for _ in range(rng.randint(2, 9))
    ]
    text = " ".join(parts)
    order = rng.choice(("Repeat: ", "Say this again: ", "Copy the text: ", "Repeat after me: "))
    return [{"role": "user", "content": order + text}, {"role": "assistant", "content": text}]


def _ordered(rng: Random, order: str, text: str, answer: str) -> list[Turn]:
    reply = {"role": "assistant", "content": answer}
    if rng.random() < 0.6:
        return [{"role": "system", "content": order}, {"role": "user", "content": text}, reply]
    return [{"role": "user", "content": f"{order}\n{text}"}, reply]
