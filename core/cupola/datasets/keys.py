"""Short byte strings as pairs of numbers, and a table of numbers by such keys: whole arrays are looked up at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST = 15
"""Bytes of the longest string that has a key; the sixteenth byte holds the length."""
PADDING = 16
"""Bytes that must follow the content that keys are taken from."""

_ADDED_AT_ONCE = 20_000
_FEWEST_SLOT_BITS = 6
_MOST_SPARE_SLOTS = 1 << 19
_LOW_MASKS = np.array([(1 << 8 * min(count, 8)) - 1 for count in range(LONGEST + 1)], np.uint64)
_HIGH_MASKS = np.array([(1 << 8 * max(count - 8, 0)) - 1 for count in range(LONGEST + 1)], np.uint64)
_LENGTH_SHIFT = np.uint64(56)
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xC2B2AE3D27D4EB4F)

Indices = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Key = tuple[Words, Words]
"""The first eight bytes, and the others with the length."""


def keys_of(content: bytes, starts: Indices, lengths: Indices) -> Key:
    """The keys of strings of at most `LONGEST` bytes, each given by its place in a padded content."""
    windows: Words = np.ndarray((len(content) - 7,), np.uint64, content, 0, (1,))
    # All lengths are inside: "wrap" only spares the look at each. The windows overlap; take would copy them.
    low = windows[starts]
    low &= _LOW_MASKS.take(lengths, mode="wrap")
    high = windows[starts + 8]
    high &= _HIGH_MASKS.take(lengths, mode="wrap")
    high |= lengths.astype(np.uint64) << _LENGTH_SHIFT
    return low, high


class Table:
    """Numbers by key, by open addressing with linear steps (Knuth, volume 3, 6.4); nothing is ever removed."""

    def __init__(self, capacity: int) -> None:
        # The first entry stands for none.
        self._low = np.zeros(capacity + 1, np.uint64)
        self._high = np.zeros(capacity + 1, np.uint64)
        self._values = np.full(capacity + 1, -1, np.int32)
        self._grow(_FEWEST_SLOT_BITS)
        self.count = 0

    @property
    def room(self) -> int:
        """How many more it takes."""
        return len(self._values) - 1 - self.count

    def find(self, key: Key) -> npt.NDArray[np.int32]:
        """The value of each key; -1 for those that are not there."""
        low, high = key
        slots = self._first_slots(key)
        found, left = self._look(low, high, slots)
        slots, low, high = slots[left], low[left], high[left]
        # Nearly all are found, or not there, at the first look.
        while len(left):
            slots = (slots + 1) & (len(self._slots) - 1)
            found[left], on = self._look(low, high, slots)
            left, slots, low, high = left[on], slots[on], low[on], high[on]
        return found

    def _look(self, low: Words, high: Words, slots: Indices) -> tuple[npt.NDArray[np.int32], Indices]:
        """The values in slots, -1 where there is none; and where another key is in the way."""
        entries = self._slots.take(slots, mode="wrap")
        other = self._low.take(entries, mode="wrap") != low
        other |= self._high.take(entries, mode="wrap") != high
        found = self._values.take(entries, mode="wrap")
        # Nothing is like the first entry.
        other &= entries > 0
        found[other] = -1
        return found, np.flatnonzero(other)

    def add(self, key: Key, values: npt.NDArray[np.int32]) -> None:
        """Add keys, all different and none of them there yet, with values from 0; there must be room for them."""
        for start in range(0, len(values), _ADDED_AT_ONCE):
            some = slice(start, start + _ADDED_AT_ONCE)
            self._add((key[0][some], key[1][some]), values[some])

    def _add(self, key: Key, values: npt.NDArray[np.int32]) -> None:
        low, high = key
        entries = np.arange(self.count + 1, self.count + 1 + len(low), dtype=np.int32)
        self._low[entries], self._high[entries], self._values[entries] = low, high, values
        self.count += len(low)
        # Many slots a key, so that the first look is nearly always the last; few where they would leave the cache.
        wanted = max(2 * self.count, min(8 * self.count, _MOST_SPARE_SLOTS))
        if wanted > len(self._slots):
            self._grow(wanted.bit_length())
            entries = np.arange(1, self.count + 1, dtype=np.int32)
        self._place(entries)

    def _grow(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._slots = np.zeros(1 << bits, np.int32)

    def _place(self, entries: npt.NDArray[np.int32]) -> None:
        slots = self._first_slots((self._low[entries], self._high[entries]))
        left = np.arange(len(entries))
        while len(left):
            free = left[self._slots[slots[left]] == 0]
            # Of several that want one slot the last one has it; the others look further.
            self._slots[slots[free]] = entries[free]
            left = left[self._slots[slots[left]] != entries[left]]
            slots[left] = (slots[left] + 1) & (len(self._slots) - 1)

    def _first_slots(self, key: Key) -> Indices:
        low, high = key
        mixed = (low ^ (high * _MIX_B)) * _MIX_A
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX_B
        return (mixed >> self._shift).view(np.int64)
