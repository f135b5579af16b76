"""Verbs that look at profiles."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from ...settings import DEMO_PROFILE
from ..context import Context, session_of
from ..output import emit, emit_one
from .finding import look_around

_SCHEMA = "cupola.profile/1"


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all profiles of the configuration file, and the demo's."""
    settings = context.settings
    names = sorted({*settings.profiles, settings.default_profile, DEMO_PROFILE})
    rows = [
        {
            "name": name,
            "endpoint": profile.endpoint,
            "route": profile.route,
            "credential": profile.credential,
            "region": profile.region,
            "danger": profile.danger,
            "default": name == settings.default_profile,
        }
        for name in names
        for profile in [session_of(context, name).profile]
    ]
    emit(options, context.out, _SCHEMA, rows, ("name", "endpoint", "credential", "region", "default"), None)
    return 0


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one profile as it counts now."""
    profile = session_of(context, options.name or options.profile).profile
    row = {field.name: getattr(profile, field.name) for field in fields(profile) if field.name != "origins"}
    row["origins"] = dict(profile.origins)
    emit_one(options, context.out, _SCHEMA, row, None)
    return 0


def find(options: argparse.Namespace, context: Context) -> int:
    """Print what the machine and the login know of resources."""
    found = look_around(context, {}, ask_arm=not options.offline)
    rows: list[dict[str, Any]] = [
        {
            "kind": "setting",
            "setting": one.setting,
            "value": one.value,
            "origin": one.origin,
            "contradicted_by": list(one.contradicted_by),
        }
        for one in found.suggestions
    ]
    rows += [
        {
            "kind": "account",
            "setting": f"{one.resource_group}/{one.name}",
            "value": one.endpoint,
            "origin": f"{one.kind} in {one.region}, {one.subscription_name or one.subscription_id}",
            "keys_allowed": one.keys_allowed,
            **one.settings,
        }
        for one in found.accounts
    ]
    emit(options, context.out, "cupola.found/1", rows, ("kind", "setting", "value", "origin"), None)
    for one in found.suggestions:
        if one.contradicted_by:
            context.say(f"{', '.join(one.contradicted_by)} says another {one.setting} and does not count.")
    if found.problem and not options.offline:
        context.say(f"The accounts could not be listed. {found.problem}")
    return 0
