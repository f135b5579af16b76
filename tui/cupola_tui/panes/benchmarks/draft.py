"""A benchmark as it is being typed: from a stored one, and checked into one that can be stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cupola.benchmarks.definition import Arm, Benchmark, GraderUse, checked, with_threshold
from cupola.benchmarks.files import Defined, to_toml
from cupola.benchmarks.items import items_of, read_rows, split_hash
from cupola.errors import UsageError

ENGINES = ("here", "evals", "batch")

EFFORTS = ("", "minimal", "low", "medium", "high")

_BOUNDS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class ArmChoice:
    """A deployment that may be an arm."""

    arm: Arm
    chosen: bool = False
    known_from: str = ""
    """Where its name comes from, in words."""


@dataclass(frozen=True, slots=True)
class GraderChoice:
    """A grader that may be taken."""

    use: GraderUse
    chosen: bool = False
    known_from: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is typed and picked; texts are checked by `defined`."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By field: name, dataset, items, system, ask, margin, budget, engine, file."""
    arms: tuple[ArmChoice, ...] = ()
    graders: tuple[GraderChoice, ...] = ()
    rows: tuple[str, ...] = ()
    """The items of the benchmark that this is a copy of; taken while no dataset is named."""
    source: Benchmark | None = None
    """What this is a copy of."""


def draft_of(benchmark: Benchmark, rows: Sequence[str], file: str) -> Draft:
    """A draft that says what a benchmark says."""
    texts = {
        "name": benchmark.name,
        "dataset": "",
        "items": "",
        "system": _said(benchmark, "system"),
        "ask": _said(benchmark, "user") if benchmark.prompt else benchmark.messages_field,
        "margin": f"{benchmark.margin:g}",
        "budget": "" if benchmark.budget is None else f"{benchmark.budget:g}",
        "engine": benchmark.engine,
        "file": file,
    }
    arms = tuple(ArmChoice(arm, chosen=True, known_from="this benchmark") for arm in benchmark.arms)
    graders = tuple(GraderChoice(use, chosen=True, known_from="this benchmark") for use in benchmark.graders)
    return Draft(texts, arms, graders, tuple(rows), benchmark)


def empty_draft(file: str) -> Draft:
    """A draft with what is usual filled in."""
    texts = {"ask": "{{item.question}}", "margin": "0.05", "engine": "here", "file": file}
    return Draft({name: texts.get(name, "") for name in FIELDS})


FIELDS = ("name", "dataset", "items", "system", "ask", "margin", "budget", "engine", "file")


def defined(draft: Draft, folder: Path) -> Defined:
    """The definition with its items. Reads the dataset.

    Args:
        draft: What was typed and picked.
        folder: Where paths begin that are not absolute.

    Raises:
        CupolaError: it cannot be run as it stands, and why.
    """
    texts = {name: draft.texts.get(name, "").strip() for name in FIELDS}
    rows = _rows(draft, texts, folder)
    prompt, messages_field = _prompt(draft, texts)
    dataset = Path(texts["dataset"]).name if texts["dataset"] else draft.source.dataset if draft.source else ""
    baseline = draft.source.baseline if draft.source else None
    arms = tuple(choice.arm for choice in draft.arms if choice.chosen)
    benchmark = checked(
        Benchmark(
            name=texts["name"],
            prompt=prompt,
            messages_field=messages_field,
            arms=arms,
            graders=tuple(choice.use for choice in draft.graders if choice.chosen),
            split=split_hash(rows),
            dataset=dataset,
            margin=_number(texts, "margin", "a share of the score's range, such as 0.05"),
            budget=_number(texts, "budget", "dollars, or nothing for no bound") if texts["budget"] else None,
            baseline=baseline if any(arm.name == baseline for arm in arms) else None,
            seed=draft.source.seed if draft.source else 0,
            engine=_engine(texts["engine"]),
        )
    )
    # A prompt that a row cannot fill is told now, before anything is paid for.
    items_of(benchmark, rows)
    return Defined(benchmark, tuple(rows))


def write_toml(found: Defined, draft: Draft, folder: Path) -> Path:
    """Write a checked draft as TOML, never over a file; items without a file of their own go beside it.

    Raises:
        UsageError: a file is there already, or cannot be written.
    """
    named = draft.texts.get("file", "").strip()
    if not named:
        raise UsageError("The definition needs a file.", remedy="Fill in `file`.")
    path = folder / _home(named)
    dataset = draft.texts.get("dataset", "").strip()
    count = draft.texts.get("items", "").strip()
    files = {}
    if not dataset or count:
        # What was drawn is kept as it was drawn.
        dataset = f"{path.stem}.items.jsonl"
        files[path.with_name(dataset)] = "".join(f"{row}\n" for row in found.rows)
    files[path] = to_toml(
        found.benchmark, dataset if dataset in {file.name for file in files} else str(folder / _home(dataset))
    )
    for file in files:
        if file.exists():
            raise UsageError(f"{file} is there already.", "It stays as it is.", "Name another file.")
    for file, text in files.items():
        _write_new(file, text)
    return path


