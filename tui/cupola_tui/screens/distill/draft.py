"""What is typed into the form of a distillation, and what it comes to. Pure but for the file that it reads."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cupola.benchmarks.bundled import bundled_file
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.definition import to_json as benchmark_json
from cupola.benchmarks.items import read_rows
from cupola.benchmarks.outcomes import views_of
from cupola.errors import UsageError
from cupola.workflows.distil.definition import FUSE_SECONDS, MOST_SAMPLES, Distillation

ROLES = ("teacher", "student", "control")
EPOCHS, RATE = "n_epochs", "learning_rate_multiplier"
_TRAINING_TIERS = ("developerTier", "globalStandard", "standard")

HINTS: Mapping[str, str] = {
    "teacher": "an arm of the benchmark: answers the training prompts",
    "student": "an arm of the benchmark: learns from the answers kept",
    "control": "an arm that is left alone and asked twice; empty: none is named",
    "prompts": "a JSON Lines file of training prompts with the test's fields, but none of its rows",
    "samples": f"answers of the teacher to each prompt, 1 to {MOST_SAMPLES}",
    "judge by": "the grader that filters and judges",
    "threshold": "the score from which on an answer is kept; empty: the graders' own thresholds",
    "margin": "what does not matter, as a share of the score's range; declared before the run",
    "epochs": "of training; empty: as the service chooses",
    "rate": "of learning, in multiples of the service's own; empty: as the service chooses",
    "own prompt": "distil the prompt away: a file with the student's shorter system prompt, or none; empty: the same",
    "training": f"the tier of training: {', '.join(_TRAINING_TIERS)}",
    "deploy as": "DeveloperTier (no hosting fee, a day at most), GlobalStandard, Standard",
    "fuse": "hours after which the deployment removes itself; 0 is never",
    "ask from": "soft limit in dollars: from here on it asks before each stage that spends; empty: it does not ask",
    "stop at": "hard limit in dollars: it stops before more than this is spent; empty: no bound",
}
FIELDS = tuple(HINTS)


@dataclass(frozen=True, slots=True)
class Draft:
    """A distillation as it was typed; its prompts are not stored yet."""

    definition: Distillation
    rows: tuple[str, ...]
    """The training prompts, each row's fields as canonical JSON."""
    soft: float | None
    hard: float | None
    words: tuple[str, ...]
    """The flags of the equal command line."""
    note: str = ""
    """What the command line cannot say."""


def first_answers(benchmark: Benchmark, roles: Mapping[str, str]) -> dict[str, str]:
    """What stands in the form at first."""
    return {
        **{role: roles.get(role, "") for role in ROLES},
        "prompts": bundled_prompts(benchmark.name),
        "samples": "2",
        "judge by": views_of(benchmark)[0].name,
        "threshold": "",
        "margin": f"{benchmark.margin:g}" if benchmark.margin is not None else "",
        "epochs": "3",
        "rate": bundled_rate(benchmark.name),
        "own prompt": "",
        "training": _TRAINING_TIERS[0],
        "deploy as": "DeveloperTier",
        "fuse": f"{FUSE_SECONDS / 3_600:g}",
        "ask from": "",
        "stop at": "",
    }


def bundled_prompts(benchmark: str) -> str:
    """The training prompts that ship with a benchmark; "" where none do."""
    file = bundled_file(benchmark)
    prompts = file.parent / "prompts.jsonl" if file is not None else None
    return str(prompts) if prompts is not None and prompts.is_file() else ""


def bundled_rate(benchmark: str) -> str:
    """The learning rate of the distillation that ships with a benchmark; "" where it sets none."""
    file = bundled_file(benchmark)
    definition = file.parent / "distil.toml" if file is not None else None
    if definition is None or not definition.is_file():
        return ""
    settings = tomllib.loads(definition.read_text("utf-8")).get("hyperparameters", {})
    return f"{settings[RATE]:g}" if RATE in settings else ""


