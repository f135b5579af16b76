"""What a command is given of the world: environment, directories, streams."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from ..errors import UsageError
from ..paths import Paths, default_paths
from ..settings import DEMO_PROFILE, KEY_NAMES, Profile, Settings, read_settings, resolve_profile
from ..store.database import Database, open_store

if TYPE_CHECKING:
    import argparse

    import httpx2

OpenFace = Callable[[Profile, Mapping[str, str]], int]
"""Opens the screen on a profile with the given environment; returns its exit code."""

ServeFace = Callable[[Sequence[str], int, Callable[[str], None]], int]
"""Serves the screen, with these flags, to browsers on a port of this machine; told how to say where it is."""

ShowFace = Callable[[Profile, Mapping[str, str], "Look"], Sequence[str]]
"""Draws one pane of the screen without a terminal; returns its lines."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be drawn."""

    pane: str
    width: int = 120
    height: int = 40
    keys: tuple[str, ...] = ()
    """Pressed once it is there, each after the one before has been answered."""
    timeout: float = 20.0
    """Seconds after which it is drawn as it is then."""


def _nowhere() -> TextIO:
    """Stands for a standard stream that the caller has closed, which Python gives as None."""
    return io.StringIO()


@dataclass(frozen=True, slots=True)
class Context:
    """A command's world. Tests hand in their own."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    out: TextIO = field(default_factory=lambda: sys.stdout or _nowhere())
    err: TextIO = field(default_factory=lambda: sys.stderr or _nowhere())
    input: TextIO = field(default_factory=lambda: sys.stdin or _nowhere())
    open_face: OpenFace | None = None
    serve_face: ServeFace | None = None
    show_face: ShowFace | None = None
    transport: httpx2.AsyncBaseTransport | None = None
    """How the service is reached; the network if left out."""
    offline: bool = False
    """Nobody may be asked: `transport` then refuses whatever would leave."""

    @property
    def paths(self) -> Paths:
        """Where things live."""
        return default_paths(self.environment)

    @property
    def settings(self) -> Settings:
        """The configuration file."""
        return read_settings(self.paths.config_file)

    def say(self, text: str) -> None:
        """Talk to the person, on stderr."""
        from .text import clean_lines

        self.err.write(f"{clean_lines(text)}\n")
        self.err.flush()

    def confirm(self, question: str, yes: bool) -> None:
        """Ask before something is changed or paid for.

        Raises:
            UsageError: the answer is no, or nobody is there to ask.
        """
        if yes:
            return
        if not self.input.isatty():
            raise UsageError("Nobody is there to confirm this.", remedy="Give -y to do it without a question.")
        from .text import clean_lines

        self.err.write(f"{clean_lines(question)} [y/N] ")
        self.err.flush()
        if self.input.readline().strip().lower() not in ("y", "yes"):
            raise UsageError("Nothing was done.")


@dataclass(frozen=True, slots=True)
class Session:
    """A profile resolved for one command."""

    profile: Profile
    environment: Mapping[str, str] = field(repr=False)
    """What the credential is looked for in."""
    transport: httpx2.AsyncBaseTransport | None = None


def session_of(context: Context, name: str | None) -> Session:
    """The profile that a command is about.

    The demo profile points at the running local emulator and at nothing else, whatever the environment names.

    Raises:
        UsageError: there is no such profile, or the configuration cannot be read.
    """
    settings = context.settings
    if (name or context.environment.get("CUPOLA_PROFILE") or settings.default_profile) != DEMO_PROFILE:
        return Session(resolve_profile(settings, name, context.environment), context.environment, context.transport)
    return demo_session(context)


def profile_meant(options: argparse.Namespace, context: Context) -> Profile:
    """The profile that a command line is about; that of the demo where it says `--demo`.

    Raises:
        UsageError: there is no such profile, or the configuration cannot be read.
    """
    return session_of(context, DEMO_PROFILE if getattr(options, "demo", False) else options.profile).profile


def demo_session(context: Context) -> Session:
    """The demo's profile, with the address and key of its emulator if that has ever run."""
    from .demo.resource import announced

    resource = announced(context.paths)
    environment = {k: v for k, v in context.environment.items() if k not in KEY_NAMES}
    # The demo is reached as it is, whatever stands for the network; but not where nothing may be reached.
    forbidden = context.transport if context.offline else None
    if resource is None:
        return Session(resolve_profile(context.settings, DEMO_PROFILE, environment), environment, forbidden)
    profile = resolve_profile(context.settings, DEMO_PROFILE, environment, endpoint=resource.endpoint)
    return Session(profile, {**environment, KEY_NAMES[0]: resource.api_key}, forbidden)


@contextmanager
def store_of(context: Context, profile: Profile) -> Iterator[Database]:
    """The profile's store, open for as long as the block lasts."""
    database = open_store(context.paths.store(profile.name))
    try:
        yield database
    finally:
        database.close()
