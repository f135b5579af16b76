from __future__ import annotations

import importlib.util
import itertools
import json
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.chunks import Chunk, chunks_of
from cupola.datasets.documents import Section, read_document, read_documents
from cupola.datasets.lines import DatasetError
from cupola.datasets.raft import (
    Mix,
    Question,
    as_answer,
    distractors,
    documents,
    evidence_of,
    stands_in,
    training_rows,
)
from cupola.datasets.retrieval import Index
from cupola_data.zava.handbook import DIRECTORY, write_samples

TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)


def test_markdown_is_read_as_sections_under_their_headings(tmp_path: Path) -> None:
    path = tmp_path / "care.md"
    path.write_text(
        "Before.\n\n# Care\n\nOil **it** [often](http://x).\nAgain.\n\n"
        "## Oak #\n\n```\n# no heading\n```\n\n# Returns\nBring it."
    )

    assert read_document(path) == [
        Section("care.md", "", "Before."),
        Section("care.md", "Care", "Oil it often. Again."),
        Section("care.md", "Care > Oak", "# no heading"),
        Section("care.md", "Returns", "Bring it."),
    ]


def test_html_is_read_without_scripts_and_navigation(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<html><head><title>T</title><style>p{}</style></head><body><nav>Menu</nav><h1>Care &amp; more</h1>"
        "<p>Oil it.</p><script>alert('x')</script><p>Dry <b>it</b>.</p><h2>Oak</h2><ul><li>One<li>Two</ul></body>"
    )

    assert read_document(path) == [
        Section("page.html", "Care & more", "Oil it.\n\nDry it."),
        Section("page.html", "Care & more > Oak", "One\n\nTwo"),
    ]


def test_a_directory_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Second.")
    (tmp_path / "a.md").write_text("First.")
    (tmp_path / "c.exe").write_text("No document.")

    assert [section.text for section in read_documents([tmp_path])] == ["First.", "Second."]


def test_documents_that_cannot_be_read_are_said_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xe4\xf6")
    (tmp_path / "empty.md").write_text("# Only a heading\n")

    for path, words in (("latin.txt", "not UTF-8"), ("missing.md", "cannot be read"), ("a.docx", "no known kind")):
        with pytest.raises(DatasetError, match=words):
            read_documents([tmp_path / path])
    with pytest.raises(DatasetError, match="no text"):
        read_documents([tmp_path / "empty.md"])