def missing_roles(roles: Mapping[str, str]) -> str:
    """What is to be chosen before one can distil, and with which keys; "" when nothing is."""
    keys = {"teacher": "t", "student": "s"}
    missing = [role for role in keys if not roles.get(role)]
    if not missing:
        return ""
    how = " and ".join(f"{keys[role]} on a model makes it the {role}" for role in missing)
    return f"Distilling needs a {' and a '.join(missing)}: {how}."


def read_draft(benchmark: Benchmark, answers: Mapping[str, str]) -> Draft:
    """A distillation from what was typed; reads the files that are named.

    Raises:
        UsageError: something is missing, is no number, or cannot be read; it says which field.
    """
    for role in ("teacher", "student"):
        if not answers[role]:
            raise UsageError(f"Who is the {role}?", remedy=f"Arms: {', '.join(arm.name for arm in benchmark.arms)}.")
    if not answers["prompts"]:
        raise UsageError("Which questions shall the teacher answer?", remedy="Name a JSON Lines file as prompts.")
    if answers["training"] not in _TRAINING_TIERS:
        raise UsageError(f"There is no tier {answers['training']!r}.", remedy=f"Take {', '.join(_TRAINING_TIERS)}.")
    hours = number_in(answers, "fuse", least=0.0, most=1_000.0)
    shorter, margin = with_margin(benchmark, answers), answers["margin"].strip()
    definition = Distillation(
        name=benchmark.name,
        benchmark=benchmark_json(shorter),
        prompts="",
        teacher=answers["teacher"],
        student=answers["student"],
        control=answers["control"],
        samples=whole_in(answers, "samples", 1, MOST_SAMPLES) or 1,
        by=answers["judge by"],
        threshold=number_in(answers, "threshold"),
        student_prompt=student_prompt(benchmark, answers["own prompt"]),
        hyperparameters=hyperparameters_in(answers),
        training_tier=answers["training"],
        sku=answers["deploy as"],
        fuse_seconds=hours * 3_600 if hours else None,
    )
    soft, hard = number_in(answers, "ask from", least=0.0), number_in(answers, "stop at", least=0.0)
    if soft is not None and hard is not None and soft > hard:
        raise UsageError("The soft limit lies above the hard one.", remedy="Let it ask before it stops.")
    changed = margin and (benchmark.margin is None or f"{benchmark.margin:g}" != margin)
    note = "The margin was changed here; the command line takes the benchmark's own." if changed else ""
    rows = tuple(read_rows(Path(answers["prompts"]).expanduser()))
    return Draft(definition, rows, soft, hard, command_words(answers), note)


def with_margin(benchmark: Benchmark, answers: Mapping[str, str]) -> Benchmark:
    """The benchmark under the margin that was typed."""
    margin = number_in(answers, "margin", least=0.0, most=1.0)
    if margin == 0:
        raise UsageError("The margin must lie above 0.", remedy="Declare what does not matter, such as 0.05.")
    return replace(benchmark, margin=margin) if margin is not None else benchmark


def hyperparameters_in(answers: Mapping[str, str]) -> dict[str, float | str]:
    """What was typed of training; what is left empty, the service chooses."""
    epochs, rate = whole_in(answers, "epochs", 1, 25), number_in(answers, "rate", least=1e-4, most=100.0)
    typed = {EPOCHS: epochs, RATE: rate}
    return {name: value for name, value in typed.items() if value is not None}


def student_prompt(benchmark: Benchmark, said: str) -> tuple[Mapping[str, Any], ...] | None:
    """The student's own prompt: `none` leaves the system prompt out, a file gives another; None is the same prompt.

    Raises:
        UsageError: the benchmark's items bring their own prompts, or the file cannot be read.
    """
    if not said:
        return None
    rest = tuple(dict(one) for one in benchmark.prompt if one.get("role") not in ("system", "developer"))
    if not rest:
        raise UsageError(
            "The benchmark's items bring their own prompts.",
            "They cannot be shortened by a rule.",
            "Leave `own prompt` empty, or give the benchmark a prompt template.",
        )
    if said == "none":
        return rest
    try:
        text = Path(said).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The student's prompt {said} cannot be read.", str(error), "Check its name.") from error
    return ({"role": "system", "content": text}, *rest)


