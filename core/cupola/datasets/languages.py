"""The language of a text, told by its script and by its commonest small words; cheap, and silent where it is unsure."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

_LOOKED_AT = 600
"""Characters from the beginning that are looked at."""
_FEWEST_WORDS = 4
_LEAST_SHARE = 0.12
"""Share of the words that must be small words of the language."""
_LEAD = 1.3
"""How many times the hits of the next language the best one must have."""

# The languages whose script tells them; Kana before Han, as Japanese has both.
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_WORD = re.compile(r"[^\W\d_]+")
# What _WORD finds in ASCII in lower case, several times as fast.
_ASCII_WORD = re.compile("[a-z]+")
# Each Chinese, Japanese or Korean character says about as much as two letters.
_LEAST_OF_LETTERS = 0.3

_LISTS = {
    "en": "the of and to in is that it for you was with on are this have be your not or what how can i my do does an "
    "we when where long much from at by if any will has they there which would could should about",
    "de": "der die das und ist nicht ein eine ich sie mit auf für den von zu wie was kann mein bitte es im dem",
    "fr": "le la les de des et est comment où un une que pour dans vous je ne pas sur avec mon votre du en ce qui au",
    "es": "el la los las de y es un una que para en no por con su mi cómo puedo dónde quiero qué del al lo está este",
    "it": "il lo la gli di e è un una che per in non con mi come posso dove del sono si al della le i ho",
    "pt": "os as de e é um uma que para em não por com meu como da na se ao você",
    "nl": "de het een en is niet van ik dat op te voor met zijn u je wat hoe kan mijn in er aan",
    "sv": "och är att det som en på för inte med jag av till den har kan min hur vad ett i om",
    "pl": "i w na z do nie się jest to że jak co mój czy od po za dla o są jestem mam",
    "tr": "ve bir bu için ile ne nasıl mi mı değil var ben da de çok olarak en daha benim",
}
_LANGUAGES: dict[str, list[str]] = {}
"""The languages of each small word."""
for _language, _words in _LISTS.items():
    for _word in dict.fromkeys(_words.split()):
        _LANGUAGES.setdefault(_word, []).append(_language)


def language_of(text: str) -> str:
    """The language's code of two letters by ISO 639-1; empty if it cannot be told."""
    beginning = text[:_LOOKED_AT]
    if beginning.isascii():
        return _by_small_words(beginning)
    letters = max(1, sum(map(len, _WORD.findall(beginning))))
    for language, script in _SCRIPTS:
        if len(script.findall(beginning)) >= _LEAST_OF_LETTERS * letters:
            return language
    if len(_CYRILLIC.findall(beginning)) >= _LEAST_OF_LETTERS * letters:
        return "uk" if _UKRAINIAN.search(beginning) else "ru"
    return _by_small_words(beginning)


def _by_small_words(text: str) -> str:
    words = (_ASCII_WORD if text.isascii() else _WORD).findall(text.lower())
    if len(words) < _FEWEST_WORDS:
        return ""
    hits = Counter(chain.from_iterable([_LANGUAGES[word] for word in words if word in _LANGUAGES]))
    (best, most), (_, second) = (*hits.most_common(2), ("", 0), ("", 0))[:2]
    return best if most >= 2 and most >= _LEAST_SHARE * len(words) and most >= _LEAD * second else ""
