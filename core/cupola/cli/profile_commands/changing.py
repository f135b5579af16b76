"""Verbs that write profiles, keep secrets and try connections."""

from __future__ import annotations

import argparse
import getpass
import json
from typing import Any

from ...errors import UsageError
from ...settings import CREDENTIALS
from ...settings.profile import SETTINGS
from ...settings.writing import remove_profile, save_profile, set_value, use_profile
from ..context import Context, session_of
from .finding import Findings, completed, look_around

_MARKS = {"danger": "show it in red", "readonly": "refuse there whatever changes something or is paid for"}


def add_setting_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting of a profile."""
    for name, kind in SETTINGS.items():
        flag = f"--{name.replace('_', '-')}"
        if kind == "bool":
            # Every command has a --readonly, which holds for that command alone.
            flag = "--mark-readonly" if name == "readonly" else flag
            parser.add_argument(flag, dest=f"set_{name}", action="store_true", help=_MARKS[name])
        elif name == "credential":
            parser.add_argument(flag, dest=f"set_{name}", choices=tuple(CREDENTIALS), help="how to prove who one is")
        elif kind == "float":
            parser.add_argument(flag, dest=f"set_{name}", type=float, metavar="USD")
        else:
            parser.add_argument(flag, dest=f"set_{name}", default="")


def add_profile(options: argparse.Namespace, context: Context) -> int:
    """Write a profile: what was given, filled up with what can be found."""
    given = {name: value for name in SETTINGS if (value := getattr(options, f"set_{name}")) not in ("", None, False)}
    words = {name: str(value) for name, value in given.items()}
    find = not (options.no_find or options.offline)
    found = look_around(context, words) if find else Findings(())
    values: dict[str, Any] = {**completed(words, found, options.account_name or ""), **given}
    values.setdefault("credential", "key" if found.has_key or not found.signed_in else "entra")
    if not values.get("endpoint"):
        seen = ", ".join(f"{one.resource_group}/{one.name}" for one in found.accounts)
        why = f"Accounts that the login sees: {seen}." if seen else found.problem
        remedy = "Choose one with --from GROUP/ACCOUNT." if seen else "Give --endpoint https://NAME.openai.azure.com."
        raise UsageError("No endpoint was given and none was found.", why, remedy)
    if options.dry_run:
        context.out.write(json.dumps({"profiles": {options.name: values}}, indent=2) + "\n")
        return 0
    file = context.paths.config_file
    save_profile(file, options.name, values, replace=options.replace)
    if options.use:
        use_profile(file, options.name)
    origins = {one.setting: one.origin for one in found.suggestions}
    context.say(f"Wrote profile {options.name} to {file}:")
    for name, value in values.items():
        origin = "as given" if name in given else origins.get(name, "ARM") if found.values.get(name) == value else "ARM"
        context.say(f"  {name} = {value}" + ("" if name == "credential" and name not in given else f"  ({origin})"))
    context.say(f"Try it: cupola profile test {options.name}")
    return 0


def use(options: argparse.Namespace, context: Context) -> int:
    """Make a profile the one that counts where none is named."""
    use_profile(context.paths.config_file, options.name)
    context.say(f"Profile {options.name} counts where none is named.")
    return 0


def remove(options: argparse.Namespace, context: Context) -> int:
    """Take a profile and its secrets out; what is stored under its name stays."""
    from ...azure.keyring_secrets import forget_secret
    from ...azure.sign_in import sign_in_name

    if options.name not in context.settings.profiles:
        raise UsageError(f"There is no profile {options.name!r}.", remedy="`cupola profile list` tells all.")
    store = context.paths.store(options.name)
    context.confirm(f"Remove profile {options.name} from the configuration? Its store stays at {store}.", options.yes)
    remove_profile(context.paths.config_file, options.name)
    for name in (options.name, sign_in_name(options.name)):
        forget_secret(name, environment=context.environment)
    context.say(f"Removed profile {options.name}. What was stored under it stays at {store}.")
    return 0


def key(options: argparse.Namespace, context: Context) -> int:
    """Keep a profile's key in the keyring, or forget it. It is typed or piped, never an argument."""
    from ...azure.keyring_secrets import forget_secret, keep_secret

    name = session_of(context, options.name or options.profile).profile.name
    if options.forget:
        gone = forget_secret(name, environment=context.environment)
        context.say(f"Forgot the key of profile {name}." if gone else f"The keyring holds no key of profile {name}.")
        return 0
    typed = getpass.getpass("Key: ", stream=context.err) if context.input.isatty() else context.input.readline()
    secret = typed.strip()
    if not secret:
        raise UsageError("No key was given.", remedy=f"Type it, or pipe it: cupola profile key {name} < FILE")
    keep_secret(name, secret, environment=context.environment)
    context.say(f"The keyring holds the key of profile {name}.")
    return 0


def sign_in(options: argparse.Namespace, context: Context) -> int:
    """Sign in with a code that is entered on any device."""
    from ...azure.credentials import scope_of
    from ...azure.keyring_secrets import keep_secret, look
    from ...azure.sign_in import Code, sign_in_by_code

    profile = session_of(context, options.name or options.profile).profile
    state = look(environment=context.environment)
    if options.session and context.out.isatty():
        raise UsageError("--session writes a secret to standard output, and that is a terminal.")
    if not options.session and not state.usable:
        raise UsageError(f"The sign-in could not be kept: the keyring is {state.kind}.", state.why, state.choices)

    def tell(code: Code) -> None:
        if options.output in ("json", "jsonl"):
            told = {"schema": "cupola.code/1", "address": code.address, "code": code.code, "seconds": code.seconds}
            context.out.write(json.dumps(told) + "\n")
            context.out.flush()
        else:
            context.say(f"Open {code.address} on any device and enter {code.code}")

    def keep(name: str, secret: str) -> None:
        if not options.session:
            keep_secret(name, secret, environment=context.environment)

    scope = profile.token_scope or scope_of(profile.endpoint, context.environment)
    kept = sign_in_by_code(profile, scope, tell, keep)
    if options.session:
        context.out.write(json.dumps({"schema": "cupola.sign_in/1", "sign_in": kept}) + "\n")
    if profile.name in context.settings.profiles and profile.credential != "device-code":
        set_value(context.paths.config_file, ["profiles", profile.name, "credential"], "device-code")
    context.say(f"Signed in for profile {profile.name}.")
    return 0