def with_settings(arm: Arm, said: Mapping[str, str]) -> Arm:
    """An arm with other settings.

    Raises:
        UsageError: a number is none, or an effort is not known.
    """
    sampling: dict[str, Any] = {
        name: value for name, value in arm.sampling.items() if name not in ("temperature", "reasoning_effort", *_BOUNDS)
    }
    if said["effort"]:
        if said["effort"] not in EFFORTS:
            raise UsageError(f"There is no effort {said['effort']!r}.", remedy="minimal, low, medium or high.")
        sampling["reasoning_effort"] = said["effort"]
    if said["temperature"]:
        sampling["temperature"] = _number(said, "temperature", "from 0 to 2")
    if said["tokens"]:
        bound = "max_tokens" if "max_tokens" in arm.sampling else "max_completion_tokens"
        sampling[bound] = _whole(said, "tokens", "the most tokens of an answer")
    return replace(
        arm,
        name=said["name"] or arm.deployment,
        deployment=said["deployment"] or arm.deployment,
        model=said["model"] or arm.model,
        sampling=sampling,
        repeats=_whole(said, "repeats", "how often each item is asked") if said["repeats"] else 1,
    )


def settings_of(arm: Arm) -> dict[str, str]:
    """An arm's settings as texts."""
    bound = next((arm.sampling[name] for name in _BOUNDS if name in arm.sampling), "")
    return {
        "name": arm.name,
        "deployment": arm.deployment,
        "model": arm.model,
        "effort": str(arm.sampling.get("reasoning_effort", "")),
        "temperature": f"{arm.sampling['temperature']:g}" if "temperature" in arm.sampling else "",
        "tokens": str(bound),
        "repeats": str(arm.repeats),
    }


def with_pass_mark(use: GraderUse, said: Mapping[str, str]) -> GraderUse:
    """A grader with another threshold and, where it asks a model, another judge.

    Raises:
        UsageError: the threshold is no number, or the grader takes none.
    """
    found = use
    if said.get("judge") and "model" in use.definition:
        found = replace(found, definition={**found.definition, "model": said["judge"]})
    if said["threshold"]:
        found = with_threshold(found, _number(said, "threshold", "the reward from which on an answer passes"))
    try:
        _ = found.grader
    except ValueError as error:
        raise UsageError(f"{use.name} does not take that.", str(error)) from error
    return found


def _said(benchmark: Benchmark, role: str) -> str:
    """The one message of a role, on one line; \"\" where the form cannot show the prompt as it is."""
    if not shown_whole(benchmark):
        return ""
    texts = [str(message["content"]) for message in benchmark.prompt if message["role"] == role]
    return texts[0].replace("\\", "\\\\").replace("\n", "\\n") if texts else ""


def shown_whole(benchmark: Benchmark) -> bool:
    """Whether the form can show the prompt: at most a system message and then a user's, both plain text."""
    roles = [message.get("role") for message in benchmark.prompt]
    plain = all(isinstance(message.get("content"), str) for message in benchmark.prompt)
    return plain and roles in ([], ["user"], ["system", "user"])


def _prompt(draft: Draft, texts: Mapping[str, str]) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """The prompt's messages, or none and the field that holds them."""
    if draft.source is not None and not shown_whole(draft.source) and not texts["system"] and not texts["ask"]:
        return draft.source.prompt, draft.source.messages_field
    if not texts["ask"]:
        raise UsageError(
            "It is not said what is asked.", remedy="Fill in `ask`: a template such as {{item.question}}, or a field."
        )
    if "{{" not in texts["ask"] and not texts["system"] and " " not in texts["ask"]:
        return (), texts["ask"]
    system = [{"role": "system", "content": _broken(texts["system"])}] if texts["system"] else []
    return (*system, {"role": "user", "content": _broken(texts["ask"])}), ""


def _broken(text: str) -> str:
    r"""The text with \n as a line's end and two backslashes as one, as `_said` wrote it."""
    return re.sub(r"\\([\\n])", lambda match: "\n" if match[1] == "n" else "\\", text)


def _rows(draft: Draft, texts: Mapping[str, str], folder: Path) -> list[str]:
    count = _whole(texts, "items", "how many rows are drawn") if texts["items"] else None
    if texts["dataset"]:
        return read_rows(folder / _home(texts["dataset"]), count, draft.source.seed if draft.source else 0)
    if not draft.rows:
        raise UsageError("It has no items.", remedy="Fill in `dataset`: a JSON Lines file.")
    if count is not None:
        raise UsageError("`items` draws from a dataset, and none is named.", remedy="Name the file, or leave it out.")
    return list(draft.rows)


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise UsageError(f"There is no engine {text!r}.", remedy=f"Take {', '.join(ENGINES)}.")
    return text


def _number(texts: Mapping[str, str], name: str, meaning: str) -> float:
    try:
        return float(texts[name])
    except ValueError:
        raise UsageError(f"{name.capitalize()} {texts[name]!r} is not a number.", remedy=f"Type {meaning}.") from None


def _whole(texts: Mapping[str, str], name: str, meaning: str) -> int:
    text = texts[name]
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise UsageError(f"{name.capitalize()} {text!r} is not a whole number.", remedy=f"Type {meaning}.")
    return int(text)


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # There is no such user.
        return Path(text)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", error.strerror or "", "Name another file.") from error
