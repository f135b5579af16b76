"""What is typed into the form of a job, and what it comes to. Pure but for the files that it reads."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cupola.advice.model_table import ModelRow
from cupola.errors import UsageError
from cupola.models import Job
from cupola.settings import Profile
from cupola.training.cloning import Clone
from cupola.training.hyperparameters import AUTO, settings_of
from cupola.training.job_budget import BUDGET_KEY
from cupola.training.job_spec import JobSpec, checked, file_reference, overlaid, read_json, spec_from

METHODS: Mapping[str, tuple[str, str]] = {
    "supervised": ("SFT", "it learns from examples of the answer that is wanted; with images too"),
    "dpo": ("DPO", "it learns from pairs: which of two answers is better"),
    "reinforcement": ("RFT", "a grader scores its own answers, and it learns to score higher"),
}
"""How each method is called, and what it is."""

SETTINGS: Mapping[str, str] = {
    "epochs": "n_epochs",
    "batch size": "batch_size",
    "learning rate": "learning_rate_multiplier",
    "beta": "beta",
    "l2": "l2_multiplier",
    "compute": "compute_multiplier",
    "eval every": "eval_interval",
    "eval samples": "eval_samples",
    "effort": "reasoning_effort",
}
"""The fields that are settings of training, in the service's names; an empty one is left to the service."""

_TIERS = ("globalStandard", "developerTier", "standard")
_SAME = ("training file", "validation", "model", "tier", "name", "epochs", "batch size", "learning rate")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "supervised": (*_SAME, "seed"),
    "dpo": (*_SAME, "beta", "l2", "seed"),
    "reinforcement": (
        *_SAME[:3], "grader", "answer form", *_SAME[3:], "compute", "eval every", "eval samples", "effort", "budget",
        "seed",
    ),
}  # fmt: skip

_HINTS: Mapping[str, str] = {
    "training file": "a .jsonl file, or an id such as file-0a1b...; ctrl+o lists what is known",
    "validation": "a file it does not train on: without one nothing warns of overfitting; ctrl+o lists what is known",
    "model": "what is trained; ctrl+l shows every model with methods, tiers, prices and retirement",
    "tier": "globalStandard: cheaper, data may leave the region; developerTier: cheapest, may be interrupted;"
    " standard: stays in the region",
    "name": "up to 40 letters, digits and hyphens; becomes part of the model's name",
    "seed": "a whole number; the same seed and settings train alike",
    "grader": "a file with the grader's JSON; ctrl+o finds it",
    "answer form": "a file with the response format (JSON schema), if answers have one",
    "budget": "dollars of training by the clock at which Cupola pauses the job; the service pauses at $5,000",
}
_DATA_OF = {"supervised": ("chat", "vision"), "dpo": ("preference",), "reinforcement": ("reinforcement",)}
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form opens with."""

    method: str = ""
    """Empty: it is asked for first."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By field; what is left out has its usual value."""
    base: JobSpec = field(default_factory=JobSpec)
    """What the fields cannot say, such as the grader of the job that is cloned."""
    origin: str = ""
    """The job that it is made from."""
    notes: tuple[str, ...] = ()


def formats_of(method: str) -> tuple[str, ...]:
    """The formats of data that a method trains on."""
    return _DATA_OF[method]


def method_of(format: str) -> str:
    """The method that trains on data of a format; "" for none."""
    return next((method for method, formats in _DATA_OF.items() if format in formats), "")


def hint(name: str, method: str, rows: int | None, base: JobSpec) -> str:
    """What a field is for; of a setting what `auto` means."""
    if name in SETTINGS:
        (setting,) = [one for one in settings_of(method, {}, rows) if one.name == SETTINGS[name]]
        return setting.meaning
    if name == "grader" and base.grader is not None:
        return (
            f"empty: the same as before ({base.grader.get('name') or base.grader.get('type')}); or a file with another"
        )
    if name == "answer form" and base.response_format is not None:
        return "empty: the same as before; or a file with another"
    return _HINTS[name]


def first_answers(wanted: Wanted, rows: Sequence[ModelRow]) -> dict[str, str]:
    """What stands in the form at first."""
    answers = dict.fromkeys(FIELDS[wanted.method], "") | dict(wanted.answers)
    row = next((row for row in rows if answers["model"] in (row.id, row.name)), None)
    tiers = row.tiers if row is not None and row.tiers else _TIERS
    answers["tier"] = answers["tier"] or next((tier for tier in _TIERS if tier in tiers), tiers[0])
    return {name: answers[name] for name in FIELDS[wanted.method]}


