"""Profiles: the resources that Cupola works with."""

from __future__ import annotations

import argparse
from dataclasses import fields

from ...settings import DEMO_PROFILE
from ..context import Context, session_of
from ..output import emit, emit_one


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("list", parents=[common], help="all profiles").set_defaults(run=list_)
    verbs.add_parser("show", parents=[common], help="one profile, and where each value came from").set_defaults(
        run=show
    )


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all profiles of the configuration file, and the demo's."""
    settings = context.settings
    names = sorted({*settings.profiles, settings.default_profile, DEMO_PROFILE})
    rows = [
        {
            "name": profile.name,
            "endpoint": profile.endpoint,
            "route": profile.route,
            "default": name == settings.default_profile,
        }
        for name in names
        for profile in [session_of(context, name).profile]
    ]
    emit(options, context.out, "cupola.profile/1", rows, ("name", "endpoint", "route", "default"), None)
    return 0


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one profile as it counts now."""
    profile = session_of(context, options.profile).profile
    row = {field.name: getattr(profile, field.name) for field in fields(profile) if field.name != "origins"}
    row["origins"] = dict(profile.origins)
    emit_one(options, context.out, "cupola.profile/1", row, None)
    return 0
