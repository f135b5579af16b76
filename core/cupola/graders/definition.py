"""Reads the service's grader JSON into records, and hashes it."""

from __future__ import annotations

import hashlib
import json
import keyword
import math
from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from .errors import GraderDefinitionError
from .formula import FormulaError, parse_formula
from .records import (
    Endpoint,
    Grader,
    LabelModel,
    Multi,
    PythonGrader,
    ScoreModel,
    SimilarityMetric,
    SingleGrader,
    StringCheck,
    StringOperation,
    TextSimilarity,
)

MAX_SOURCE_BYTES = 256 * 1024
"""The service's limit on the source of a python grader."""

_ROLES = ("user", "assistant", "system", "developer")
_COMPLETION_LIMITS = ("max_completion_tokens", "max_completions_tokens", "max_tokens")
_SAMPLING = ("seed", "temperature", "top_p", "reasoning_effort")


def parse_grader(definition: Any, path: str = "") -> Grader:
    """Read one grader's JSON.

    Raises:
        GraderDefinitionError: The service would refuse it; the error says where and why.
    """
    fields = _object(definition, path)
    if fields.get("type") == "multi":
        return _multi(fields, path)
    return _single(fields, path)


def grader_hash(definition: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the canonical JSON of a definition: keys sorted, no white space."""
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _single(fields: Mapping[str, Any], path: str) -> SingleGrader:
    kind = fields.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        known = ", ".join([*_READERS, "multi"])
        raise GraderDefinitionError(_at(path, "type"), f"is {kind!r}, but a grader is one of {known}.")
    return reader(fields, path)


def _string_check(fields: Mapping[str, Any], path: str) -> StringCheck:
    return StringCheck(
        name=_text(fields, "name", path),
        input=_text(fields, "input", path, empty=True),
        reference=_text(fields, "reference", path, empty=True),
        operation=cast(StringOperation, _one_of(fields, "operation", get_args(StringOperation), path)),
    )


def _text_similarity(fields: Mapping[str, Any], path: str) -> TextSimilarity:
    return TextSimilarity(
        name=_text(fields, "name", path),
        input=_text(fields, "input", path, empty=True),
        reference=_text(fields, "reference", path, empty=True),
        evaluation_metric=cast(
            SimilarityMetric, _one_of(fields, "evaluation_metric", get_args(SimilarityMetric), path)
        ),
        pass_threshold=_number_or_none(fields, "pass_threshold", path),
    )


def _score_model(fields: Mapping[str, Any], path: str) -> ScoreModel:
    return ScoreModel(
        name=_text(fields, "name", path),
        model=_text(fields, "model", path),
        input=_messages(fields, path),
        range=_range(fields, path),
        sampling=_sampling(fields, path),
        pass_threshold=_number_or_none(fields, "pass_threshold", path),
    )


def _label_model(fields: Mapping[str, Any], path: str) -> LabelModel:
    labels = _texts(fields, "labels", path)
    passing = _texts(fields, "passing_labels", path)
    stray = [label for label in passing if label not in labels]
    if stray:
        raise GraderDefinitionError(_at(path, "passing_labels"), f"names {stray[0]!r}, which is not among the labels.")
    return LabelModel(
        name=_text(fields, "name", path),
        model=_text(fields, "model", path),
        input=_messages(fields, path),
        labels=labels,
        passing_labels=passing,
        sampling=_sampling(fields, path),
    )


def _python(fields: Mapping[str, Any], path: str) -> PythonGrader:
    source = _text(fields, "source", path)
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        raise GraderDefinitionError(_at(path, "source"), f"has {size:,} bytes; the service takes {MAX_SOURCE_BYTES:,}.")
    return PythonGrader(
        name=_text(fields, "name", path) if "name" in fields else "python",
        source=source,
        image_tag=_text(fields, "image_tag", path) if fields.get("image_tag") is not None else None,
        pass_threshold=_number_or_none(fields, "pass_threshold", path),
    )


def _endpoint(fields: Mapping[str, Any], path: str) -> Endpoint:
    url = _text(fields, "url", path)
    if not url.startswith(("https://", "http://")):
        raise GraderDefinitionError(_at(path, "url"), "must start with https:// or http://.")
    headers = _object(fields.get("headers") or {}, _at(path, "headers"))
    rate = _number_or_none(fields, "rate_limit", path)
    return Endpoint(
        name=_text(fields, "name", path),
        url=url,
        headers={str(key): _text(headers, key, _at(path, "headers"), empty=True) for key in headers},
        rate_limit=None if rate is None else int(rate),
        pass_threshold=_number_or_none(fields, "pass_threshold", path),
    )


_READERS: dict[str, Callable[[Mapping[str, Any], str], SingleGrader]] = {
    "string_check": _string_check,
    "text_similarity": _text_similarity,
    "score_model": _score_model,
    "label_model": _label_model,
    "python": _python,
    "endpoint": _endpoint,
}


def _multi(fields: Mapping[str, Any], path: str) -> Multi:
    where = _at(path, "graders")
    parts = _object(fields.get("graders"), where)
    if not parts:
        raise GraderDefinitionError(where, "must hold at least one grader.")
    graders: dict[str, SingleGrader] = {}
    for key, part in parts.items():
        graders[key] = _part(key, part, _at(where, key))
    formula = _text(fields, "calculate_output", path)
    try:
        parse_formula(formula, graders)
    except FormulaError as error:
        raise GraderDefinitionError(_at(path, "calculate_output"), str(error)) from error
    return Multi(
        name=_text(fields, "name", path),
        graders=graders,
        calculate_output=formula,
        invalid_grade=_number_or_none(fields, "invalid_grade", path),
        pass_threshold=_number_or_none(fields, "pass_threshold", path),
    )


def _part(key: str, definition: Any, path: str) -> SingleGrader:
    if not key.isidentifier() or keyword.iskeyword(key):
        raise GraderDefinitionError(path, "this key cannot stand in a formula; use letters, digits and _.")
    fields = _object(definition, path)
    if fields.get("pass_threshold") is not None:
        raise GraderDefinitionError(_at(path, "pass_threshold"), "a part of a multi grader cannot have a threshold.")
    if fields.get("type") == "multi":
        raise GraderDefinitionError(_at(path, "type"), "a multi grader cannot be a part of another.")
    return _single({"name": key, **fields}, path)


def _messages(fields: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...]:
    where = _at(path, "input")
    messages = fields.get("input")
    if not isinstance(messages, list | tuple) or not messages:
        raise GraderDefinitionError(where, "must be a list of at least one message.")
    return tuple(_message(message, f"{where}[{index}]") for index, message in enumerate(messages))


def _message(message: Any, path: str) -> dict[str, Any]:
    fields = _object(message, path)
    role = _one_of(fields, "role", _ROLES, path)
    content = fields.get("content")
    parts: list[Any] = list(content) if isinstance(content, list | tuple) else [content]
    for part in parts:
        if not isinstance(part, str) and not (isinstance(part, Mapping) and isinstance(part.get("type"), str)):
            raise GraderDefinitionError(_at(path, "content"), "must be text, a part with a type, or a list of these.")
        if isinstance(part, Mapping) and "text" in part and not isinstance(part["text"], str):
            raise GraderDefinitionError(_at(path, "content.text"), "must be text.")
    if all(isinstance(part, str) or "text" in part for part in parts):
        return {"role": role, "content": "\n".join(p if isinstance(p, str) else p["text"] for p in parts)}
    return {"role": role, "content": [{"type": "text", "text": p} if isinstance(p, str) else dict(p) for p in parts]}


def _sampling(fields: Mapping[str, Any], path: str) -> dict[str, Any]:
    given = _object(fields.get("sampling_params") or {}, _at(path, "sampling_params"))
    sampling = {key: given[key] for key in _SAMPLING if given.get(key) is not None}
    limit = next((given[key] for key in _COMPLETION_LIMITS if given.get(key) is not None), None)
    if limit is not None:
        sampling["max_completion_tokens"] = limit
    return sampling


def _range(fields: Mapping[str, Any], path: str) -> tuple[float, float]:
    given = fields.get("range")
    if given is None:
        return (0.0, 1.0)
    where = _at(path, "range")
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise GraderDefinitionError(where, "must be two numbers, the lowest and the highest score.")
    low, high = (_number(bound, where) for bound in given)
    if low >= high:
        raise GraderDefinitionError(where, "must give the lowest score first.")
    return (low, high)


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise GraderDefinitionError(path, "must be a JSON object.")
    return value


def _text(fields: Mapping[str, Any], key: str, path: str, *, empty: bool = False) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not (value or empty):
        raise GraderDefinitionError(_at(path, key), "is missing." if value is None else "must be text, and not empty.")
    return value


def _texts(fields: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
    value = fields.get(key)
    if not isinstance(value, list | tuple) or not value or not all(isinstance(entry, str) for entry in value):
        raise GraderDefinitionError(_at(path, key), "must be a list of at least one text.")
    return tuple(value)


def _one_of(fields: Mapping[str, Any], key: str, known: tuple[str, ...], path: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or value not in known:
        raise GraderDefinitionError(_at(path, key), f"is {value!r}, but must be one of {', '.join(known)}.")
    return value


def _number_or_none(fields: Mapping[str, Any], key: str, path: str) -> float | None:
    value = fields.get(key)
    return None if value is None else _number(value, _at(path, key))


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GraderDefinitionError(path, "must be a number.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise GraderDefinitionError(path, "must be a finite number.")
    return number


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
