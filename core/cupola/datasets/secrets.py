"""Keys and personal data in a block of a dataset, found by fast hints first and masked before they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


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


# The hint is looked for first; a block without it is not searched. Every search costs, so that kin share a hint.
_KEYS: tuple[tuple[bytes, re.Pattern[bytes]], ...] = (
    (b"sk-", re.compile(rb"sk-[A-Za-z0-9_-]{20,200}")),
    (b"AKIA", re.compile(rb"AKIA[0-9A-Z]{16}\b")),
    (b"ghp_", re.compile(rb"ghp_[A-Za-z0-9]{36}")),
    (b"github_pat_", re.compile(rb"github_pat_[A-Za-z0-9_]{30,100}")),
    (b"hf_", re.compile(rb"hf_[A-Za-z]{30,40}\b")),
    (b"xox", re.compile(rb"xox[abprs]-[A-Za-z0-9-]{20,100}")),
    (b"AIza", re.compile(rb"AIza[0-9A-Za-z_-]{35}")),
    (b"Key=", re.compile(rb"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{30,100}={0,2}")),
    (b"eyJ", re.compile(rb"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}")),
    (b"-----BEGIN ", re.compile(rb"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----")),
    (b"assword=", re.compile(rb"[Pp]assword=[^\s\"'\\&;,<>{}]{6,100}")),
    (b"api_key=", re.compile(rb"api_key=[A-Za-z0-9_-]{16,100}")),
    (b"api-key:", re.compile(rb"api-key: ?[A-Za-z0-9_-]{16,100}")),
)
_DOMAIN = re.compile(rb"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24}\b")
_LOCAL = re.compile(rb"[A-Za-z0-9._%+-]{1,64}$")
_DIGITS = bytes.maketrans(b"012345678", b"9" * 9)
_RUN = re.compile(rb"9(?:[ -]?9){12,18}(?![ -]?9)")
_RUN_HINTS = (b"9999 9999 9999 9", b"9999-9999-9999-9", b"9999999999999")
_SSN_SHAPE = re.compile(rb"(?<![\w-])999-99-9999(?![\w-])")
_PHONES = (
    (b"999-999-9999", re.compile(rb"(?<![\w-])(?:\+?9{1,3}[ -])?999-999-9999(?![\w-])")),
    (b"999) 999-9999", re.compile(rb"\(999\) 999-9999(?!\w)")),
    (b"+99", re.compile(rb"(?<!\w)\+9{1,3}(?:[ -]?\(?9{1,5}\)?){2,6}(?!\w)")),
)
_IBAN = re.compile(rb"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def suspects(block: bytes) -> Iterator[Suspect]:
    """Find keys, payment cards, bank accounts, social security numbers, e-mail addresses and telephones."""
    for hint, pattern in _KEYS:
        if hint in block:
            for match in pattern.finditer(block):
                if not _inside_a_word(block, match.start()):
                    yield Suspect("secret.key", match.start(), match[0])
    if b"@" in block:
        yield from _emails(block)
    yield from _numbers(block)


def _inside_a_word(block: bytes, start: int) -> bool:
    return start > 0 and block[start - 1 : start].isalnum() and block[start - 2 : start - 1] != b"\\"


def _emails(block: bytes) -> Iterator[Suspect]:
    for match in _DOMAIN.finditer(block):
        local = _LOCAL.search(block, max(0, match.start() - 64), match.start())
        if local:
            yield Suspect("personal.email", local.start(), local[0] + match[0])


def _numbers(block: bytes) -> Iterator[Suspect]:
    shape = block.translate(_DIGITS)
    if b"999-99-9999" in shape:
        for match in _SSN_SHAPE.finditer(shape):
            text = block[match.start() : match.end()]
            if text[:3] not in (b"000", b"666") and not text.startswith(b"9") and text[4:6] != b"00":
                yield Suspect("personal.ssn", match.start(), text)
    if any(hint in shape for hint in _RUN_HINTS):
        for match in _RUN.finditer(shape):
            text = block[match.start() : match.end()]
            if not _inside_a_word(block, match.start()) and _luhn(text):
                yield Suspect("personal.card", match.start(), text)
    if b"IBAN" in block or b" 9999 9999 " in shape:
        for match in _IBAN.finditer(block):
            if _iban(match[0]):
                yield Suspect("personal.iban", match.start(), match[0])
    for hint, pattern in _PHONES:
        if hint in shape:
            for match in pattern.finditer(shape):
                if sum(byte == 0x39 for byte in match[0]) >= 9:
                    yield Suspect("personal.phone", match.start(), block[match.start() : match.end()])


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
