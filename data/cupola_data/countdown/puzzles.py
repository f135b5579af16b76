"""Countdown puzzles: made so that each has a solution, and solved by trying everything."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

INSTRUCTION = (
    "You solve number puzzles. Combine all of the given numbers, each exactly once, with +, -, *, / and parentheses "
    "so that the value is the target. If you find no way to reach it, come as near as you can. Answer with JSON only: "
    '{"expression": "...", "result": "..."}, where result is the value of the expression.'
)


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Numbers to combine, each exactly once, into a target."""

    nums: tuple[int, ...]
    target: int


def random_puzzle(rng: random.Random, count: int = 4, *, lowest: int = 10, highest: int = 100) -> Puzzle:
    """Draw `count` numbers from 1 to 99 and combine them at random until the value is a whole number in range."""
    while True:
        nums = tuple(rng.randint(1, 99) for _ in range(count))
        for _ in range(20):
            value = _combined(rng, [Fraction(number) for number in nums])
            if value is not None and value.denominator == 1 and lowest <= value <= highest:
                return Puzzle(nums, int(value))


def puzzle_row(puzzle: Puzzle) -> dict[str, Any]:
    """Return a puzzle as a row of the service's reinforcement format."""
    nums = str(list(puzzle.nums))
    return {
        "messages": [
            {"role": "developer", "content": INSTRUCTION},
            {"role": "user", "content": f"Target: {puzzle.target}\nNumbers: {nums}"},
        ],
        "target": str(puzzle.target),
        "nums": nums,
    }


def solution(puzzle: Puzzle) -> str | None:
    """Return an expression that reaches the target, or None if there is none."""
    return _search([(Fraction(number), str(number)) for number in puzzle.nums], Fraction(puzzle.target))


def _combined(rng: random.Random, values: list[Fraction]) -> Fraction | None:
    while len(values) > 1:
        rng.shuffle(values)
        first, second = values.pop(), values.pop()
        match rng.choice("+-*/"):
            case "+":
                values.append(first + second)
            case "-":
                values.append(first - second)
            case "*":
                values.append(first * second)
            case _:
                if second == 0 or (first / second).denominator != 1:
                    return None
                values.append(first / second)
    return values[0]


def _search(terms: Sequence[tuple[Fraction, str]], target: Fraction) -> str | None:
    if len(terms) == 1:
        return terms[0][1] if terms[0][0] == target else None
    for i, (first, left) in enumerate(terms):
        for j, (second, right) in enumerate(terms):
            if i == j:
                continue
            rest = [term for k, term in enumerate(terms) if k not in (i, j)]
            results = [(first - second, f"({left} - {right})")]
            if i < j:
                results += [(first + second, f"({left} + {right})"), (first * second, f"({left} * {right})")]
            if second:
                results.append((first / second, f"({left} / {right})"))
            for result in results:
                found = _search([*rest, result], target)
                if found is not None:
                    return found
    return None
