"""Telling a person who has no screen open, by a command of theirs or a webhook: `[notify]` in the configuration."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import UsageError
from ..models import Problem
from ..settings import Settings
from ..store.notices import Notice
from ..terminals.sequences import Dialect

if TYPE_CHECKING:
    import httpx2

WEBHOOK_NAME = "CUPOLA_WEBHOOK"
"""The environment variable for a webhook's address, which often is a secret itself."""

KEYS = ("command", "webhook", "after_seconds", "terminal", "tmux")
"""What the table `[notify]` may say."""
_WAIT_SECONDS = 5.0
_LONGEST_WAIT = 3_600.0
_MOST_TMUX = 4
_PATIENCE_SECONDS = 15.0
_LONGEST_TEXT = 500
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "TMUX"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE"),
)
"""What of the environment the command is given: no key, no token."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is done with a notice that no screen has shown."""

    command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell; {title} and {text} in the arguments are filled in."""
    webhook: str = ""
    """An address that is sent the notice as JSON. Never printed."""
    after_seconds: float = _WAIT_SECONDS
    """How long a screen has time to show it first."""
    terminal: str = ""
    """The dialect in which screens tell their terminal, where the one that is found out is wrong."""
    tmux: int | None = None
    """Through how many tmux, one inside the other, the way to the terminal leads; None to find out."""

    @property
    def by(self) -> str:
        """Who tells: command, webhook, or nobody ("")."""
        return "command" if self.command else "webhook" if self.webhook else ""


def telling_of(settings: Settings, environment: Mapping[str, str]) -> Telling:
    """Read the table `[notify]`; a command goes before a webhook.

    Raises:
        UsageError: something in it is of the wrong kind.
    """
    table: Any = settings.document.get("notify", {})
    if not isinstance(table, dict):
        raise UsageError(f"In {settings.file}, notify must be a table.", remedy="Write it as [notify].")
    unknown = sorted(set(table) - set(KEYS))
    if unknown:
        raise UsageError(f"[notify] has an unknown setting {unknown[0]!r}.", f"Known settings: {', '.join(KEYS)}.")
    command = table.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) and word for word in command):
        raise UsageError(
            "[notify] command must be a list of words.",
            "It is run without a shell.",
            'Such as: command = ["notify-send", "{title}", "{text}"]',
        )
    wait = table.get("after_seconds", _WAIT_SECONDS)
    if type(wait) not in (int, float) or not 0 <= wait <= _LONGEST_WAIT:
        raise UsageError(f"[notify] after_seconds must be between 0 and {_LONGEST_WAIT:.0f}.")
    terminal, levels = table.get("terminal", ""), table.get("tmux")
    if terminal not in ("", *Dialect):
        raise UsageError(f"[notify] terminal must be one of {', '.join(Dialect)}.")
    if levels is not None and (type(levels) is not int or not 0 <= levels <= _MOST_TMUX):
        raise UsageError(f"[notify] tmux must be a number from 0 to {_MOST_TMUX}.")
    webhook = _webhook(environment.get(WEBHOOK_NAME) or table.get("webhook", ""))
    return Telling(tuple(command), webhook, float(wait), terminal, levels)


async def tell(
    telling: Telling,
    notice: Notice,
    environment: Mapping[str, str],
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Problem | None:
    """Tell one notice; return what went wrong, if something did. It is not tried twice."""
    if telling.command:
        return await _run(telling.command, notice, environment)
    return await _post(telling.webhook, notice, transport)


def plain(text: str) -> str:
    """A notice's text as others may be given it: one line, no control characters, not endless."""
    return _CONTROL.sub(" ", text)[:_LONGEST_TEXT]


def _webhook(address: object) -> str:
    if not address:
        return ""
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        parts = None
    local = parts is not None and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts is None or not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise UsageError(
            "The webhook for notices must be an https address.", remedy=f"Set {WEBHOOK_NAME}, or webhook in [notify]."
        )
    return parts.geturl()


def _fields(notice: Notice) -> dict[str, Any]:
    return {
        "schema": "cupola.notice/1",
        "id": notice.id,
        "at": notice.at,
        "kind": str(notice.kind),
        "target": plain(notice.target),
        "sort": notice.sort,
        "title": plain(notice.title),
        "text": plain(notice.text),
    }


async def _run(command: tuple[str, ...], notice: Notice, environment: Mapping[str, str]) -> Problem | None:
    filled = [_filled(word, notice) for word in command[1:]]
    given = {name: environment[name] for name in _PASSED_ON if name in environment}
    try:
        process = await asyncio.create_subprocess_exec(
            command[0],
            *filled,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=given,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Problem(f"The command for notices cannot be run: {command[0]!r}.", str(error), "See [notify] command.")
    try:
        await asyncio.wait_for(process.communicate(json.dumps(_fields(notice)).encode()), _PATIENCE_SECONDS)
    except TimeoutError:
        return Problem(f"The command for notices had not ended after {_PATIENCE_SECONDS:.0f} s and was stopped.")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        return Problem(f"The command for notices has failed with status {process.returncode}.")
    return None


def _filled(word: str, notice: Notice) -> str:
    """One argument; what is filled in is not looked through for more."""
    texts = {"{title}": plain(notice.title), "{text}": plain(notice.text)}
    return re.sub(r"\{title\}|\{text\}", lambda match: texts[match[0]], word)


async def _post(address: str, notice: Notice, transport: httpx2.AsyncBaseTransport | None) -> Problem | None:
    import httpx2

    try:
        async with httpx2.AsyncClient(transport=transport, timeout=_PATIENCE_SECONDS) as client:
            answer = await client.post(address, json=_fields(notice))
    except httpx2.HTTPError as error:
        # Its words may hold the address.
        return Problem("The webhook for notices cannot be reached.", f"{type(error).__name__}.")
    if answer.status_code >= 300:
        return Problem(f"The webhook for notices answered {answer.status_code}.")
    return None
