"""What is typed into the form of a RAFT workflow, and what it comes to. Pure but for the files that it reads."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cupola.errors import UsageError
from cupola.settings import Profile
from cupola.workflows.raft.files import Read, bundled, bundled_file, of_table, read, with_arms

HINTS: Mapping[str, str] = {
    "documents": "files with commas between them (Markdown, text, HTML, PDF); or a .toml that names documents and"
    f" settings; or one that ships: {', '.join(bundled())}",
    "teacher": "a deployment that writes questions and answers; empty: as the .toml says",
    "student": "the deployment that is tuned; empty: as the .toml says",
    "distractors": "wrong passages beside the right one in training; empty: 4, or as the .toml says",
    "epochs": "of training; empty: as the service or the .toml chooses",
    "ask from": "soft limit in dollars: from here on it asks before each stage that spends; empty: it does not ask",
    "stop at": "hard limit in dollars: it stops before more than this is spent; empty: no bound",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A workflow as it was typed; its chunks and questions are not stored yet."""

    found: Read
    soft: float | None
    hard: float | None
    toml: str = ""
    """The file or the name that says all; empty where documents were named themselves."""


def read_draft(answers: Mapping[str, str]) -> Draft:
    """A workflow from what was typed; reads the documents.

    Raises:
        UsageError: something is missing, is no number, or cannot be read.
        DatasetError: a document cannot be read.
    """
    said = answers["documents"]
    if not said:
        raise UsageError("Which documents?", remedy=f"{HINTS['documents'].capitalize()}.")
    file = bundled_file(said) or (Path(said).expanduser() if said.endswith(".toml") else None)
    found = read(file) if file is not None else _of_documents(said, answers)
    epochs = number("epochs", answers, whole=True)
    definition = with_arms(
        found.definition, answers["teacher"], answers["student"], None if epochs is None else int(epochs)
    )
    return Draft(
        Read(definition, found.chunks, found.questions), number("ask from", answers), number("stop at", answers),
        said if file is not None else "",
    )  # fmt: skip


def command(draft: Draft, answers: Mapping[str, str], profile: Profile) -> str:
    """The command line that does the same; documents need a file first, which names them."""
    flags = {"teacher": "--teacher", "student": "--student", "epochs": "--epochs", "ask from": "--ask-from",
             "stop at": "--max-cost"}  # fmt: skip
    words = ["cupola", "raft", "run", draft.toml or "raft.toml"]
    words += [word for name, flag in flags.items() if answers[name] for word in (flag, answers[name])]
    line = shlex.join([*words, "--profile", profile.name])
    return line if draft.toml else f"{line}  (raft.toml: documents = [{answers['documents']}])"


def number(name: str, answers: Mapping[str, str], *, whole: bool = False) -> float | None:
    """A number above 0 that was typed; None for an empty field.

    Raises:
        UsageError: it is none.
    """
    text = answers[name].removeprefix("$")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0) or (whole and value != int(value)):
        raise UsageError(f"{name} cannot be {text!r}.", remedy=f"{HINTS[name].capitalize()}.")
    return value


def _of_documents(said: str, answers: Mapping[str, str]) -> Read:
    paths = [Path(part.strip()).expanduser().absolute() for part in said.split(",") if part.strip()]
    if not answers["student"]:
        raise UsageError("Who is the student?", remedy=f"{HINTS['student'].capitalize()}.")
    if not answers["teacher"]:
        raise UsageError("Who is the teacher?", remedy=f"{HINTS['teacher'].capitalize()}.")
    distractors = number("distractors", answers, whole=True)
    table = {
        "name": paths[0].stem[:40],
        "documents": [str(path) for path in paths],
        "student": {"deployment": answers["student"]},
        "teacher": {"deployment": answers["teacher"]},
        "mix": {} if distractors is None else {"distractors": int(distractors)},
    }
    return of_table(paths[0], table)
