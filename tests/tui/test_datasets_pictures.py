"""Images in rows: drawn small from PNG, within bounds, whatever bytes they hold."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola_tui.background.png import MOST_PIXELS, thumbnail
from cupola_tui.background.rows import Readers
from cupola_tui.background.tasks import Picture, ReadRow, Thumbnail
from cupola_tui.lines import plain
from cupola_tui.views.conversation import thumbnail_lines


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def png(width: int, height: int, depth: int, kind: int, lines: list[bytes], *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + data + chunk(b"IEND", b"")


def filtered(pixels: np.ndarray, filters: list[int]) -> list[bytes]:
    """Lines of RGB pixels, shape (height, width, 3), as an encoder writes them: the standard's filters one by one."""
    lines = []
    for y, kind in enumerate(filters):
        line = bytearray([kind])
        for x in range(pixels.shape[1]):
            for c in range(3):
                left = int(pixels[y, x - 1, c]) if x else 0
                up = int(pixels[y - 1, x, c]) if y else 0
                corner = int(pixels[y - 1, x - 1, c]) if x and y else 0
                nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
                guess = (0, left, up, (left + up) // 2, nearest)[kind]
                line.append((int(pixels[y, x, c]) - guess) % 256)
        lines.append(bytes(line))
    return lines


@given(st.integers(1, 9), st.lists(st.integers(0, 4), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_every_filter_is_undone_as_the_standard_says(width: int, filters: list[int], chance: object) -> None:
    values = [chance.randrange(0, 249, 8) for _ in range(width * len(filters) * 3)]  # type: ignore[attr-defined]
    pixels = np.array(values, np.uint8).reshape(len(filters), width, 3)
    drawn = thumbnail(url(png(width, len(filters), 8, 2, filtered(pixels, filters))), 80, 40)
    assert drawn == Thumbnail(width, len(filters), pixels.tobytes())


@pytest.mark.parametrize(
    ("depth", "kind", "line", "colour"),
    [
        (8, 0, b"\x00\x40", (64, 64, 64)),
        (1, 0, b"\x00\x80", (255, 255, 255)),
        (16, 2, b"\x00\x10\xff\x20\x00\x30\x00", (16, 32, 48)),
        (4, 3, b"\x00\x10", (8, 16, 24)),
        (8, 4, b"\x00\xff\x00", (128, 128, 128)),
        (8, 6, b"\x00\x08\x10\x18\xff", (8, 16, 24)),
    ],
)
def test_every_kind_of_colour_is_read(depth: int, kind: int, line: bytes, colour: tuple[int, int, int]) -> None:
    palette = [chunk(b"PLTE", bytes([0, 0, 0, 8, 16, 24]))] if kind == 3 else []
    assert thumbnail(url(png(1, 1, depth, kind, [line], *palette)), 10, 10) == Thumbnail(1, 1, bytes(colour))


def test_a_large_image_is_averaged_into_its_room_and_keeps_its_shape() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, 100:] = 240
    lines = [b"\x00" + line.tobytes() for line in pixels]
    drawn = thumbnail(url(png(200, 100, 8, 2, lines)), 20, 40)
    assert drawn is not None and (drawn.width, drawn.height) == (20, 10)
    assert drawn.pixels[:3] == bytes(3) and drawn.pixels[-3:] == bytes([240] * 3)
    shown = thumbnail_lines(drawn)
    assert [plain(spans) for spans in shown] == ["▀" * 20] * 5
    assert shown[0][-1].ink == "#f0f0f0 on #f0f0f0"


HEADER = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0 a JPEG",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", HEADER) + chunk(b"IDAT", zlib.compress(bytes(10_000_000))),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"short"),
        png(2, 2, 8, 2, [b"\x00" * 7]),
        png(4, 4, 3, 2, [b"\x00" * 13] * 4),
        png(1, MOST_PIXELS + 1, 8, 0, [b"\x00\x00"]),
        png(1, 1, 8, 2, [b"\x00\x00\x00\x00"])[:-30],
    ],
)
def test_what_is_broken_or_too_large_is_not_drawn(content: bytes) -> None:
    assert thumbnail(url(content), 20, 20) is None


@given(st.binary(max_size=200), st.integers(0, 60))
def test_no_bytes_raise(noise: bytes, place: int) -> None:
    sound = png(3, 2, 8, 2, [b"\x01" + bytes(9), b"\x04" + bytes(9)])
    thumbnail(url(sound[:place] + noise + sound[place + len(noise) :]), 10, 10)


def test_a_row_draws_its_images_only_on_request_and_says_which_it_cannot(tmp_path: Path) -> None:
    given_ = [url(png(1, 1, 8, 0, [b"\x00\x40"])), "data:image/png;base64,AAAA", "https://a.example/shelf.png"]
    parts = [{"type": "image_url", "image_url": {"url": one}} for one in given_]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": parts}]}) + "\n")

    def pictures(room: tuple[int, int] | None) -> tuple[Picture, ...]:
        task = ReadRow(str(path), str(tmp_path), pictures=room)
        return Readers().conversation(task).passages[0].pictures

    assert [picture.thumbnail for picture in pictures(None)] == [None] * 3
    drawn = pictures((20, 10))
    assert drawn[0].thumbnail == Thumbnail(1, 1, bytes([64] * 3))
    assert [(picture.type, picture.undrawn) for picture in drawn[1:]] == [
        ("unreadable", ""),
        ("by its address", "not fetched"),
    ]
