"""Order notes as people at the counter write them: abbreviated, corrected, in three kinds of dates."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

PROMPT = """You take the facts out of order notes written in a hurry at Zava, a do-it-yourself store. Answer with \
JSON: product (the plain name, singular, lower case), quantity (a whole number), unit_price_cents (a whole number), \
delivery_date (YYYY-MM-DD; the year is 2026), contact (the first name, lower case). A correction replaces what it \
corrects. What the note does not say is null: never guess."""

PRODUCTS = {
    "cordless drill": ("cordless drill", "cordl. drill", "drill (cordless)", "CORDLESS DRILL"),
    "wall paint": ("wall paint", "wall pnt", "paint for walls", "Wall Paint"),
    "oak board": ("oak board", "oak brd", "board, oak", "Oak board"),
    "garden hose": ("garden hose", "grdn hose", "hose (garden)", "garden HOSE"),
    "door hinge": ("door hinge", "hinge for doors", "door hng", "DOOR HINGE"),
    "sanding disc": ("sanding disc", "sand. disc", "disc for sanding", "Sanding disc"),
    "paint roller": ("paint roller", "pnt roller", "roller f. paint", "PAINT ROLLER"),
    "work light": ("work light", "wrk light", "light for work", "Work Light"),
}
NAMES = ("Amara", "Bjorn", "Chen", "Dolores", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jamal")


@dataclass(frozen=True, slots=True)
class Note:
    """One note and what it says; None is not said."""

    text: str
    product: str
    quantity: int | None
    unit_price_cents: int | None
    delivery_date: str | None
    contact: str | None


def note(rng: random.Random) -> Note:
    """Draw one note."""
    product = rng.choice(list(PRODUCTS))
    quantity = rng.randint(2, 60) if rng.random() < 0.9 else None
    cents = rng.randrange(150, 24_900, 5) if rng.random() < 0.8 else None
    day = dt.date(2026, 1, 5) + dt.timedelta(days=rng.randrange(300)) if rng.random() < 0.75 else None
    contact = rng.choice(NAMES) if rng.random() < 0.7 else None
    parts = [_wanted(rng, PRODUCTS[product], quantity)]
    if cents is not None:
        parts.append(_priced(rng, cents))
    if day is not None:
        parts.append(_due(rng, day))
    if contact is not None:
        parts.append(rng.choice(("ask for {}", "contact {}", "call {} first", "{} signs")).format(contact))
    tail = parts[1:]
    rng.shuffle(tail)
    distraction = rng.choice(("", "", "left gate is broken", "paid the last one late", "see e-mail", "urgent"))
    text = rng.choice(("; ", ", ", " - ", "\u2026 ")).join(filter(None, (parts[0], *tail, distraction)))
    return Note(text, product, quantity, cents, day.isoformat() if day else None, contact and contact.lower())


def _wanted(rng: random.Random, names: tuple[str, ...], quantity: int | None) -> str:
    name = rng.choice(names)
    if quantity is None:
        return rng.choice(("pls send {}", "needs {}, no. to follow", "{} again")).format(name)
    plain = rng.choice(("{n} x {p}", "{n}x {p}", "{p}, {n} pcs", "qty {n} {p}")).format(n=quantity, p=name)
    if rng.random() < 0.25:
        wrong = quantity + rng.choice((-1, 1, 5, 10))
        return rng.choice(("{w} x {p}, no, make that {n}", "{p}: {w} (crossed out) {n}")).format(
            w=wrong, n=quantity, p=name
        )
    return plain


def _priced(rng: random.Random, cents: int) -> str:
    amount = f"{cents / 100:.2f}"
    forms = (f"at ${amount} each", f"@ {amount}", f"unit price {amount.replace('.', ',')}", f"{amount} $/pc")
    return rng.choice(forms)


def _due(rng: random.Random, day: dt.date) -> str:
    form = rng.choice(("{:%d.%m.}", "{:%B} {d}", "{d} {:%b} 2026", "{:%Y-%m-%d}")).format(day, d=day.day)
    return rng.choice(("deliver {}", "by {}", "wanted on {}", "not before {}")).format(form)
