"""Answers held to a JSON schema: the schema gives the frame, the model chooses the values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cupola.emulator.engine import Weights

from .batches import batch_of, sums
from .generation import Wish, generate
from .network import CONTEXT, Network
from .tokenizer import Tokenizer
from .transcript import Example

_NUMBER: Final = re.compile(r"\s*(-?\d{1,12}(?:\.\d{1,6})?)")
_DEEPEST: Final = 6
_VALUE_TOKENS: Final = 32


def structured_text(schema: Mapping[str, Any], free: str, wish: Wish, weights: Weights, tokenizer: Tokenizer) -> str:
    """The free answer if it fits the schema, else a JSON text written along the schema.

    Objects, arrays (of one item), strings, numbers, booleans, `enum`, `const`, `$ref` and the first of `anyOf` are
    written; anything else becomes null. Numeric and length limits are not enforced.
    """
    try:
        parsed = json.loads(free)
    except (ValueError, RecursionError):
        pass
    else:
        if fits(schema, parsed, schema):
            return free
    writer = _Writer(wish, weights, tokenizer, schema)
    return json.dumps(writer.value(schema, "", 0), ensure_ascii=False)


def fits(schema: Any, value: Any, root: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether a value has the types, keys and choices that a schema asks for."""
    schema = _resolved(schema, root)
    if not schema or depth > _DEEPEST:
        return True
    if "const" in schema or "enum" in schema:
        return value in _choices(schema)
    kind = _kind(schema)
    if kind == "object":
        properties = _properties(schema)
        required = schema.get("required")
        return (
            isinstance(value, dict)
            and all(key in value for key in (required if isinstance(required, list) else ()))
            and all(fits(properties.get(key), part, root, depth + 1) for key, part in value.items())
        )
    if kind == "array":
        return isinstance(value, list) and all(fits(schema.get("items"), part, root, depth + 1) for part in value)
    return _is_plain(kind, value)


@dataclass(frozen=True, slots=True)
class _Writer:
    wish: Wish
    weights: Weights
    tokenizer: Tokenizer
    root: Mapping[str, Any]

    def value(self, schema: Any, before: str, depth: int) -> Any:
        """A value for the schema, after the JSON text that stands before it."""
        schema = _resolved(schema, self.root)
        if depth > _DEEPEST:
            return None
        if choices := _choices(schema):
            return self._choose(before, choices)
        match _kind(schema):
            case "object":
                return self._object(schema, before, depth)
            case "array":
                return [self.value(schema.get("items"), before + "[", depth + 1)]
            case "boolean":
                return self._choose(before, [True, False])
            case "integer":
                return int(self._number(before))
            case "number":
                return self._number(before)
            case "string":
                return self._generated(before + '"', ('"',)).strip()
            case _:
                return None

    def _object(self, schema: Mapping[str, Any], before: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        text = before + "{"
        for key, part in _properties(schema).items():
            text += (", " if made else "") + json.dumps(key, ensure_ascii=False) + ": "
            made[key] = self.value(part, text, depth + 1)
            text += json.dumps(made[key], ensure_ascii=False)
        return made

    def _number(self, before: str) -> float:
        found = _NUMBER.match(self._generated(before, (",", "}")))
        return float(found[1]) if found else 0.0

    def _generated(self, before: str, stop: tuple[str, ...]) -> str:
        wish = self.wish
        prompt = [*wish.prompt, *self.tokenizer.encode(before)][-(CONTEXT - _VALUE_TOKENS) :]
        inner = Wish(prompt, _VALUE_TOKENS, wish.temperature, wish.top_p, wish.rng, stop)
        (sample,) = generate(self.weights, self.tokenizer, [inner])
        text = self.tokenizer.decode(sample.tokens)
        return text[: min((text.find(end) for end in stop if end in text), default=len(text))]

    def _choose(self, before: str, choices: Sequence[Any]) -> Any:
        """The choice whose text the model finds likeliest, a token on average."""
        prompt = [*self.wish.prompt, *self.tokenizer.encode(before)][-CONTEXT // 2 :]
        examples = []
        for choice in choices:
            said = self.tokenizer.encode(json.dumps(choice, ensure_ascii=False))[: CONTEXT // 2]
            examples.append(Example([*prompt, *said], [False] * len(prompt) + [True] * len(said)))
        predictions = batch_of(examples)
        means = sums(Network(self.weights).logp(predictions.batch), predictions) / predictions.counts
        return choices[int(np.argmax(means))]


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping):
            return {}
        several = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(schema.get("$ref"), str):
            schema = _pointed(schema["$ref"], root)
        elif isinstance(several, list) and several:
            schema = several[0]
        else:
            return schema
    return {}


def _pointed(reference: str, root: Mapping[str, Any]) -> Any:
    place: Any = root
    for step in reference.removeprefix("#").split("/"):
        if step:
            place = place.get(step) if isinstance(place, Mapping) else None
    return place


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return list(listed)[:64] if isinstance(listed, list) else []


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else ""


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _is_plain(kind: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "number": number,
        "integer": number and float(value).is_integer() if number else False,
        "boolean": isinstance(value, bool),
        "null": value is None,
    }.get(kind, True)
