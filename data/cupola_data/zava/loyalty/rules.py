"""The rules of Zava's loyalty programme, worked out in cents."""

from __future__ import annotations

from dataclasses import dataclass

TIERS = {"bronze": 0, "silver": 3, "gold": 5, "platinum": 8}
"""Percent off regular goods."""

PROMPT = """You work out the loyalty discount of a basket at Zava, a do-it-yourself store.
1. Regular goods: bronze 0%, silver 3%, gold 5%, platinum 8%.
2. Sale goods: no tier discount, but platinum has 2%.
3. More than $200 of regular goods: 2 points more on regular goods (rule 1), except for bronze.
4. Birthday month and a basket of $50 or more: $10 off, after the percentages.
5. A trade account has 10% off everything instead, and rules 1 to 4 do not apply.
6. Gift cards have no discount and do not count towards any basket.
7. The discount is never more than 12% of the goods, nor more than $60; trade accounts too.
Round to the cent, half a cent up. Answer with JSON: {"discount": "0.00", "rules": [...]}, where rules are the numbers \
of the rules that changed the amount, rising."""


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought, in cents, and by whom."""

    tier: str
    regular: int
    sale: int
    gift_cards: int
    birthday: bool
    trade: bool


def discount(basket: Basket) -> tuple[int, tuple[int, ...]]:
    """The discount in cents, and the numbers of the rules that changed it, rising.

    All shares are kept in hundredths of a cent until the end, so that only one rounding takes place.
    """
    goods = basket.regular + basket.sale
    used: set[int] = set()
    if basket.trade:
        exact = goods * 10
        used.add(5)
    else:
        exact = _by_tier(basket, used)
        if basket.birthday and goods >= 5_000:
            exact += 1_000 * 100
            used.add(4)
    if basket.gift_cards and exact:
        used.add(6)
    most = min(goods * 12, 6_000 * 100)
    if exact > most:
        exact = most
        used.add(7)
    return (exact + 50) // 100, tuple(sorted(used)) if exact else ()


def _by_tier(basket: Basket, used: set[int]) -> int:
    points = TIERS[basket.tier]
    if points and basket.regular:
        used.add(1)
        if basket.regular > 20_000:
            points += 2
            used.add(3)
    exact = basket.regular * points
    if basket.tier == "platinum" and basket.sale:
        exact += basket.sale * 2
        used.add(2)
    return exact