def prepared(technique: str, known: Mapping[str, str]) -> Wanted:
    """A form filled with what the guide knows: the method, the model, the file that was counted."""
    method = technique if technique in METHODS else "supervised"
    return Wanted(method, {"model": known.get("model", ""), "training file": known.get("data", "")})


def from_clone(job: Job, made: Clone) -> Wanted:
    """A form filled with a job as it was."""
    spec = spec_from(made.document, Path.cwd())
    settings = {label: spec.hyperparameters.get(name, "") for label, name in SETTINGS.items()}
    answers = {label: "" if value in (AUTO, -1, "") else f"{value}" for label, value in settings.items()}
    answers |= {
        "training file": str(spec.training or ""),
        "validation": str(spec.validation or ""),
        "model": spec.model,
        "tier": spec.training_type or "",
        "name": spec.suffix or "",
        "seed": "" if spec.seed is None else str(spec.seed),
        "budget": spec.metadata.get(BUDGET_KEY, ""),
    }
    known = {name: value for name, value in answers.items() if name in FIELDS[spec.method]}
    return Wanted(spec.method, known, spec, job.id, made.notes)


def read_spec(method: str, answers: Mapping[str, str], base: JobSpec) -> JobSpec:
    """The job from what was typed; reads the files that hold a grader or a response format.

    Raises:
        UsageError: something is missing or cannot be read; it says which field.
    """
    _check(method, answers)
    rest = {name: value for name, value in base.hyperparameters.items() if name not in SETTINGS.values()}
    settings = rest | {name: _setting(label, answers[label]) for label, name in SETTINGS.items() if answers.get(label)}
    kept = {name: value for name, value in base.metadata.items() if name != BUDGET_KEY}
    budget = _number("budget", answers.get("budget", "").removeprefix("$"))
    spec = JobSpec(
        model=answers["model"],
        training=_file(answers["training file"]),
        validation=_file(answers["validation"]),
        method=method,
        hyperparameters=settings,
        grader=base.grader,
        response_format=base.response_format,
        suffix=answers["name"] or None,
        seed=None if not answers["seed"] else _whole("seed", answers["seed"]),
        training_type=answers["tier"] or None,
        metadata=kept if budget is None else {**kept, BUDGET_KEY: f"{budget:g}"},
        extra=base.extra,
    )
    grader, form = answers.get("grader"), answers.get("answer form")
    return checked(
        overlaid(
            spec,
            grader=read_json(Path(grader).expanduser()) if grader else None,
            response_format=read_json(Path(form).expanduser()) if form else None,
        )
    )


def command(method: str, answers: Mapping[str, str], origin: str, profile: Profile) -> str:
    """The command line that does the same; of a clone the two that do."""
    flags = {
        "model": "--model", "training file": "--training-file", "validation": "--validation-file", "name": "--suffix",
        "tier": "--training-type", "grader": "--grader", "answer form": "--response-format", "budget": "--max-cost",
        "seed": "--seed", **{label: f"--{name.replace('_', '-')}" for label, name in SETTINGS.items()},
    }  # fmt: skip
    words = ["cupola", "job", "submit"]
    if origin and method == "reinforcement":
        words.append("again.yaml")
    words += ["--method", method]
    words += [word for label, flag in flags.items() if answers.get(label) for word in (flag, answers[label])]
    line = shlex.join([*words, "--profile", profile.name])
    if origin and method == "reinforcement":
        return f"cupola job clone {shlex.quote(origin)} --to again.yaml --profile {shlex.quote(profile.name)}; {line}"
    return line


def _check(method: str, answers: Mapping[str, str]) -> None:
    for name, question in (("training file", "Which training file?"), ("model", "Which model?")):
        if not answers[name]:
            raise UsageError(question, remedy=f"{_HINTS[name].capitalize()}.")
    if method == "reinforcement" and not answers["validation"]:
        raise UsageError("Reinforcement needs a validation file too.", remedy="Its rows score every checkpoint.")
    name = answers["name"]
    if len(name) > _LONGEST_NAME or not all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in name):
        raise UsageError(f"The name cannot be {name!r}.", remedy=f"{_HINTS['name'].capitalize()}.")


def _file(text: str) -> str | Path | None:
    if not text:
        return None
    found = file_reference(text)
    return found.absolute() if isinstance(found, Path) else found


def _setting(label: str, text: str) -> float | str:
    if text == AUTO or label == "effort":
        return text
    value = _number(label, text)
    assert value is not None
    return int(value) if value.is_integer() else value


def _number(label: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{label} cannot be {text!r}.", remedy="A number above 0; empty leaves it to the service.")
    return value


def _whole(label: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{label} cannot be {text!r}.", remedy="A whole number.")
    return int(text[:18])
