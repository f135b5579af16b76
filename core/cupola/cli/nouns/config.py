"""The configuration file: show, path, set, unset."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ...settings import ENVIRONMENT_NAMES
from ...settings.profile import SETTINGS
from ...settings.writing import path_of, set_value, unset_value
from ..context import Context, session_of
from ..output import emit, emit_one

_BUILT_IN = {"theme": "dark", "keymap": "default", "line": "auto"}
_APART = ("profiles", "defaults", "default")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    shown = verbs.add_parser("show", parents=[common], help="every setting as it counts now")
    shown.add_argument("--origin", action="store_true", help="and where it came from")
    shown.set_defaults(run=show)
    verbs.add_parser("path", parents=[common], help="where the file lies").set_defaults(run=path)
    change = verbs.add_parser("set", parents=[common], help="set a value, such as profiles.prod.region eastus2")
    change.add_argument("setting", metavar="SETTING")
    change.add_argument("value", metavar="VALUE")
    change.set_defaults(run=set_)
    gone = verbs.add_parser("unset", parents=[common], help="take a value or a table out")
    gone.add_argument("setting", metavar="SETTING")
    gone.set_defaults(run=unset)


def show(options: argparse.Namespace, context: Context) -> int:
    """Print every setting with the value that counts."""
    columns = ("setting", "value", "origin") if options.origin else ("setting", "value")
    emit(options, context.out, "cupola.setting/1", list(_rows(options, context)), columns, None)
    return 0


def path(options: argparse.Namespace, context: Context) -> int:
    """Print the path of the file."""
    file = context.paths.config_file
    if options.output == "table" and not options.query:
        context.out.write(f"{file}\n")
    else:
        emit_one(options, context.out, "cupola.config/1", {"path": str(file), "exists": file.exists()}, None)
    return 0


def set_(options: argparse.Namespace, context: Context) -> int:
    """Set one value."""
    file, where = context.paths.config_file, path_of(options.setting)
    set_value(file, where, options.value)
    context.say(f"Set {options.setting} in {file}.")
    if len(where) == 1 and where[0] in SETTINGS:
        context.say(f"Nothing reads it there: write defaults.{where[0]}, or profiles.NAME.{where[0]}.")
    return 0


def unset(options: argparse.Namespace, context: Context) -> int:
    """Take one value out."""
    file = context.paths.config_file
    unset_value(file, path_of(options.setting))
    context.say(f"Unset {options.setting} in {file}.")
    return 0


def _rows(options: argparse.Namespace, context: Context) -> Iterator[dict[str, Any]]:
    settings, profile = context.settings, session_of(context, options.profile).profile
    chosen = "command line" if options.profile else _chosen_by(context)
    yield {"setting": "profile", "value": profile.name, "origin": chosen}
    for name in SETTINGS:
        names = ", ".join(ENVIRONMENT_NAMES.get(name, ()))
        origin = profile.origins.get(name, "built in")
        yield {"setting": name, "value": getattr(profile, name), "origin": origin, "environment": names}
    for name, value in {**_BUILT_IN, **settings.document}.items():
        if name not in _APART:
            origin = str(settings.file) if name in settings.document else "built in"
            yield from _flat(name, value, origin)


def _chosen_by(context: Context) -> str:
    if context.environment.get("CUPOLA_PROFILE"):
        return "environment CUPOLA_PROFILE"
    settings = context.settings
    return str(settings.file) if "default" in settings.document else "built in"


def _flat(name: str, value: Any, origin: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for part, inner in value.items():
            quoted = part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'
            yield from _flat(f"{name}.{quoted}", inner, origin)
    else:
        plain = value if isinstance(value, str | bool | int | float | list) else str(value)
        yield {"setting": name, "value": plain, "origin": origin}
