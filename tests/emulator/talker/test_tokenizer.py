from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.talker.tokenizer import MARKS, Tokenizer, pieces, shipped_tokenizer
from cupola.emulator.talker.vocabulary import train_vocabulary


@given(st.text())
def test_any_text_comes_back_unchanged(text: str) -> None:
    tokenizer = shipped_tokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(st.text(alphabet=st.sampled_from("ab \n\t01_-é漢🙂\x00")))
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(st.text())
def test_no_text_can_forge_a_mark(text: str) -> None:
    assert MARKS.isdisjoint(shipped_tokenizer().encode(text))


def test_a_lone_surrogate_is_encoded_and_shown_as_a_replacement() -> None:
    tokenizer = shipped_tokenizer()
    assert "\ufffd" in tokenizer.decode(tokenizer.encode("a\ud800b"))


def test_digits_stay_apart_so_that_numbers_can_be_copied() -> None:
    tokenizer = shipped_tokenizer()
    assert len(tokenizer.encode("4821")) == 4


def test_training_merges_the_most_frequent_pair_first() -> None:
    trained = train_vocabulary(["abab abab", "cd"], merges=1)
    assert trained.merges == ((ord("a"), ord("b")),)


def test_training_stops_when_nothing_repeats() -> None:
    assert train_vocabulary(["abc"], merges=10).merges == ()


def test_trained_merges_shorten_their_corpus() -> None:
    corpus = ["the opening hours of the store", "the hours of the other store"]
    trained = train_vocabulary(corpus, merges=30)
    assert len(trained.encode(corpus[0])) < len(Tokenizer([]).encode(corpus[0])) / 2
    assert trained.decode(trained.encode(corpus[0])) == corpus[0]
