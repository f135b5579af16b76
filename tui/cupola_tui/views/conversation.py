"""A row as a conversation in lines: roles coloured, tool calls as code, images as name, dimensions and size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

from ..background.tasks import Conversation, Passage, Picture, Thumbnail
from ..lines import Line, Span, line, visible, wrapped
from .datasets import size_words
from .words import count

_BAR = "▎"
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function", "field"})


def role_ink(role: str) -> str:
    """The ink of a role, whatever a file calls it."""
    return f"role-{role}" if role in _ROLES else "warn"


def head_line(conversation: Conversation, words: str) -> Line:
    """Which row it is."""
    return line(
        ("row ", "muted"),
        (f"{conversation.row + 1:,}", "bold"),
        (f" of {conversation.rows:,} · line {conversation.line:,} · {size_words(conversation.bytes)}", "muted"),
        (f" · {count(len(conversation.passages), 'part')}", "muted"),
        "  ",
        (f"/{words}" if words else "", "match"),
    )


def conversation_lines(conversation: Conversation, width: int, words: str = "") -> list[Line]:
    """Every message laid out for a width; `words` are marked wherever they stand."""
    pattern = re.compile(re.escape(visible(words)), re.IGNORECASE) if words else None
    out: list[Line] = []
    if conversation.broken:
        out += [*wrapped(f"✗ This row cannot be read: {conversation.broken}", width, "bad", "  "), line("")]
    for passage in conversation.passages:
        out += [*_passage_lines(passage, width, pattern), line("")]
    return out[:-1]


def folded(text: str, width: int) -> list[str]:
    """A text broken at its own line ends and at the width, between words where there are any; made safe to show."""
    return [piece for raw in text.split("\n") for piece in _pieces(visible(raw.expandtabs(4)), width)]


def _pieces(text: str, width: int) -> Iterator[str]:
    start = 0
    while True:
        piece = text[start : start + width]
        if not piece.isascii():
            # Of wide characters fewer have room.
            while len(piece) > 1 and cell_len(piece) > width:
                piece = piece[:-1]
        if start + len(piece) >= len(text):
            yield piece
            return
        cut = piece.rfind(" ")
        if cut > width // 3 and text[start + len(piece)] != " ":
            piece = piece[: cut + 1]
        yield piece.rstrip()
        start += len(piece)


def _passage_lines(passage: Passage, width: int, pattern: re.Pattern[str] | None) -> list[Line]:
    ink = role_ink(passage.role)
    bar = Span(f"{_BAR} ", ink)
    title = visible(passage.role) or "as it is"
    out: list[Line] = [(bar, Span(title, f"{ink} bold"), Span(f"  {passage.note}" if passage.note else "", "muted"))]
    room = max(8, width - 2)
    if passage.text:
        out += [(bar, *_marked(text, pattern)) for text in folded(passage.text, room)]
    for code in passage.code:
        pieces = folded(code, room - 2)
        out += [
            (bar, Span("⚙ " if number == 0 else "  ", "accent"), *_marked(text, pattern, "code"))
            for number, text in enumerate(pieces)
        ]
    for picture in passage.pictures:
        out.append((bar, *_picture(picture)))
        if picture.thumbnail is not None:
            out += [(bar, *pixels) for pixels in thumbnail_lines(picture.thumbnail)]
    return out


def thumbnail_lines(drawn: Thumbnail) -> list[Line]:
    """A small image in half blocks: the upper of two pixels is the block, the lower its ground."""
    stride = 3 * drawn.width
    lines = [drawn.pixels[start : start + stride] for start in range(0, len(drawn.pixels), stride)]
    out: list[Line] = []
    for number in range(0, drawn.height, 2):
        spans: list[Span] = []
        below = lines[number + 1] if number + 1 < drawn.height else None
        for place in range(0, stride, 3):
            ground = f" on #{below[place : place + 3].hex()}" if below else ""
            ink = f"#{lines[number][place : place + 3].hex()}{ground}"
            if spans and spans[-1].ink == ink:
                spans[-1] = Span(f"{spans[-1].text}▀", ink)
            else:
                spans.append(Span("▀", ink))
        out.append(tuple(spans))
    return out


def _picture(picture: Picture) -> Line:
    facts = [picture.type]
    if picture.width is not None and picture.height is not None:
        facts.append(f"{picture.width:,}×{picture.height:,}")
    if picture.bytes is not None:
        facts.append(size_words(picture.bytes))
    if picture.undrawn:
        facts.append(picture.undrawn)
    return line(("▣ ", "accent"), (picture.name, "bold"), (f"  {' · '.join(facts)}", "muted"))


def _marked(text: str, pattern: re.Pattern[str] | None, ink: str = "") -> list[Span]:
    if pattern is None:
        return [Span(text, ink)]
    out: list[Span] = []
    end = 0
    for match in pattern.finditer(text):
        out += [Span(text[end : match.start()], ink), Span(match[0], "match")]
        end = match.end()
    return [*out, Span(text[end:], ink)]