def command_words(answers: Mapping[str, str]) -> tuple[str, ...]:
    """The flags of the command line that does the same."""
    flags = {
        "prompts": "--prompts", "teacher": "--teacher", "student": "--student", "control": "--control",
        "samples": "--samples", "judge by": "--by", "threshold": "--threshold", "epochs": "--epochs", "rate": "--rate",
        "own prompt": "--student-prompt", "training": "--training-tier", "deploy as": "--sku", "fuse": "--fuse",
        "ask from": "--ask-from", "stop at": "--max-cost",
    }  # fmt: skip
    return tuple(word for name, flag in flags.items() if answers.get(name) for word in (flag, answers[name]))


def number_in(
    answers: Mapping[str, str], name: str, *, least: float = -math.inf, most: float = math.inf
) -> float | None:
    """A number that was typed; None for an empty field.

    Raises:
        UsageError: it is none, or out of range.
    """
    text = answers[name].strip().removeprefix("$")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not least <= value <= most:
        raise UsageError(f"{name} cannot be {text!r}.", remedy=HINTS[name].capitalize() + ".")
    return value


def whole_in(answers: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """A whole number that was typed; None for an empty field.

    Raises:
        UsageError: it is none, or out of range.
    """
    value = number_in(answers, name, least=least, most=most)
    if value is not None and value != int(value):
        raise UsageError(f"{name} must be a whole number, not {answers[name]!r}.")
    return None if value is None else int(value)


def branch_changes(definition: Distillation, answers: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a definition that were typed otherwise than they are.

    Raises:
        UsageError: a field cannot be what was typed.
    """
    wanted: dict[str, Any] = {role: answers[role] for role in ROLES}
    wanted |= {
        "samples": whole_in(answers, "samples", 1, MOST_SAMPLES) or 1,
        "by": answers["judge by"],
        "threshold": number_in(answers, "threshold"),
        "training_tier": answers["training"],
        "sku": answers["deploy as"],
    }
    settings = {name: value for name, value in definition.hyperparameters.items() if name not in (EPOCHS, RATE)}
    wanted["hyperparameters"] = {**settings, **hyperparameters_in(answers)}
    same = {**{name: getattr(definition, name) for name in wanted}, "by": definition.view.name}
    same["hyperparameters"] = dict(definition.hyperparameters)
    return {name: value for name, value in wanted.items() if value != same[name]}


BRANCHED: Sequence[str] = (*ROLES, "samples", "judge by", "threshold", "epochs", "rate", "training", "deploy as",
                           "ask from", "stop at")  # fmt: skip
"""The fields of the form that branches."""


def branch_answers(definition: Distillation, soft: float | None, hard: float | None) -> dict[str, str]:
    """What stands in the form that branches at first: everything as it was."""
    epochs, rate = definition.hyperparameters.get(EPOCHS), definition.hyperparameters.get(RATE)
    return {
        **{role: getattr(definition, role) for role in ROLES},
        "samples": str(definition.samples),
        "judge by": definition.view.name,
        "threshold": "" if definition.threshold is None else f"{definition.threshold:g}",
        "epochs": "" if epochs is None else str(epochs),
        "rate": f"{rate:g}" if isinstance(rate, int | float) else "",
        "training": definition.training_tier,
        "deploy as": definition.sku,
        "ask from": "" if soft is None else f"{soft:g}",
        "stop at": "" if hard is None else f"{hard:g}",
    }


def branch_words(definition: Distillation, answers: Mapping[str, str]) -> tuple[str, ...]:
    """The flags for what differs."""
    before = branch_answers(definition, None, None)
    changed = {name: value for name, value in answers.items() if value != before.get(name, "")}
    return command_words(changed)
