"""The way from the app to its terminal: frames leave when the line has room, and are dropped rather than queued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual import events
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual._context import visible_screen_stack
from textual.app import App
from textual.driver import Driver
from textual.message import Message
from textual.strip import Strip

from .frames import Shown
from .line_pace import LinePace
from .terminal import SentMeter, metered

_LAST_ANSWER_SECONDS = 1.0
"""At most so long the end waits for an answer that would else be typed into the shell."""


class Outlet:
    """Stands between Textual's updates and its driver. The hooks are Textual 8's own and private.

    On a good line Textual's partial updates pass as they are, and whole screens are encoded with few style codes. On a
    slow line, on one not yet known, and where the pseudo-terminal does not drain, updates are only noted; when the
    line has room again, what differs then between the screen and what the terminal shows is sent.
    """

    def __init__(self, app: App[Any], meter: SentMeter, pace: LinePace, erases: bool = True) -> None:
        self._app, self._meter, self.pace = app, meter, pace
        self._shown = Shown(erases)
        self._wanted = False
        self._waiting = False

    def driver(self, base: type[Driver]) -> type[Driver]:
        """The driver's class, counting what it writes and catching what the terminal answers."""
        return _timed(metered(base, self._meter), self.pace, self._began, self._answered)

    def takes(self, renderable: object) -> bool:
        """Whether one of Textual's updates leaves by itself later; False if the caller is to send it now."""
        if not isinstance(renderable, CompositorUpdate) or not self._drawing:
            return False
        if isinstance(renderable, LayoutUpdate) or self.pace.paced or self._wanted:
            self._wanted = True
            self._try(
                [Strip.join(line) for line in renderable.strips] if isinstance(renderable, LayoutUpdate) else None
            )
            return True
        self._shown.forget()
        return False

    def sent(self) -> None:
        """An update was sent by the caller; the line may be asked how it is."""
        if self._drawing and (question := self.pace.sent()):
            self._write(question)

    def say(self, sequence: str) -> None:
        """Write what is not part of the picture: a notice, a title."""
        if sequence and self._drawing and not self._in_browser:
            self._write(sequence)

    @property
    def _drawing(self) -> bool:
        app = self._app
        return app._running and not app._closed and not app.is_headless and app._driver is not None

    @property
    def _in_browser(self) -> bool:
        return self._app._driver is not None and self._app._driver.is_web

    def _try(self, rendered: list[Strip] | None = None) -> None:
        """Send a frame if one is wanted and the line has room; `rendered` is the screen as it is now."""
        if not self._wanted or not self._drawing or self._app._batch_count:
            return
        wait = self.pace.wait()
        if wait > 0:
            if not self._waiting:
                self._waiting = True
                self._app.set_timer(min(wait, 1.0), self._again)
            return
        self._wanted = False
        app = self._app
        if rendered is None:
            visible_screen_stack.set(app._background_screens)
            rendered = app.screen._compositor.render_strips()
        frame = self._shown.become(rendered, _colours(app))
        if frame:
            app._begin_update()
            self._write(frame)
            app._end_update()
            if question := self.pace.sent():
                self._write(question)

    def _again(self) -> None:
        self._waiting = False
        self._try()

    def _began(self) -> None:
        """The terminal was taken, or taken again: nothing is known of what it shows."""
        self.pace.began()
        self._shown.forget()

    def _answered(self) -> None:
        """Called from the thread that reads the terminal."""
        self.pace.answered()
        loop = self._app._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._try)

    def _write(self, text: str) -> None:
        if self._app._driver is not None:
            self._app._driver.write(text)
            self._app._driver.flush()


def _colours(app: App[Any]) -> ColorSystem | None:
    name = app.console.color_system
    return COLOR_SYSTEMS[name] if name else None


class _Counted:
    """A file that says how much of what it was given it has passed on."""

    def __init__(self, file: Any, passed: Callable[[int], None]) -> None:
        self._file, self._passed = file, passed
        self._unflushed = 0

    def write(self, text: str) -> int:
        self._unflushed += len(text.encode("utf-8", "replace"))
        return int(self._file.write(text))

    def flush(self) -> None:
        self._file.flush()
        count, self._unflushed = self._unflushed, 0
        self._passed(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _timed(
    driver: type[Driver], pace: LinePace, began: Callable[[], None], answered: Callable[[], None]
) -> type[Driver]:
    """A driver that knows how much the terminal has still to take, and asks how long its answers take."""

    class TimedDriver(driver):  # type: ignore[misc, valid-type]  # The base is only known when the app runs.
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            file: Any = getattr(self, "_file", None)
            if file is not None:
                self._file = _Counted(file, self._passed)

        def _passed(self, count: int) -> None:
            pace.backlog = max(0, pace.backlog - count)

        def write(self, data: str) -> None:
            if isinstance(getattr(self, "_file", None), _Counted):
                pace.backlog += len(data.encode("utf-8", "replace"))
            super().write(data)

        def start_application_mode(self) -> None:
            super().start_application_mode()
            began()
            if getattr(self, "input_tty", False) and not self.is_web:
                self.write(pace.ask())
                self.flush()

        def stop_application_mode(self) -> None:
            pace.settle(_LAST_ANSWER_SECONDS)
            super().stop_application_mode()

        def process_message(self, message: Message) -> None:
            if isinstance(message, events.CursorPosition):
                answered()
                return
            super().process_message(message)

    return TimedDriver
