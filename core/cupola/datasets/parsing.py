"""One line of JSON read strictly, with what is wrong told apart."""

from __future__ import annotations

import re
from typing import Any

import jiter
import numpy as np
import numpy.typing as npt

_COLUMN = re.compile(r" at line (\d+) column (\d+)$")
_HUGE = re.compile(rb"[0-9][eE]\+?[0-9]{3}")
_BEFORE_EXPONENT = np.isin(np.arange(256), np.frombuffer(b"eE+", np.uint8))
# Few enough bytes to stay in the processor's cache.
_STEP = 64 * 1024
_NOT_A_NUMBER = re.compile(rb"NaN|-?Infinity")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class RowError(ValueError):
    """A line that is no JSON object; `rule` says of which kind, `detail` where and why."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule, self.detail = rule, detail


def may_overflow(block: bytes) -> bool:
    """Whether text may hold a number with an exponent of three digits: three digits after an E, or a plus."""
    content = np.frombuffer(block, np.uint8)
    return any(_exponent_in(content[start : start + _STEP + 3]) for start in range(0, len(content), _STEP))


def _exponent_in(content: npt.NDArray[np.uint8]) -> bool:
    digit = content - np.uint8(0x30) < np.uint8(10)
    places = np.flatnonzero(digit[1:-2] & digit[2:-1] & digit[3:])
    return bool(_BEFORE_EXPONENT[content[places]].any())


def parse_row(line: bytes, *, overflow: bool = True) -> dict[str, Any]:
    """Decode one line without its line end.

    Args:
        line: The line.
        overflow: False if `may_overflow` has ruled out numbers past the range of floating point.

    Raises:
        RowError: it is no JSON object by the letter of RFC 8259, repeats a key, or holds a number past float.
    """
    try:
        row = jiter.from_json(line, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise _explained(line, str(error)) from None
    if not isinstance(row, dict):
        raise RowError("json.not_object", _kind(row))
    # jiter reads 1e400 as infinity.
    if overflow and _HUGE.search(line) and _holds_infinity(row):
        raise RowError("json.number", "a number past the range of floating point")
    return row


def _explained(line: bytes, message: str) -> RowError:
    match = _COLUMN.search(message)
    column = int(match[2]) if match else 0
    detail = f"{_COLUMN.sub('', message)} at column {column}"
    return RowError(_rule(line, message, column), detail)


def _rule(line: bytes, message: str, column: int) -> str:
    if "duplicate key" in message:
        return "json.duplicate_key"
    if "recursion limit" in message:
        return "json.too_deep"
    if "number out of range" in message:
        return "json.number"
    if "control character" in message:
        return "json.control_character"
    if "unicode code point" in message:
        return "json.encoding"
    if "hex escape" in message or "surrogate" in message:
        near = line[max(0, column - 14) : column + 6]
        return "json.surrogate" if _SURROGATE.search(near) else "json.invalid"
    # The column is that of the first letter, or of the one after a minus sign.
    if any(_NOT_A_NUMBER.match(line, max(0, column - back)) for back in (1, 2)):
        return "json.number"
    return "json.invalid"


def _holds_infinity(value: Any) -> bool:
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, dict):
            stack.extend(top.values())
        elif isinstance(top, list):
            stack.extend(top)
        elif isinstance(top, float) and top in (float("inf"), float("-inf")):
            return True
    return False


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "text"
    return "null" if value is None else "true or false" if isinstance(value, bool) else "a number"
