"""A script that teaches a shell to complete cupola's nouns, verbs and flags."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..context import Context
from ..parsing import whole_parser

_HOW = {
    "bash": 'eval "$(cupola completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(cupola completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "cupola completion fish | source   # in ~/.config/fish/config.fish",
}


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the argument; the noun has no verbs."""
    parser.add_argument("shell", choices=tuple(_HOW))
    parser.epilog = "  ".join(_HOW.values())
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, context: Context) -> int:
    """Print the script."""
    import shtab

    parser = whole_parser()
    _complete_files(parser, shtab.FILE)
    context.out.write(shtab.complete(parser, options.shell) + "\n")
    return 0


def _complete_files(parser: argparse.ArgumentParser, file: Any) -> None:
    """Let what takes a path be completed with files."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for chosen in action.choices.values():
                _complete_files(chosen, file)
        elif action.type is Path or action.metavar in ("FILE", "SPEC"):
            action.complete = file  # type: ignore[attr-defined]  # shtab's way of being told
