"""The command `cupola`: without a noun the screen, with one the command line. Nothing heavy comes before that."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cupola.cli.context import Look
    from cupola.paths import Paths
    from cupola.settings import Profile
    from cupola.store.database import Database
    from cupola.worker.process import Status

    from .preferences import Preferences
    from .screens.connect import Reopen

_OWN_FLAGS = ("-p", "--profile", "--endpoint", "--theme")
"""Flags of the screen that take a value."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screen or the command line; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if _is_command(words):
        from cupola.cli import main as run_command

        opened = None if _no_screen(os.environ) else open_face
        return run_command(words, open_face=opened, serve_face=_serve_face, show_face=_show_face)
    return _screen(words)


def open_face(
    profile: Profile,
    environment: Mapping[str, str],
    theme: str | None = None,
    *,
    offline: bool = False,
    read_only: bool = False,
) -> int:
    """Open the screen on a profile, then on the next one for as long as another is gone to; return the exit status.

    Raises:
        StoreError: the profile's store cannot be opened.
    """
    from cupola.cli.context import Context, session_of

    code, reopen = _open_once(profile, environment, theme, offline, read_only)
    while reopen is not None:
        if reopen.secrets:
            from cupola.paths import default_paths
            from cupola.worker.process import stop

            # A worker that runs already was given others, or none.
            stop(reopen.profile, default_paths(environment))
        session = session_of(Context({**environment, **reopen.secrets}), reopen.profile)
        code, reopen = _open_once(session.profile, session.environment, theme, offline, read_only)
    return code


def _open_once(
    profile: Profile, environment: Mapping[str, str], theme: str | None, offline: bool, read_only: bool
) -> tuple[int, Reopen | None]:
    from dataclasses import replace

    from cupola.paths import default_paths
    from cupola.settings import DEMO_PROFILE
    from cupola.store.database import open_store

    from .preferences import read_preferences

    paths = default_paths(environment)
    forbidden = read_only or profile.readonly or bool(environment.get("CUPOLA_READONLY"))
    database = open_store(paths.store(profile.name), read_only=forbidden)
    try:
        preferences = replace(read_preferences(paths.config_file, theme), offline=offline)
        if profile.name == DEMO_PROFILE:
            preferences = replace(preferences, tour=not paths.tour_seen.exists())
        return _run(profile, paths, database, preferences, environment)
    finally:
        database.close()


def _serve_face(flags: Sequence[str], port: int, say: Callable[[str], None]) -> int:
    from .browser.server import serve

    return serve(flags, port, say)


def _show_face(profile: Profile, environment: Mapping[str, str], look: Look) -> Sequence[str]:
    from .snapshot import snapshot

    return snapshot(profile, environment, look)


def _is_command(words: Sequence[str]) -> bool:
    """Whether there is a noun, or a flag that is answered in text."""
    rest = iter(words)
    for word in rest:
        if word in ("-h", "--help", "--version"):
            return True
        if not word.startswith("-"):
            return True
        if word in _OWN_FLAGS:
            next(rest, None)
    return False


def _screen(words: Sequence[str]) -> int:
    import gc

    # What start-up makes stays: looking through it for garbage is time lost before the first paint.
    gc.disable()
    from cupola.errors import CupolaError

    parser = argparse.ArgumentParser(prog="cupola", description="The screen. With a noun: the command line.")
    parser.add_argument("-p", "--profile")
    parser.add_argument("--endpoint", default="")
    parser.add_argument("--theme", choices=("dark", "light", "contrast"))
    parser.add_argument("--offline", action="store_true", help="ask nobody: show what is known locally")
    parser.add_argument("--readonly", action="store_true", help="change nothing: refuse every key that would")
    flags = parser.parse_args(words)
    try:
        return _open(flags, os.environ)
    except CupolaError as error:
        sys.stderr.write(f"cupola: {error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"cupola: {error.strerror or error}: {error.filename}.\n")
        return 1


def _no_screen(environment: Mapping[str, str]) -> str:
    from .suitable import refusal

    # Textual draws on the error stream.
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    return refusal(environment, all(stream is not None and stream.isatty() for stream in streams))


def _open(flags: argparse.Namespace, environment: Mapping[str, str]) -> int:
    from dataclasses import replace

    from cupola.cli.context import Context, session_of
    from cupola.errors import UsageError

    # The demo's profile is found at its emulator, with its key.
    session = session_of(Context(environment), flags.profile)
    profile = session.profile
    if flags.endpoint:
        origins = {**profile.origins, "endpoint": "command line"}
        profile = replace(profile, endpoint=flags.endpoint, origins=origins)
    if why := _no_screen(environment):
        raise UsageError(why)
    return open_face(profile, session.environment, flags.theme, offline=flags.offline, read_only=flags.readonly)


def _run(
    profile: Profile, paths: Paths, database: Database, preferences: Preferences, environment: Mapping[str, str]
) -> tuple[int, Reopen | None]:
    from cupola.settings import read_settings

    from .app import CupolaApp
    from .screens.connect_child import Connecting
    from .suitable import in_browser
    from .terminal import protected_stderr

    def start_worker() -> None:
        from cupola.worker.process import start

        start(profile, environment, paths)

    def worker_status() -> Status:
        from cupola.worker.process import status

        return status(profile.name, paths)

    app = CupolaApp(
        profile,
        database,
        preferences=preferences,
        start_worker=start_worker if profile.endpoint and not (preferences.offline or database.read_only) else None,
        worker_status=worker_status,
        environment=environment,
        tour_ended=paths.tour_seen.touch,
        connecting=None
        if preferences.offline or database.read_only
        else Connecting(environment, paths.config_file, has_profiles=bool(read_settings(paths.config_file).profiles)),
    )
    with protected_stderr(paths.log("screen")):
        words = app.run()
    if words and not in_browser(environment):
        sys.stdout.write(f"{words}\n")
    return app.return_code or 0, app.reopen
