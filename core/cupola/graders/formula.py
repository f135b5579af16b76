"""The formula language of multi graders: five operators, eight functions, the parts' keys."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Collection, Mapping

_MAX_LENGTH = 4096
_MAX_DEPTH = 100
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: math.pow,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
}
_ANY_NUMBER_OF_ARGUMENTS = frozenset({"min", "max"})
_FOREIGN = re.compile(r"\*\*|//|[^\w\s.+\-*/^(),]")


class FormulaError(ValueError):
    """A formula that does not follow the language, or that has no finite value."""


def parse_formula(formula: str, names: Collection[str]) -> ast.expr:
    """Parse a formula over `names`. `^` is power and binds to the right, as in Python.

    Raises:
        FormulaError: It is too long or too deep, or uses anything but numbers, `names`,
            `+ - * / ^`, parentheses and `min max abs floor ceil exp sqrt log`.
    """
    if len(formula) > _MAX_LENGTH:
        raise FormulaError(f"The formula is longer than {_MAX_LENGTH} characters.")
    foreign = _FOREIGN.search(formula)
    if foreign:
        raise FormulaError(f"{foreign.group()!r} is not part of the formula language.")
    try:
        tree = ast.parse(" ".join(formula.split()).replace("^", "**"), mode="eval").body
        _check(tree, frozenset(names), 0)
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        if isinstance(error, FormulaError):
            raise
        raise FormulaError("The formula cannot be read: check its parentheses and operators.") from error
    return tree


def evaluate(tree: ast.expr, values: Mapping[str, float]) -> float:
    """Return the value of a parsed formula.

    Raises:
        FormulaError: The value is not a finite number, such as after a division by zero.
    """
    try:
        value = float(_value(tree, values))
    except (ArithmeticError, ValueError) as error:
        raise FormulaError(f"The formula has no value for these rewards: {error}.") from error
    if not math.isfinite(value):
        raise FormulaError("The formula's value is not finite for these rewards.")
    return value


def _check(node: ast.expr, names: frozenset[str], depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise FormulaError("The formula is nested too deeply.")
    match node:
        case ast.Constant(value=bool()):
            raise FormulaError("True and False are not part of the formula language.")
        case ast.Constant(value=int() | float() as number):
            if abs(number) > 1e308:
                raise FormulaError("A number in the formula is too large.")
        case ast.Name(id=name):
            if name not in names:
                raise FormulaError(f"{name!r} is no grader of this formula; it knows {', '.join(sorted(names))}.")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand, names, depth + 1)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            _check(left, names, depth + 1)
            _check(right, names, depth + 1)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in _FUNCTIONS:
            least, most = (2, None) if function in _ANY_NUMBER_OF_ARGUMENTS else (1, 1)
            if len(arguments) < least or (most is not None and len(arguments) > most):
                raise FormulaError(f"{function} takes {'two or more arguments' if most is None else 'one argument'}.")
            for argument in arguments:
                _check(argument, names, depth + 1)
        case _:
            raise FormulaError("The formula uses something that is not part of the formula language.")


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, values)
        case ast.UnaryOp(operand=operand):
            return _value(operand, values)
        case ast.BinOp(left=left, op=operator, right=right):
            return _BINARY[type(operator)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _FUNCTIONS[function](*(_value(argument, values) for argument in arguments))
    raise FormulaError("The formula was not checked.")
