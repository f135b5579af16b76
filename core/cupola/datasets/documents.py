"""Documents read as titled sections of plain text: Markdown, text, HTML and PDF."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from .lines import DatasetError

KINDS = (".md", ".markdown", ".txt", ".html", ".htm", ".pdf")
MOST_BYTES = 64 * 1024 * 1024
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_MARKS = ((re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"), (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
          (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"), (re.compile(r"`([^`]*)`"), r"\1"))  # fmt: skip
_SILENT = frozenset({"script", "style", "head", "nav", "template", "noscript", "svg"})
_BLOCKS = frozenset(
    {"p", "div", "li", "tr", "br", "section", "article", "table", "ul", "ol", "pre", "blockquote", "td"}
)


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of text under one heading. Its words are others': hostile until cleaned."""

    source: str
    """The file's name."""
    title: str
    """The headings that it stands under, outermost first, joined by " > "; "" where there are none."""
    text: str
    """Paragraphs, with an empty line between them."""


def read_documents(paths: Iterable[Path]) -> list[Section]:
    """Read files, and directories with all documents below them, in the order of their names.

    Raises:
        DatasetError: a file cannot be read or is of no known kind, or none holds text.
    """
    sections = [section for path in _files(paths) for section in read_document(path)]
    if not sections:
        raise DatasetError("The documents hold no text.", remedy=f"Give files of these kinds: {', '.join(KINDS)}.")
    return sections


def read_document(path: Path) -> list[Section]:
    """Read one document; errors as for `read_documents`."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise DatasetError(f"{path.name} is of no known kind.", remedy=f"Known: {', '.join(KINDS)}.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DatasetError(f"{path.name} is larger than {MOST_BYTES // 2**20} MB.", remedy="Divide it.")
        if kind == ".pdf":
            return _pdf(path)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} is not UTF-8.", str(error), "Save it as UTF-8.") from error
    if kind in (".html", ".htm"):
        return _html(path.name, text)
    return _markdown(path.name, text) if kind in (".md", ".markdown") else _sections(path.name, [((), text)])


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in KINDS)
        else:
            found.append(path)
    return found


def _markdown(source: str, text: str) -> list[Section]:
    parts: list[tuple[tuple[str, ...], str]] = []
    titles: list[str] = []
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        parts.append((tuple(titles), "\n".join(lines)))
        titles, lines = [*titles[: len(heading[1]) - 1], heading[2]], []
    parts.append((tuple(titles), "\n".join(lines)))
    return _sections(source, [(tuple(map(_unmarked, titles)), _unmarked(text)) for titles, text in parts])


def _unmarked(text: str) -> str:
    """Without marks of emphasis, links and code."""
    for pattern, by in _MARKS:
        text = pattern.sub(by, text)
    return text


def _sections(source: str, parts: Iterable[tuple[tuple[str, ...], str]]) -> list[Section]:
    found = []
    for titles, text in parts:
        paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
        if whole := "\n\n".join(filter(None, paragraphs)):
            found.append(Section(source, " > ".join(filter(None, titles)), whole))
    return found


class _Reader(HTMLParser):
    """Collects text under headings; scripts, styles and navigation are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[tuple[str, ...], str]] = []
        self._titles: list[str] = []
        self._text: list[str] = []
        self._silent = 0
        self._level = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif level := _level(tag):
            self.flush()
            self._level = level
        elif tag in _BLOCKS:
            self._text.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif _level(tag) and self._level:
            title = " ".join("".join(self._text).split())
            self._titles = [*self._titles[: self._level - 1], title]
            self._text, self._level = [], 0
        elif tag in _BLOCKS:
            self._text.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def flush(self) -> None:
        """End a section."""
        self.parts.append((tuple(self._titles), "".join(self._text)))
        self._text, self._level = [], 0


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0


def _html(source: str, text: str) -> list[Section]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.flush()
    return _sections(source, reader.parts)


def _pdf(path: Path) -> list[Section]:
    """Each page is a section."""
    try:
        pypdf: Any = importlib.import_module("pypdf")
    except ImportError as error:
        raise DatasetError(
            f"{path.name} is a PDF, and the library that reads them is not installed.",
            remedy="pip install pypdf, or save the document as text.",
        ) from error
    try:
        pages = [page.extract_text() or "" for page in pypdf.PdfReader(path).pages]
    except (pypdf.errors.PyPdfError, ValueError, KeyError, RecursionError) as error:
        raise DatasetError(f"{path.name} cannot be read as a PDF.", str(error)[:200], "Save it anew.") from error
    found = _sections(path.name, [((f"page {number}",), text) for number, text in enumerate(pages, start=1)])
    if not found:
        raise DatasetError(f"{path.name} holds no text.", "Its pages may be pictures.", "Recognise their text first.")
    return found
