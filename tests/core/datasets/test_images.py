from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.formats import Format
from cupola.datasets.image_cost import image_cost, share_not_trained
from cupola.datasets.image_tokens import formula_of
from cupola.datasets.images import image_facts
from cupola_data.zava.photos import DIRECTORY, write_samples
from cupola_data.zava.photos.png import encode
from cupola_data.zava.photos.samples import photos


@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "tokens"),
    [
        # The guide's own examples.
        ("gpt-4o", 1024, 1024, "high", 765),
        ("gpt-4o", 2048, 4096, "high", 1105),
        ("gpt-4o", 4096, 8192, "low", 85),
        ("gpt-4.1-mini", 1024, 1024, "high", 1659),
        ("o4-mini", 1800, 2400, "low", 2498),
        # As billed, by people who tried: small images are not scaled up.
        ("gpt-4.1-2025-04-14", 128, 64, "high", 255),
        ("o3", 128, 64, "high", 225),
        ("gpt-4o-mini", 128, 64, "high", 8500),
        ("gpt-4.1-nano.ft-0a1b", 128, 64, "low", 20),
    ],
)
def test_an_image_counts_as_published(model: str, width: int, height: int, detail: str, tokens: int) -> None:
    formula = formula_of(model)

    assert formula is not None
    assert formula.tokens(width, height, detail) == tokens


def test_a_model_without_a_published_formula_has_none() -> None:
    assert formula_of("Qwen3-32B") is None
    assert formula_of("gpt-4.10") is None


@given(
    st.sampled_from(["gpt-4o", "gpt-4.1-nano", "gpt-5", "o4-mini"]),
    st.integers(1, 30_000),
    st.integers(1, 30_000),
    st.sampled_from(["low", "high", "auto"]),
)
def test_no_image_counts_for_more_or_less_than_the_bounds(model: str, width: int, height: int, detail: str) -> None:
    formula = formula_of(model)
    assert formula is not None

    least, most = formula.bounds(detail)

    assert least <= formula.tokens(width, height, detail) <= most
    assert formula.tokens(width, height, detail) == formula.tokens(height, width, detail)


def row(*images: tuple[str, str]) -> str:
    parts = [{"type": "image_url", "image_url": {"url": url, "detail": detail}} for url, detail in images]
    user = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, *parts]}
    return json.dumps({"messages": [user, {"role": "assistant", "content": "A nail."}]}) + "\n"


def test_a_files_images_are_counted_between_bounds_and_large_ones_named(tmp_path: Path) -> None:
    huge = "data:image/png;base64," + "A" * (14 * 2**20)
    path = tmp_path / "seen.jsonl"
    path.write_text(
        row((photos()[0].url, "low"), ("https://example.org/a.png", "high"))
        + '{"messages": [{"role": "user", "content": "No picture."}]}\n'
        + "not JSON\n"
        + row((huge, "auto"))
    )

    found = image_cost(path, formula_of("gpt-4o"))

    assert (found.rows, found.images, found.remote) == (2, 3, 1)
    assert (found.low, found.high) == (85 + 255, 85 + 85 + 170 * 8)
    assert [(one.line, one.path) for one in found.skipped] == [(4, "messages[0].content[1].image_url")]
    assert "10.5 MB" in found.skipped[0].reason


def test_what_was_not_trained_on_shows_in_the_billed_tokens() -> None:
    assert share_not_trained(3_000, 1_000, 1_000, 3) == (0.0, 0.0)
    assert share_not_trained(2_250, 1_000, 1_500, 3) == (0.25, 0.5)


def test_the_photos_pass_the_checks_and_no_photo_is_in_two_splits() -> None:
    held: list[set[str]] = []
    for name in ("train", "valid"):
        report = check_file(DIRECTORY / f"{name}.jsonl", Options("gpt-4.1", training=True, workers=0))
        assert report.format is Format.VISION
        assert not report.blocked
    for name in ("train", "valid", "test"):
        text = (DIRECTORY / f"{name}.jsonl").read_text("utf-8")
        held.append({photo.name + photo.colour for photo in photos() if photo.url in text})
    assert [len(names) for names in held] == [16, 8, 8]
    assert len(set.union(*held)) == 32
    trained = [photo for photo in photos() if photo.name + photo.colour in held[0]]
    assert len({photo.name for photo in trained}) == 8
    assert len({photo.colour for photo in trained}) == 4


def test_the_samples_are_what_the_script_draws(tmp_path: Path) -> None:
    write_samples(tmp_path)

    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (DIRECTORY / path.relative_to(tmp_path)).read_bytes(), path.name
    facts = image_facts(photos()[0].url)
    assert facts is not None
    assert (facts.type, facts.width, facts.height, facts.colour) == ("image/png", 96, 96, True)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_a_drawn_picture_can_be_read_back_pixel_by_pixel(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)

    content = encode(pixels)

    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    lines = np.frombuffer(zlib.decompress(content[start + 4 : start + 4 + length]), np.uint8).reshape(height, -1)
    assert (lines[:, 0] == 0).all()
    assert (lines[:, 1:].reshape(height, width, 3) == pixels).all()
