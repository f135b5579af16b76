"""Judge an answer to a number puzzle by what its expression comes to."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from fractions import Fraction

_LONGEST = 200
_EXPRESSION = re.compile(r"[-+*/() 0-9]{3,200}")
_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}


def _value(node: ast.AST, used: list[int]) -> Fraction:
    match node:
        case ast.Constant(value=int() as number):
            used.append(number)
            return Fraction(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(left, used), _value(right, used))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, used)
    raise ValueError("not plain arithmetic")


def evaluate(expression: str) -> tuple[Fraction, list[int]]:
    """The value of an arithmetic expression and the numbers it uses. Raises ValueError when it is none."""
    if len(expression) > _LONGEST:
        raise ValueError("too long")
    used: list[int] = []
    try:
        value = _value(ast.parse(expression.strip(), mode="eval").body, used)
    except (SyntaxError, ZeroDivisionError, RecursionError, MemoryError) as error:
        raise ValueError("not an expression") from error
    return value, used


def _expression(answer: str) -> str:
    try:
        fields = json.loads(answer)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict) and isinstance(fields.get("expression"), str):
        return str(fields["expression"])
    candidates = [text for text in _EXPRESSION.findall(answer) if any(sign in text for sign in "+-*/")]
    return max(candidates, key=len, default="")


def puzzle_quality(target: str, numbers: str, answer: str) -> float | None:
    """How good an expression is, from 0 to 1; None when the prompt poses no puzzle.

    1 on the target, 0.8 within 1 of it, 0.6 within 5, 0.4 for another expression of all the numbers, 0 otherwise.
    """
    wanted, given = re.search(r"-?\d+", target), sorted(int(text) for text in re.findall(r"\d+", numbers)[:20])
    if wanted is None or not given:
        return None
    try:
        value, used = evaluate(_expression(answer))
    except ValueError:
        return 0.0
    if sorted(used) != given:
        return 0.0
    distance = abs(value - int(wanted[0]))
    return 1.0 if distance == 0 else 0.8 if distance <= 1 else 0.6 if distance <= 5 else 0.4
