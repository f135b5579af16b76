"""What a grader's Python code looks up in a row, found by reading it and never by running it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator


def looked_up(source: str) -> tuple[str, ...]:
    """The variables that every row must have for `grade(sample, item)` to run, such as `item.reference`, each once.

    Only what is looked up unconditionally counts: `item["reference"]`, but not `item.get("reference")`, nor what the
    code asks for first (`"reference" in item`) or catches the lack of.
    """
    return tuple(dict.fromkeys(_read_by(source)))


def _read_by(source: str) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # A grader that cannot be compiled is told of where graders are checked.
        return
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == "grade" and len(function.args.args) >= 2:
            item = function.args.args[1].arg
            asked = set(_asked_for(function, item))
            yield from (f"item.{'.'.join(keys)}" for keys in _lookups(function, item) if keys[0] not in asked)


def _asked_for(function: ast.FunctionDef, item: str) -> Iterator[str]:
    """Keys that are looked for before they are used."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
            at = node.comparators[0]
            if isinstance(at, ast.Name) and at.id == item and isinstance(node.left, ast.Constant):
                yield str(node.left.value)


def _lookups(node: ast.AST, item: str) -> Iterator[tuple[str, ...]]:
    """The keys of each lookup in the item, the longest path of each; none that a handler stands around."""
    if isinstance(node, ast.Subscript):
        keys = _keys(node, item)
        if keys:
            yield keys
            return
    if isinstance(node, ast.Try):
        children: list[ast.AST] = [*node.orelse, *node.finalbody]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _lookups(child, item)


def _keys(node: ast.expr, item: str) -> tuple[str, ...]:
    """The keys of `item["a"]["b"]`, so far as they are plain; empty if it is something else."""
    if not isinstance(node, ast.Subscript):
        return ()
    inner = node.value
    before = () if isinstance(inner, ast.Name) and inner.id == item else _keys(inner, item)
    if not before and not (isinstance(inner, ast.Name) and inner.id == item):
        return ()
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    plain = isinstance(key, str) and key and "." not in key and isinstance(node.ctx, ast.Load)
    return (*before, str(key)) if plain else before
