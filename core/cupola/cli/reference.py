"""The reference of the command line as Markdown, made from the parsers: `python -m cupola.cli.reference`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator

from .parsing import NOUNS, whole_parser

_EXIT_CODES = """
| code | meaning |
|---|---|
| 0 | done |
| 1 | failure; for checks: problems were found |
| 2 | bad usage, or a question answered with no |
| 3 | the service cannot be reached, or throttles |
| 4 | not allowed |
| 5 | the remote job failed or was cancelled |
| 6 | worse (gates and verdicts) |
| 7 | inconclusive (gates and verdicts) |
| 8 | still running at the end of `--timeout` |
| 9 | the budget does not allow it |
| 130 | interrupted |
"""


def reference() -> str:
    """The whole reference."""
    top = whole_parser()
    common = [action for action in top._actions if action.option_strings and action.dest != "help"]
    lines = ["# Command line", "", "Made from the code by `make docs`; `cupola NOUN VERB --help` says the same.", ""]
    lines += ["Data goes to standard output, talk to standard error. Every command takes:", "", *_flags(common), ""]
    lines += ["## Exit codes", _EXIT_CODES]
    shared = {action.dest for action in common}
    nouns = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    for noun, parser in nouns.choices.items():
        lines += [f"## cupola {noun}", "", f"{NOUNS[noun][:1].upper()}{NOUNS[noun][1:]}.", ""]
        lines += _described(parser, shared)
    return "\n".join(lines).rstrip() + "\n"


def _described(parser: argparse.ArgumentParser, shared: set[str]) -> Iterator[str]:
    verbs = next((action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None)
    if verbs is None:
        yield from _command(parser, "", shared)
        return
    if any(_is_own(action, shared) and action.option_strings for action in parser._actions):
        yield from _command(parser, "", shared)
    about = {choice.dest: choice.help or "" for choice in verbs._choices_actions}
    for verb, verb_parser in verbs.choices.items():
        yield f"### {verb_parser.prog}"
        yield ""
        yield from _command(verb_parser, about.get(verb, ""), shared)


def _command(parser: argparse.ArgumentParser, about: str, shared: set[str]) -> Iterator[str]:
    own = [action for action in parser._actions if _is_own(action, shared)]
    if about:
        yield f"{about[:1].upper()}{about[1:]}."
        yield ""
    positional = [_named(action) for action in own if not action.option_strings]
    flags = " [flags]" if any(action.option_strings for action in own) else ""
    yield f"`{' '.join([parser.prog, *positional])}{flags}`"
    yield ""
    if own:
        yield from _flags(own)
        yield ""


def _is_own(action: argparse.Action, shared: set[str]) -> bool:
    """Whether an argument is told under its command: not a common one, not hidden, not the choice of a verb."""
    if isinstance(action, argparse._SubParsersAction):
        return False
    return action.dest not in (*shared, "help") and action.help != argparse.SUPPRESS


def _flags(actions: list[argparse.Action]) -> Iterator[str]:
    yield "| argument | |"
    yield "|---|---|"
    for action in actions:
        told = (action.help or "") % vars(action)
        choices = f"one of {', '.join(map(str, action.choices))}" if action.choices is not None else ""
        need = "required" if action.required and action.option_strings else ""
        said = "; ".join(part for part in (told, choices, need) if part)
        yield f"| `{_named(action)}` | {_cell(said)} |".replace("|  |", "| |")


def _named(action: argparse.Action) -> str:
    value = action.metavar or action.dest.upper()
    name = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return f"{name} ..." if action.nargs in ("+", "*") else name
    takes = "" if action.nargs == 0 else f" {name if action.choices is None or action.metavar else 'WORD'}"
    return f"{', '.join(action.option_strings)}{takes}"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
