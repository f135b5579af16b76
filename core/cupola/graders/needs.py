"""What a python grader takes from outside itself, found by reading and never by running it."""

from __future__ import annotations

import ast
import builtins
import threading
import warnings
from collections.abc import Iterator

_warnings_lock = threading.Lock()


def needs(source: str) -> dict[str, str] | None:
    """Return each module, module member and builtin that a source names, with a line that fails without it.

    Returns None if the source is no Python at all. Methods of values are not looked at.
    """
    tree = _parse(source)
    if tree is None:
        return None
    found: dict[str, str] = {}
    aliases = dict(_imports(tree, found))
    bound = _bound_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and hasattr(builtins, node.id) and node.id not in bound:
            found[f"builtin {node.id}"] = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            module = aliases[node.value.id]
            found[f"{module}.{node.attr}"] = f"import {module} as _module\n_module.{node.attr}"
    return found


def _parse(source: str) -> ast.Module | None:
    try:
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _imports(tree: ast.Module, found: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Note every import in `found` and yield the names under which whole modules are known."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                found[f"module {name.name}"] = f"import {name.name}"
                root = name.name.partition(".")[0]
                yield (name.asname, name.name) if name.asname else (root, root)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                found[f"{node.module}.{name.name}"] = f"from {node.module} import {name.name}"


def _bound_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that a source binds itself, wherever it does."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.alias(asname=str(name)) | ast.alias(name=name, asname=None):
                bound.add(name)
    return frozenset(bound)
