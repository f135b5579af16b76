"""Keys and personal data in a block of a dataset, found by fast hints first and masked before they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that looks like a secret or a person's data."""

    rule: str
    start: int
    """Where it begins in the block, in bytes."""
    text: bytes
    """The thing itself; never shown."""

    @property
    def masked(self) -> str:
        """Enough of it to find it by, too little to use it."""
        text = self.text.decode("utf-8", "replace")
        if self.rule == "personal.email":
            name, _, domain = text.partition("@")
            return f"{name[:1]}…@{domain}"
        kept = 4 if self.rule == "secret.key" else 2
        return f"{text[:kept]}… ({len(text)} characters)"


# Three bytes that every such key holds at a known distance from its beginning, one of them rare in text, and what the
# whole looks like.
_KEYS: tuple[tuple[bytes, int, re.Pattern[bytes]], ...] = (
    (b"sk-", 0, re.compile(rb"sk-[A-Za-z0-9_-]{20,200}")),
    (b"AKI", 0, re.compile(rb"AKIA[0-9A-Z]{16}\b")),
    (b"hp_", 1, re.compile(rb"ghp_[A-Za-z0-9]{36}")),
    (b"b_p", 5, re.compile(rb"github_pat_[A-Za-z0-9_]{30,100}")),
    (b"hf_", 0, re.compile(rb"hf_[A-Za-z]{30,40}\b")),
    (b"xox", 0, re.compile(rb"xox[abprs]-[A-Za-z0-9-]{20,100}")),
    (b"Iza", 1, re.compile(rb"AIza[0-9A-Za-z_-]{35}")),
    (b"ey=", 8, re.compile(rb"AccountKey=[A-Za-z0-9+/]{30,100}={0,2}")),
    (b"ey=", 13, re.compile(rb"SharedAccessKey=[A-Za-z0-9+/]{30,100}={0,2}")),
    (b"ey=", 5, re.compile(rb"api_key=[A-Za-z0-9_-]{16,100}")),
    (b"i-k", 2, re.compile(rb"api-key: ?[A-Za-z0-9_-]{16,100}")),
    (b"eyJ", 0, re.compile(rb"eyJ[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,4000}+\.[A-Za-z0-9_-]{10,1000}")),
    (b"-BE", 4, re.compile(rb"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----")),
    (b"rd=", 6, re.compile(rb"[Pp]assword=[^\s\"'\\&;,<>{}]{6,100}")),
)
# A byte of each of these is in every three.
_RARE = b"-K_zJ=x"
_ZERO, _TEN = np.uint8(0x30), np.uint8(10)
_DASH, _SPACE, _PLUS, _BANK, _ACCOUNT, _NUMBER = b"- +BAN"
_REACH = 16
"""Bytes beyond a place that are looked at."""
_STEP = 128 * 1024
_MIX = np.uint32(0x9E3779B1)
_THREE_BYTES = np.uint32(0xFFFFFF)
_DOMAIN = re.compile(rb"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24}\b")
_LOCAL = re.compile(rb"[A-Za-z0-9._%+-]{1,64}$")
# In a line with every digit as 9, numbers are told by plain searches.
_SHAPE = bytes.maketrans(b"012345678", b"999999999")
_RUN = re.compile(rb"9(?:[ -]?9){12,18}(?![ -]?9)")
_SSN_SHAPE = re.compile(rb"(?<![\w-])999-99-9999(?![\w-])")
_PHONES = (
    (b"999-9999", re.compile(rb"(?<![\w-])(?:\+?9{1,3}[ -])?(?:999-|\(999\) )999-9999(?![\w-])")),
    (b"+99", re.compile(rb"(?<!\w)\+9{1,3}(?:[ -]?\(?9{1,5}+\)?){2,6}+(?!\w)")),
)
_IBAN = re.compile(rb"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def suspects(block: bytes, starts: Sequence[int]) -> Iterator[Suspect]:
    """Find keys, payment cards, bank accounts, social security numbers, e-mail addresses and telephones.

    Args:
        block: Whole lines.
        starts: Where each line begins.
    """
    keys, numbers = _hints(block)
    yield from _keys(block, keys)
    if b"@" in block:
        yield from _emails(block)
    # No number goes over the end of a line.
    lines = np.array(starts, np.int64)
    for line in np.unique(np.searchsorted(lines, numbers, "right") - 1).tolist():
        end = starts[line + 1] if line + 1 < len(starts) else len(block)
        yield from _numbers(block[starts[line] : end], starts[line])


def _keys(block: bytes, hints: npt.NDArray[np.int64]) -> Iterator[Suspect]:
    for start in hints.tolist():
        hint = block[start : start + 3]
        for three, before, pattern in _KEYS:
            # The word's beginning is looked at first: a hint repeated without end then costs one look each.
            if three != hint or start < before or _inside_a_word(block, start - before):
                continue
            match = pattern.match(block, start - before)
            if match:
                yield Suspect("secret.key", match.start(), match[0])


def _hints(block: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where any three bytes of `_KEYS` may stand, and where a number that may be a person's: one pass for all."""
    padded = np.frombuffer(block + b"\0" * _REACH, np.uint8)
    keys, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(block), _STEP):
        # Overlapping by what the looks go beyond a place.
        count = min(_STEP, len(block) - start)
        keys.append(_key_hints(padded[start : start + count + 3]) + start)
        numbers.append(_number_hints(padded, start, count))
    return np.concatenate(keys), np.concatenate(numbers)


def _key_hints(step: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Each hint holds a byte that is rare in text; only around these are three bytes looked at."""
    rare = step == _RARE[0]
    for byte in _RARE[1:]:
        rare |= step == byte
    begins = np.flatnonzero(rare[:-3] | rare[1:-2] | rare[2:-1])
    windows = np.ndarray((len(step) - 3,), np.uint32, step, 0, (1,))
    hashes = ((windows[begins] & _THREE_BYTES) * _MIX) >> np.uint32(16)
    found: npt.NDArray[np.int64] = begins[_hint_table()[hashes]]
    return found


def _number_hints(padded: npt.NDArray[np.uint8], start: int, count: int) -> npt.NDArray[np.int64]:
    """Four digits after a digit and a space or dash, or before nine more; two digits after a plus; IBAN."""
    step = padded[start : start + count + _REACH]
    digit = step - _ZERO < _TEN
    four = digit[: count + 3] & digit[1 : count + 4]
    four = four[:-2] & four[2:]
    # Most runs of four digits are years.
    places = np.flatnonzero(four) + start
    before, joint = padded[places - 2] - _ZERO < _TEN, padded[places - 1]
    told = before & ((joint == _DASH) | (joint == _SPACE)) & (places > 1)
    told |= (padded[places + 8] - _ZERO < _TEN) & (padded[places + 12] - _ZERO < _TEN)
    plus = np.flatnonzero(step[:count] == _PLUS)
    plus = plus[digit[plus + 1] & digit[plus + 2]] + start
    bank = np.flatnonzero(step[:count] == _BANK) + start
    bank = bank[(padded[bank + 1] == _ACCOUNT) & (padded[bank + 2] == _NUMBER)]
    return np.concatenate([places[told], plus, bank])


@cache
def _hint_table() -> npt.NDArray[np.bool_]:
    table = np.zeros(1 << 16, bool)
    threes = np.array([int.from_bytes(three, "little") for three, _, _ in _KEYS], np.uint32)
    table[(threes * _MIX) >> np.uint32(16)] = True
    return table


def _inside_a_word(block: bytes, start: int) -> bool:
    return start > 0 and block[start - 1 : start].isalnum() and block[start - 2 : start - 1] != b"\\"


def _emails(block: bytes) -> Iterator[Suspect]:
    for match in _DOMAIN.finditer(block):
        local = _LOCAL.search(block, max(0, match.start() - 64), match.start())
        if local:
            yield Suspect("personal.email", local.start(), local[0] + match[0])


def _numbers(block: bytes, offset: int) -> Iterator[Suspect]:
    shape = block.translate(_SHAPE)
    for rule, start, text in _numbers_in(block, shape):
        yield Suspect(rule, offset + start, text)


def _numbers_in(block: bytes, shape: bytes) -> Iterator[tuple[str, int, bytes]]:
    if b"999-99-9999" in shape:
        for match in _SSN_SHAPE.finditer(shape):
            text = block[match.start() : match.end()]
            if text[:3] not in (b"000", b"666") and not text.startswith(b"9") and text[4:6] != b"00":
                yield "personal.ssn", match.start(), text
    for match in _RUN.finditer(shape):
        text = block[match.start() : match.end()]
        if not _inside_a_word(block, match.start()) and _luhn(text):
            yield "personal.card", match.start(), text
    if b"IBAN" in block or b" 9999 9999 " in shape:
        for match in _IBAN.finditer(block):
            if _iban(match[0]):
                yield "personal.iban", match.start(), match[0]
    for hint, pattern in _PHONES:
        if hint in shape:
            for match in pattern.finditer(shape):
                if sum(byte == 0x39 for byte in match[0]) >= 9:
                    yield "personal.phone", match.start(), block[match.start() : match.end()]


def _luhn(text: bytes) -> bool:
    """The check digit of ISO/IEC 7812-1; a run of one digit passes it by chance and is no card."""
    digits = [byte - 0x30 for byte in text if 0x30 <= byte <= 0x39]
    if len(set(digits)) < 2 or digits[0] not in (2, 3, 4, 5, 6):
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(text: bytes) -> bool:
    """The check digits of ISO 13616."""
    plain = text.replace(b" ", b"").decode()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1