def pdf(text: str) -> bytes:
    """A PDF of one page."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + table + trailer


def test_a_pdf_is_read_page_by_page_or_its_library_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "care.pdf"
    path.write_bytes(pdf("Oil the oak twice."))

    if importlib.util.find_spec("pypdf") is None:
        with pytest.raises(DatasetError, match="library that reads them is not installed"):
            read_document(path)
        return
    assert read_document(path) == [Section("care.pdf", "page 1", "Oil the oak twice.")]
    path.write_bytes(b"%PDF-1.4\nbroken")
    with pytest.raises(DatasetError, match="cannot be read as a PDF"):
        read_document(path)


@given(st.lists(TEXTS, max_size=4), st.integers(40, 200), st.integers(0, 2))
def test_no_chunk_is_too_long_and_no_word_is_lost(texts: list[str], size: int, overlap: int) -> None:
    sections = [Section("a.txt", f"part {number}", text) for number, text in enumerate(texts)]

    found = chunks_of(sections, size, overlap)

    assert all(0 < len(chunk.text) <= size for chunk in found)
    assert [chunk.place for chunk in found] == list(range(len(found)))
    if not overlap:
        for section in sections:
            # A section that repeats itself is one chunk; without repetitions nothing is lost.
            said = "".join("".join(chunk.text.split()) for chunk in found if chunk.title == section.title)
            assert set(said) == set("".join(section.text.split()))


def test_a_long_section_is_cut_at_sentences_and_begins_with_the_last_one_where_it_overlaps() -> None:
    text = "One is the first sentence. Two is the second one. Three is the third one."
    section = Section("a.txt", "Counting", text)

    assert [chunk.text for chunk in chunks_of([section], 55)] == [
        "One is the first sentence. Two is the second one.",
        "Three is the third one.",
    ]
    assert [chunk.text for chunk in chunks_of([section], 55, 1)][1] == "Two is the second one. Three is the third one."
    with pytest.raises(DatasetError):
        chunks_of([section], 5)


def test_the_nearest_text_shares_the_rarest_words() -> None:
    index = Index(["Oil the oak worktop twice.", "Oil the hinge.", "Paint the wall.", ""])

    assert index.nearest("How often is OAK oiled, the worktop?")[0] == 0
    assert index.nearest("hinge")[0] == 1
    assert sorted(index.nearest("nothing of it")) == [0, 1, 2, 3]
    assert Index([]).nearest("x") == []


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("Oil an oak worktop", True),
        ('"oil an  OAK worktop…"', True),
        ("Oil a oak worktop", False),
        ("worktop every", False),
        ("", False),
        ("...", False),
    ],
)
def test_a_quote_must_stand_in_the_document_word_for_word(quote: str, stands: bool) -> None:
    assert stands_in(quote, "Worktops: Oil an oak\nworktop every 6 months.") is stands


@given(TEXTS.filter(lambda text: "##" not in text), TEXTS.filter(lambda text: "##" not in text))
def test_an_answer_is_taken_apart_as_it_was_put_together(answer: str, quote: str) -> None:
    found = evidence_of(as_answer(answer, quote))

    assert found.answer == answer.strip()
    assert found.quote == quote.strip()
    assert evidence_of("no marks at all ").answer == "no marks at all"


CHUNKS = [Chunk("a.md", f"Part {n}", f"The part number {n} is {n * 7} long.", n) for n in range(9)]
QUESTIONS = [
    Question(f"How long is part {n % 9}, try {n}?", n % 9, f"{n % 9 * 7}.", CHUNKS[n % 9].text) for n in range(40)
]


def test_rows_are_mixed_by_the_shares_and_quotes_are_taught_only_where_they_can_be_read() -> None:
    mix = Mix(distractors=3, oracle=0.5, closed=0.25)

    rows = training_rows(QUESTIONS, CHUNKS, "Answer.", mix, 7)

    kinds: Counter[str] = Counter()
    for question, row in zip(QUESTIONS, rows, strict=True):
        system, user, answer = (message["content"] for message in row["messages"])
        shown = system.splitlines()[1:]
        holds = CHUNKS[question.oracle].shown in shown
        kinds["oracle" if holds else "apart" if shown else "closed"] += 1
        assert user == question.text
        assert len(shown) <= 3 + holds
        assert (evidence_of(answer).quote == question.quote) is holds
        assert evidence_of(answer).answer == question.answer
    assert kinds == {"oracle": 20, "closed": 10, "apart": 10}
    assert rows == training_rows(QUESTIONS, CHUNKS, "Answer.", mix, 7)
    assert rows != training_rows(QUESTIONS, CHUNKS, "Answer.", mix, 8)


def test_copies_of_a_question_are_of_different_kinds() -> None:
    rows = training_rows(QUESTIONS, CHUNKS, "Answer.", Mix(oracle=0.5, closed=0.5, copies=2), 7)

    assert len(rows) == 80
    for place in range(40):
        systems = [rows[place + copy * 40]["messages"][0]["content"] for copy in range(2)]
        assert sorted(system == "Answer." for system in systems) == [False, True]


@given(st.integers(0, 8), st.integers(0, 8), st.sampled_from(["likeness", "chance"]), st.integers(0, 5))
def test_fewer_distractors_are_among_more_and_never_the_oracle(few: int, many: int, by: str, seed: int) -> None:
    few, many = sorted((few, many))
    index = Index([chunk.shown for chunk in CHUNKS])
    choice = "likeness" if by == "likeness" else "chance"

    first = distractors(index, "How long is part 3?", 3, few, choice, seed)
    more = distractors(index, "How long is part 3?", 3, many, choice, seed)

    assert more[:few] == first
    assert 3 not in more
    assert len(more) == many


def test_the_place_of_the_oracle_says_nothing() -> None:
    places = Counter(documents(CHUNKS, [4, 0, 1, 2], seed).splitlines().index(CHUNKS[4].shown) for seed in range(400))

    assert all(70 < places[place] < 130 for place in range(4))


def test_zavas_questions_are_proved_by_the_handbook_and_asked_once(tmp_path: Path) -> None:
    write_samples(tmp_path)
    text = (DIRECTORY / "questions.jsonl").read_text("utf-8")
    chunks = chunks_of(read_documents([DIRECTORY / "handbook.md"]), 200)
    rows = [json.loads(line) for line in text.splitlines()]

    assert (tmp_path / "questions.jsonl").read_text("utf-8") == text
    assert len({row["question"].casefold() for row in rows}) == len(rows)
    for row in rows:
        assert len([chunk for chunk in chunks if stands_in(row["quote"], chunk.shown)]) == 1
        assert all(fact.casefold() in row["answer"].casefold() for fact in row["facts"])
    assert {row["quote"] for row in rows if row["split"] == "test"} == {row["quote"] for row in rows}


@given(
    st.lists(st.lists(st.sampled_from(["oil", "oak", "hinge", "wall", "paint"]), max_size=8), min_size=1, max_size=6),
    st.lists(st.sampled_from(["oil", "oak", "hinge", "wall", "paint", "other"]), min_size=1, max_size=4),
)
def test_texts_are_ranked_by_the_published_formula(texts: list[list[str]], question: list[str]) -> None:
    mean = max(sum(map(len, texts)) / len(texts), 1.0)

    def score(text: list[str]) -> float:
        total = 0.0
        for word in set(question):
            holders = sum(word in other for other in texts)
            weight = math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
            often = text.count(word)
            total += weight * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * len(text) / mean)) if often else 0.0
        return total

    order = Index([" ".join(text) for text in texts]).nearest(" ".join(question))

    scores = [score(texts[place]) for place in order]
    assert all(first >= second - 1e-9 for first, second in itertools.pairwise(scores))
    assert sorted(order) == list(range(len(texts)))
