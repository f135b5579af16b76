"""The command `cupola`: without a noun the screen, with one the command line. Nothing heavy comes before that."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cupola.paths import Paths
    from cupola.settings import Profile
    from cupola.store.database import Database

    from .app import Preferences

_OWN_FLAGS = ("-p", "--profile", "--endpoint", "--theme")
"""Flags of the screen that take a value."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screen or the command line; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if _is_command(words):
        from cupola.cli import main as run_command

        return run_command(words, open_face=open_face)
    return _screen(words)


def open_face(profile: Profile, environment: Mapping[str, str], theme: str | None = None) -> int:
    """Open the screen on a profile; return the exit status.

    Raises:
        StoreError: the profile's store cannot be opened.
    """
    from cupola.paths import default_paths
    from cupola.store.database import open_store

    paths = default_paths(environment)
    database = open_store(paths.store(profile.name))
    try:
        return _run(profile, paths, database, _preferences(paths, theme), environment)
    finally:
        database.close()


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
    parser.add_argument("--theme", choices=("dark", "light"))
    flags = parser.parse_args(words)
    try:
        return _open(flags, os.environ)
    except CupolaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _open(flags: argparse.Namespace, environment: Mapping[str, str]) -> int:
    from cupola.paths import default_paths
    from cupola.settings import read_settings, resolve_profile

    settings = read_settings(default_paths(environment).config_file)
    profile = resolve_profile(settings, flags.profile, environment, endpoint=flags.endpoint)
    return open_face(profile, environment, flags.theme)


def _run(
    profile: Profile, paths: Paths, database: Database, preferences: Preferences, environment: Mapping[str, str]
) -> int:
    from .app import CupolaApp
    from .terminal import protected_stderr

    def start_worker() -> None:
        from cupola.worker.process import start

        if profile.endpoint:
            start(profile, environment, paths)

    def worker_running() -> bool:
        from cupola.worker.process import status

        return status(profile.name, paths).running

    app = CupolaApp(
        profile,
        database,
        preferences=preferences,
        start_worker=start_worker,
        worker_running=worker_running,
    )
    with protected_stderr(paths.log("screen")):
        words = app.run()
    if words:
        sys.stdout.write(f"{words}\n")
    return app.return_code or 0


def _preferences(paths: Paths, theme: str | None) -> Preferences:
    """Theme and keys from the configuration, whose profiles `cupola.settings` reads."""
    import tomllib

    from .app import Preferences

    try:
        document = tomllib.loads(paths.config_file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        document = {}
    keys = document.get("keys", {})
    chosen = theme or document.get("theme")
    return Preferences(
        {str(name): str(key) for name, key in keys.items()} if isinstance(keys, dict) else {},
        chosen if isinstance(chosen, str) else "dark",
    )
