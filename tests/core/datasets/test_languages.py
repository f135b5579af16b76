"""Languages: told where it is plain, and left open where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.check import check_file
from cupola.datasets.languages import language_of
from cupola.datasets.shape import shape_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I return the paint that I bought from you?", "en"),
        ("Wie kann ich die Farbe zurückgeben, die ich gekauft habe?", "de"),
        ("Comment est-ce que je peux vous renvoyer la peinture ?", "fr"),
        ("¿Cómo puedo devolver la pintura que compré en la tienda?", "es"),
        ("Come posso restituire la vernice che ho comprato per la casa?", "it"),
        ("Как мне вернуть краску?", "ru"),
        ("Як мені повернути фарбу, її багато?", "uk"),
        ("油漆可以退货吗？", "zh"),
        ("ペンキを返品できますか？", "ja"),
        ("페인트를 반품할 수 있나요?", "ko"),
        ("هل يمكنني إرجاع الطلاء؟", "ar"),
        ("x = y + 1; z = 2", ""),
        ("paint", ""),
        ("", ""),
    ],
)
def test_languages_are_told_by_script_and_small_words(text: str, language: str):
    assert language_of(text) == language


@given(st.text(max_size=400))
def test_any_text_has_a_code_or_none(text: str):
    assert len(language_of(text)) in (0, 2)


def test_the_shape_of_a_file_names_the_languages_of_its_fields(write):
    row = {
        "messages": [
            {"role": "user", "content": "Wie kann ich die Farbe bitte zurückgeben?"},
            {"role": "assistant", "content": "You can bring it to any of the shops that we have."},
        ]
    }
    found = shape_of(check_file(write([row] * 12))).languages
    assert found == {"prompt": {"de": 12}, "answer": {"en": 12}}
