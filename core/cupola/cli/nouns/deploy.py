"""Deployments: models that answer."""

from __future__ import annotations

import argparse

from ..deploy_commands import changing, reading


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    list_ = verbs.add_parser("list", parents=[common], help="what is deployed, what it costs, when it goes")
    list_.add_argument("--all", action="store_true", help="also those that are gone")
    list_.set_defaults(run=reading.list_)
    _named(verbs, common, "show", "one deployment with its history").set_defaults(run=reading.show)
    verbs.add_parser("quota", parents=[common], help="what may still be deployed").set_defaults(run=reading.quota)
    verbs.add_parser("models", parents=[common], help="what can be deployed").set_defaults(run=reading.models)
    verbs.add_parser("tiers", parents=[common], help="ways to deploy, and what each costs").set_defaults(
        run=reading.tiers
    )
    _add_create(_named(verbs, common, "create", "deploy a base model, a tuned model or a checkpoint"))
    remove = _named(verbs, common, "remove", "remove it for good; the model stays")
    _changes(remove, changing.remove)
    extend = _named(verbs, common, "extend", "set its fuse anew")
    extend.add_argument("--fuse", required=True, metavar="TIME", help="from now on, like 90m, 4h, 2d; or never")
    _changes(extend, changing.extend)
    scale = _named(verbs, common, "scale", "give it another capacity")
    scale.add_argument("capacity", type=int, help="in thousands of tokens a minute for the token tiers")
    _changes(scale, changing.scale)
    sweep = verbs.add_parser("sweep", parents=[common], help="remove what Cupola made and nothing needs any more")
    sweep.add_argument("--only", choices=("deployment", "file", "eval"), help="only such things")
    _changes(sweep, changing.sweep)


def _named(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser, name: str, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, parents=[common], help=about)
    parser.add_argument("name", help="the deployment's name")
    return parser


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="a base model, a tuned model or a checkpoint; `deploy models`")
    parser.add_argument("--tier", default=None, metavar="SKU", help="`deploy tiers`; DeveloperTier for tuned models")
    parser.add_argument("--capacity", type=int, default=50, help="in thousands of tokens a minute (default 50)")
    parser.add_argument("--fuse", default="4h", metavar="TIME", help="removed after so long: 90m, 4h, 2d, never")
    parser.add_argument("--idle", default="never", metavar="TIME", help="removed when Cupola has not asked it so long")
    parser.add_argument("--purpose", default="", help="what it is for, in words")
    _changes(parser, changing.create)


def _changes(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds to wait before exit code 8")
    parser.set_defaults(run=run)
