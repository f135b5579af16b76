"""Single rows of a file of any length: as a conversation, as JSON, by a text in them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cupola.datasets.index import LineIndex, open_index
from cupola.datasets.lines import DatasetError
from cupola.datasets.parsing import RowError, parse_row

from . import tasks
from .desk import Step
from .pictures import Room, image_url, picture_of

_KEPT = 4
_LONGEST_TEXT = 20_000
"""Characters of one message that are shown; the rest is counted."""
_LONGEST_RAW = 400_000
_MOST_PASSAGES = 500
_ASKED_EVERY = 64


class Readers:
    """Indexes of the files read last."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int, int], LineIndex] = OrderedDict()

    def conversation(self, task: tasks.ReadRow) -> tasks.Conversation:
        """A row to look at.

        Raises:
            DatasetError: the file has no rows or cannot be read.
        """
        index = self._index(task.path, task.index_folder)
        if not len(index):
            raise DatasetError(f"{Path(task.path).name} has no rows.", remedy="Add rows, one JSON object a line.")
        wanted = index.row_at(task.line) if task.line else task.row
        row = max(0, min(wanted, len(index) - 1))
        content = index.read(row)
        try:
            passages, broken = tuple(_passages(parse_row(content), task.pictures)), ""
        except RowError as error:
            passages, broken = (tasks.Passage("", _shortened(content.decode("utf-8", "backslashreplace"))),), str(error)
        return tasks.Conversation(row, len(index), index.line_of(row), len(content), passages, broken)

    def raw(self, task: tasks.ReadRaw) -> str:
        """A row's JSON, of a huge one its beginning."""
        content = self._index(task.path, task.index_folder).read(task.row)
        text = content[:_LONGEST_RAW].decode("utf-8", "backslashreplace")
        left = len(content) - _LONGEST_RAW
        return text if left <= 0 else f"{text}\n… {left:,} more bytes"

    def find(self, task: tasks.FindText, step: Step) -> int | None:
        """The row of the next match, or of the one before."""
        index = self._index(task.path, task.index_folder)
        if task.forward:
            after = next(index.search(task.text, task.start), None)
            return next(index.search(task.text), None) if after is None else after
        before = last = None
        for count, row in enumerate(index.search(task.text)):
            if count % _ASKED_EVERY == 0:
                step(None)
            before, last = row if row < task.start else before, row
        return last if before is None else before

    def _index(self, path: str, folder: str) -> LineIndex:
        try:
            state = Path(path).stat()
        except OSError as error:
            raise DatasetError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
        key = (path, state.st_size, state.st_mtime_ns)
        if key not in self._open:
            self._open[key] = open_index(Path(path), Path(folder))
        self._open.move_to_end(key)
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)
        return self._open[key]


def _passages(row: Mapping[str, Any], room: Room | None) -> Iterator[tasks.Passage]:
    """A row's messages in order, whatever its format, then its other fields."""
    shown = {"messages", "input", "preferred_output", "non_preferred_output"}
    listed = list(_messages(row.get("messages"), "", room))
    given = row.get("input")
    if isinstance(given, Mapping):
        listed += _messages(given.get("messages"), "", room)
        listed += _fields({key: value for key, value in given.items() if key != "messages"})
    elif given is not None:
        listed += _fields({"input": given})
    listed += _messages(row.get("preferred_output"), "preferred", room)
    listed += _messages(row.get("non_preferred_output"), "not preferred", room)
    listed += _fields({key: value for key, value in row.items() if key not in shown})
    yield from listed[:_MOST_PASSAGES]
    if len(listed) > _MOST_PASSAGES:
        yield tasks.Passage("", f"… {len(listed) - _MOST_PASSAGES:,} more messages")


def _messages(messages: object, note: str, room: Room | None) -> list[tasks.Passage]:
    if messages is None:
        return []
    if not isinstance(messages, list):
        return [tasks.Passage("?", _as_json(messages), "not a list of messages")]
    return [_message(message, note, room) for message in messages[: _MOST_PASSAGES + 1]]


def _message(message: object, note: str, room: Room | None) -> tasks.Passage:
    if not isinstance(message, Mapping):
        return tasks.Passage("?", _as_json(message), "not a message")
    role = message.get("role")
    notes = [note] if note else []
    notes += [
        f"{key.replace('_', ' ')} {_shortened(str(message[key]), 60)}"
        for key in ("name", "weight", "tool_call_id")
        if message.get(key) is not None
    ]
    text, pictures = _content(message.get("content"), room)
    if isinstance(message.get("refusal"), str):
        text, notes = f"{text}{_shortened(message['refusal'])}", [*notes, "refusal"]
    return tasks.Passage(
        _shortened(role, 40) if isinstance(role, str) else "?", text, ", ".join(notes), tuple(_calls(message)), pictures
    )


def _content(content: object, room: Room | None) -> tuple[str, tuple[tasks.Picture, ...]]:
    if content is None:
        return "", ()
    if isinstance(content, str):
        return _shortened(content), ()
    if not isinstance(content, list):
        return _as_json(content), ()
    texts: list[str] = []
    pictures: list[tasks.Picture] = []
    for part in content:
        url = image_url(part)
        if url is not None:
            pictures.append(picture_of(url, len(pictures) + 1, room))
        elif isinstance(part, Mapping) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            texts.append(_as_json(part))
    return _shortened("\n".join(texts)), tuple(pictures)


def _calls(message: Mapping[str, Any]) -> Iterator[str]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        yield _call(function) if isinstance(function, Mapping) else _as_json(call)
    if isinstance(message.get("function_call"), Mapping):
        yield _call(message["function_call"])


def _call(function: Mapping[str, Any]) -> str:
    """`name(a=1, b="x")`, or with the arguments as they are where they are no object."""
    name, arguments = function.get("name"), function.get("arguments")
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, Mapping):
        inside = ", ".join(f"{key}={_as_json(value)}" for key, value in given.items())
    else:
        inside = str(arguments)
    return _shortened(f"{name}({inside})", 4_000)


def _fields(fields: Mapping[str, Any]) -> list[tasks.Passage]:
    return [
        tasks.Passage(
            "field", value if isinstance(value, str) and len(value) <= _LONGEST_TEXT else _as_json(value), str(key)
        )
        for key, value in fields.items()
    ]


def _as_json(value: object) -> str:
    try:
        return _shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return f"({type(value).__name__} nested too deeply to show)"


def _shortened(text: str, most: int = _LONGEST_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most:,} more characters"
