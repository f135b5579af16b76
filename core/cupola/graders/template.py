"""The service's `{{item.field}}` and `{{sample.output_text}}` templates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_PATH = re.compile(r"(item|sample)((?:\.[^.\s]+)*)")

Scope = Mapping[str, Any]
"""What a template may speak of: `{"item": {...}, "sample": {...}}`."""


class InvalidVariableError(LookupError):
    """A template names something that the item or the sample does not have."""

    variable: str
    """The name as it stands between the braces."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        super().__init__(f"The template names {{{{{variable}}}}}, which this row does not have.")


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names between the braces of a template, in order."""
    return tuple(name.strip() for name in _PLACEHOLDER.findall(template))


def render(template: str, scope: Scope) -> str:
    """Fill a template in one pass, so that braces inside an inserted value stay as they are.

    Raises:
        InvalidVariableError: A placeholder names what is not there. Paths go through objects only,
            as the service documents no array index.
    """
    return _PLACEHOLDER.sub(lambda match: stringify(lookup(match.group(1).strip(), scope)), template)


def render_json(value: Any, scope: Scope) -> Any:
    """Fill every string inside a JSON value; keys and other values stay as they are."""
    if isinstance(value, str):
        return render(value, scope)
    if isinstance(value, Mapping):
        return {key: render_json(entry, scope) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [render_json(entry, scope) for entry in value]
    return value


def lookup(variable: str, scope: Scope) -> Any:
    """Return what a path such as `item.address.city` names."""
    match = _PATH.fullmatch(variable)
    if match is None:
        raise InvalidVariableError(variable)
    value: Any = scope
    for part in variable.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise InvalidVariableError(variable)
        value = value[part]
    return value


def stringify(value: Any) -> str:
    """Write a value as the service inserts it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
