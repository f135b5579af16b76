"""Profiles: the resources that Cupola works with."""

from __future__ import annotations

import argparse

from ..facts_output import examined
from ..profile_commands import changing, reading


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("list", parents=[common], help="all profiles").set_defaults(run=reading.list_)
    _add_add(verbs.add_parser("add", parents=[common], help="write a profile, filled up with what can be found"))
    find = "resources that the environment, azd, az's login and ARM know"
    verbs.add_parser("find", parents=[common], help=find).set_defaults(run=reading.find)
    for name, run, about in (
        ("show", reading.show, "one profile, and where each value came from"),
        ("test", examined, "what works: login, data plane, control plane, quota, roles, region, tunable models"),
    ):
        verb = verbs.add_parser(name, parents=[common], help=about)
        verb.add_argument("name", nargs="?", metavar="NAME")
        verb.set_defaults(run=run, connection_only=True)
    use = verbs.add_parser("use", parents=[common], help="make it the one that counts where none is named")
    use.add_argument("name", metavar="NAME")
    use.set_defaults(run=changing.use)
    remove = verbs.add_parser("remove", parents=[common], help="take it out; what is stored under its name stays")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")
    remove.set_defaults(run=changing.remove)
    key = verbs.add_parser("key", parents=[common], help="keep its key in the keyring; typed or piped")
    key.add_argument("name", nargs="?", metavar="NAME")
    key.add_argument("--forget", action="store_true", help="take the key out")
    key.set_defaults(run=changing.key)
    sign_in = verbs.add_parser("sign-in", parents=[common], help="sign in with a code entered on any device")
    sign_in.add_argument("name", nargs="?", metavar="NAME")
    sign_in.add_argument(
        "--session", action="store_true", help="keep it nowhere: hand it to the program that reads standard output"
    )
    sign_in.set_defaults(run=changing.sign_in)


def _add_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    changing.add_setting_flags(parser)
    parser.add_argument("--from", dest="account_name", metavar="[GROUP/]ACCOUNT", help="take this account of ARM's")
    parser.add_argument("--no-find", action="store_true", help="write only what is given")
    parser.add_argument("--replace", action="store_true", help="in place of the profile of that name")
    parser.add_argument("--use", action="store_true", help="make it the one that counts where none is named")
    parser.add_argument("--dry-run", action="store_true", help="print it, write nothing")
    parser.set_defaults(run=changing.add_profile)
