"""Small pictures of PNG images: decoded here with bounds, so that no image library looks at hostile bytes."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .tasks import Thumbnail

MOST_PIXELS = 4_000_000
"""Of an image that is drawn; decoding takes about a second for each million."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type: grey, RGB, palette, grey with alpha, RGB with alpha."""
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_GROUND = 128.0
"""What shines through where an image is transparent."""
_LIGHT_STEP = 8
"""Colours are rounded to this, so that neighbours are sent as one."""

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    kind: int

    @property
    def step(self) -> int:
        """Bytes from one pixel to the next, at least 1."""
        return max(1, _CHANNELS[self.kind] * self.depth // 8)

    @property
    def stride(self) -> int:
        """Bytes of one line without its filter."""
        return (self.width * _CHANNELS[self.kind] * self.depth + 7) // 8


def thumbnail(data_url: str, columns: int, rows: int) -> Thumbnail | None:
    """A picture of at most so many columns and lines of a screen, two pixels to a cell; None if it cannot be drawn.

    Drawn are PNG images (ISO/IEC 15948) of up to `MOST_PIXELS` that are not interlaced.
    """
    try:
        content = base64.b64decode(data_url[data_url.find(",") + 1 :], validate=True)
    except (binascii.Error, ValueError):
        return None
    image = _decoded(content)
    return None if image is None else _small(image, columns, rows)


def _decoded(content: bytes) -> npt.NDArray[np.float32] | None:
    """The image as RGB, shape (height, width, 3), 0 to 255."""
    if not content.startswith(_SIGNATURE):
        return None
    header: _Header | None = None
    palette = np.zeros((256, 3), np.uint8)
    packed: list[bytes] = []
    for name, data in _chunks(content):
        if name == b"IHDR":
            header = _header(data)
            if header is None:
                return None
        elif name == b"PLTE" and len(data) % 3 == 0 and len(data) <= 768:
            palette[: len(data) // 3] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        elif name == b"IDAT":
            packed.append(data)
    if header is None:
        return None
    lines = _unpacked(b"".join(packed), header)
    return None if lines is None else _colours(_unfiltered(lines, header), header, palette)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_SIGNATURE)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        yield content[position + 4 : position + 8], content[position + 8 : position + 8 + length]
        position += 12 + length


def _header(data: bytes) -> _Header | None:
    if len(data) != 13:
        return None
    width, height, depth, kind, compression, filtering, interlace = struct.unpack(">IIBBBBB", data)
    plain = not (compression or filtering or interlace) and depth in _DEPTHS.get(kind, ())
    return _Header(width, height, depth, kind) if plain and 0 < width * height <= MOST_PIXELS else None


def _unpacked(packed: bytes, header: _Header) -> Bytes | None:
    """The filtered lines, shape (height, 1 + stride); no more is unpacked than the header says."""
    size = header.height * (header.stride + 1)
    try:
        content = zlib.decompressobj().decompress(packed, size)
    except zlib.error:
        return None
    if len(content) != size:
        return None
    return np.frombuffer(content, np.uint8).reshape(header.height, header.stride + 1)


def _unfiltered(lines: Bytes, header: _Header) -> Bytes:
    """Undo the filters of all lines (section 9 of the standard), one diagonal of pixels at a time.

    A pixel rests on its left, upper and upper left neighbours, which lie on the two diagonals before its own.

    Returns:
        Shape (height, stride).
    """
    step = header.step
    filters = lines[:, 0].astype(np.int16)
    given = lines[:, 1:].reshape(header.height, -1, step)
    height, width = given.shape[:2]
    out = np.empty_like(given)
    before = np.zeros((height + 1, step), np.int16)
    last = before.copy()
    for diagonal in range(width + height - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        left, up, corner = last[rows + 1], last[rows], before[rows]
        guess = _guesses(filters[rows, None], left, up, corner)
        pixels = (given[rows, diagonal - rows] + guess) & 255
        out[rows, diagonal - rows] = pixels
        before, last = last, np.zeros((height + 1, step), np.int16)
        last[rows + 1] = pixels
    return out.reshape(height, -1)


def _guesses(filters: Whole, left: Whole, up: Whole, corner: Whole) -> Whole:
    estimate = left + up - corner
    from_left, from_up, from_corner = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    nearest = np.where(from_up <= from_corner, up, corner)
    paeth = np.where((from_left <= from_up) & (from_left <= from_corner), left, nearest)
    conditions = [filters == 1, filters == 2, filters == 3, filters == 4]
    return np.select(conditions, [left, up, (left + up) >> 1, paeth], np.int16(0))


def _colours(lines: Bytes, header: _Header, palette: Bytes) -> npt.NDArray[np.float32]:
    channels, size = _CHANNELS[header.kind], (header.height, header.width)
    if header.depth < 8:
        bits = np.unpackbits(lines, axis=1).reshape(header.height, -1, header.depth)[:, : header.width]
        values = bits @ (1 << np.arange(header.depth - 1, -1, -1))
        if header.kind != 3:
            values = values * 255 // ((1 << header.depth) - 1)
        samples = values.astype(np.uint8)[..., None]
    else:
        # Of two bytes the first says nearly all.
        samples = lines[:, :: header.depth // 8].reshape(*size, channels)
    if header.kind == 3:
        return palette[samples[..., 0]].astype(np.float32)
    colours = samples.astype(np.float32)
    if channels in (2, 4):
        alpha = colours[..., -1:] / np.float32(255)
        colours = (colours[..., :-1] * alpha + _GROUND * (1 - alpha)).astype(np.float32)
    return np.broadcast_to(colours, (*size, 3))


def _small(image: npt.NDArray[np.float32], columns: int, rows: int) -> Thumbnail:
    height, width = image.shape[:2]
    scale = min(columns / width, 2 * rows / height, 1.0)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    across = np.linspace(0, width, wide, endpoint=False).astype(int)
    down = np.linspace(0, height, high, endpoint=False).astype(int)
    sums = np.add.reduceat(np.add.reduceat(image, down, axis=0), across, axis=1)
    counts = np.diff(np.append(down, height))[:, None] * np.diff(np.append(across, width))[None, :]
    mean = sums / counts[..., None]
    rounded = np.minimum(255, np.round(mean / _LIGHT_STEP) * _LIGHT_STEP).astype(np.uint8)
    return Thumbnail(wide, high, rounded.tobytes())
