"""The background process: `python -m cupola_tui.background`. Ends when its input does."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import BinaryIO

from cupola.models import Problem

from .frames import Answer, Ask, Drop, Frame, Step, pack, read

_Send = Callable[[Frame], None]


class _Inbox:
    """What was asked and not dropped since; read by a thread while the work goes on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._asked: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
        self._dropped: set[int] = set()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> Ask | None:
        """The next thing to do; None at the end."""
        while ask := self._asked.get():
            if ask.id not in self._dropped:
                return ask
            self._dropped.discard(ask.id)
        return None

    def is_dropped(self, ask_id: int) -> bool:
        """Whether nobody waits for it any more."""
        return self._ended or ask_id in self._dropped

    def _read(self) -> None:
        while frame := read(self._stream):
            if isinstance(frame, Drop):
                self._dropped.add(frame.id)
            elif isinstance(frame, Ask):
                self._asked.put(frame)
        self._ended = True
        self._asked.put(None)


def main() -> int:
    """Do what is asked, one thing after another."""
    # Frames go out on a copy of stdout; anything that prints by accident must not come between them.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    inbox = _Inbox(sys.stdin.buffer)

    def send(frame: Frame) -> None:
        out.write(pack(frame))
        out.flush()

    try:
        _serve(inbox, send)
    except BrokenPipeError:
        # The screen has gone.
        return 0
    return 0


def _serve(inbox: _Inbox, send: _Send) -> None:
    from cupola.errors import CupolaError

    from .desk import Desk, DroppedError

    desk = Desk()
    while ask := inbox.next():
        ask_id = ask.id

        def step(value: object, ask_id: int = ask_id) -> None:
            if inbox.is_dropped(ask_id):
                raise DroppedError
            if value is not None:
                send(Step(ask_id, value))

        try:
            send(Answer(ask_id, desk.do(ask.task, step)))
        except DroppedError:
            continue
        except CupolaError as error:
            send(Answer(ask_id, problem=error.problem))
        except Exception as error:  # noqa: BLE001  # the edge of the process, and it tells all
            # The process's edge: a fault over one file is told with all there is, and the next file is read.
            send(Answer(ask_id, problem=_fault(error)))


def _fault(error: Exception) -> Problem:
    return Problem(
        "Cupola has failed over this file.",
        f"{type(error).__name__}: {error}",
        "The file is as it was. Please report this, if you can with the file.",
        "".join(traceback.format_exception(error)),
    )


if __name__ == "__main__":
    sys.exit(main())
