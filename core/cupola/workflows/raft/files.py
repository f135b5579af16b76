"""Definitions as TOML files, with documents, questions and graders beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...benchmarks.definition import SAMPLING, Arm
from ...benchmarks.files import read_grader
from ...benchmarks.items import read_rows
from ...datasets.chunks import SIZE, Chunk, chunks_of
from ...datasets.documents import read_documents
from ...datasets.raft import Mix
from ...errors import UsageError
from .definition import Raft

_TEXTS = ("name", "role", "training_tier", "sku")
_WHOLE = ("questions_a_chunk", "seed", "capacity")
_SHARES = ("test_share", "validation_share", "near", "margin")
_KNOWN = frozenset(
    {*_TEXTS, *_WHOLE, *_SHARES, "documents", "questions", "chunk_size", "chunk_overlap", "levels", "mix", "student"}
    | {"teacher", "graders", "hyperparameters", "fuse_hours"}
)
_SHIPPED: Mapping[str, tuple[str, str]] = {"handbook": ("cupola_data.zava.handbook", "raft.toml")}


@dataclass(frozen=True, slots=True)
class Read:
    """What a file tells."""

    definition: Raft
    """Its parts are named once they are stored."""
    chunks: tuple[Chunk, ...]
    questions: tuple[str, ...]
    """One's own, each row's fields as canonical JSON."""


def bundled_file(name: str) -> Path | None:
    """The definition of one that ships; None if there is none of that name."""
    if name not in _SHIPPED:
        return None
    package, file = _SHIPPED[name]
    return Path(str(files(package).joinpath(file)))


def bundled() -> tuple[str, ...]:
    """Those that ship."""
    return tuple(_SHIPPED)


def read(path: Path) -> Read:
    """Read a definition and the files it names, all relative to its own place.

    Raises:
        UsageError: a file cannot be read, or says what is not understood.
        DatasetError: a document cannot be read.
    """
    return of_table(path, _table(path))


def of_table(path: Path, table: Mapping[str, Any]) -> Read:
    """A definition from a table of settings, with the files it names; relative ones lie beside `path`.

    Raises:
        UsageError: a file cannot be read, or the table says what is not understood.
        DatasetError: a document cannot be read.
    """
    unknown = sorted(table.keys() - _KNOWN)
    if unknown:
        raise UsageError(
            f"{path.name} sets {unknown[0]!r}, which is not known here.", remedy=f"Known: {sorted(_KNOWN)}"
        )
    named = table.get("documents")
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        raise UsageError(f"{path.name} names no documents.", remedy='Write documents = ["handbook.md"].')
    sections = read_documents(path.parent / one for one in named)
    chunks = chunks_of(sections, _whole(table, "chunk_size", SIZE), _whole(table, "chunk_overlap", 0))
    questions = tuple(read_rows(path.parent / str(table["questions"]))) if "questions" in table else ()
    return Read(definition_of(path, table), tuple(chunks), questions)


def with_arms(definition: Raft, teacher: str, student: str, epochs: int | None) -> Raft:
    """The definition with other models, named as they are deployed, and epochs; empty and None leave it as it is."""
    if teacher:
        definition = replace(definition, teacher=asdict(Arm("teacher", teacher, teacher)))
    if student:
        named = {"deployment": student, "model": student}
        definition = replace(definition, student={**definition.student, **named})
    if epochs is not None:
        definition = replace(definition, hyperparameters={**definition.hyperparameters, "n_epochs": epochs})
    return definition


def definition_of(path: Path, table: Mapping[str, Any]) -> Raft:
    """A definition from a table of settings; its parts are not named yet.

    Raises:
        UsageError: a value is of the wrong kind, or there is no student.
    """
    given: dict[str, Any] = {name: str(table[name]) for name in _TEXTS if name in table}
    given |= {name: _whole(table, name, 0) for name in _WHOLE if name in table}
    given |= {name: _number(table, name) for name in _SHARES if name in table}
    if "levels" in table:
        given["levels"] = tuple(_whole({"levels": level}, "levels", 0) for level in table["levels"])
    if "fuse_hours" in table:
        given["fuse_seconds"] = _number(table, "fuse_hours") * 3_600 or None
    if "graders" in table:
        given["graders"] = tuple(dict(read_grader(path.parent / str(one)).definition) for one in table["graders"])
    if "hyperparameters" in table:
        given["hyperparameters"] = dict(table["hyperparameters"])
    if "teacher" in table:
        given["teacher"] = asdict(_arm(table["teacher"], "teacher"))
    if "student" not in table:
        raise UsageError(f"{path.name} names no student.", remedy="Add [student] with a deployment.")
    return Raft(chunks="", student=asdict(_arm(table["student"], "student")), mix=_mix(table), **{"name": "", **given})


def _mix(table: Mapping[str, Any]) -> Mix:
    given = table.get("mix", {})
    known = {one.name for one in fields(Mix)}
    if not isinstance(given, Mapping) or given.keys() - known:
        raise UsageError("The mix is a table of known keys.", remedy=f"Known: {sorted(known)}.")
    numbers: dict[str, Any] = {name: _number(given, name) for name in ("oracle", "closed") if name in given}
    numbers |= {name: _whole(given, name, 0) for name in ("distractors", "copies") if name in given}
    if "by" in given:
        numbers["by"] = given["by"]
    return Mix(**numbers)


def _arm(entry: object, role: str) -> Arm:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("deployment"), str):
        raise UsageError(f"The {role} needs a deployment.", remedy=f'Write [{role}] and deployment = "...".')
    known = {"deployment", "model", "tier", *SAMPLING}
    if unknown := sorted(entry.keys() - known):
        raise UsageError(f"The {role} sets {unknown[0]!r}, which is not known here.", remedy=f"Known: {sorted(known)}")
    deployment = str(entry["deployment"])
    return Arm(
        name=role,
        deployment=deployment,
        model=str(entry.get("model", deployment)),
        tier=str(entry.get("tier", "globalStandard")),
        sampling={name: entry[name] for name in SAMPLING if name in entry},
    )


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} must be a number, not {value!r}.")
    return float(value)


def _whole(table: Mapping[str, Any], name: str, default: int) -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} must be a whole number, not {value!r}.")
    return value


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML.", str(error), "Mend the line it names.") from error
