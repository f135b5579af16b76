"""The card of a job before it is submitted: data, settings with what auto means, cost."""

from __future__ import annotations

from cupola.advice.model_table import ModelRow
from cupola.training.hyperparameters import AUTO, Setting
from cupola.training.job_budget import BUDGET_KEY
from cupola.training.job_spec import JobSpec
from cupola.training.prospect import FileLook, Prospect

_WHAT = {
    "supervised": "learns from the examples",
    "dpo": "learns to prefer the better answers",
    "reinforcement": "learns to score higher with the grader",
}


def card_rows(
    spec: JobSpec, found: Prospect, model: ModelRow | None, where: str, command: str, *, local: bool
) -> list[tuple[str, str]]:
    """Everything that one should know before the yes. `careful` rows say what may go wrong.

    Args:
        spec: The job.
        found: What it would take.
        model: The base model as the table knows it; None if it does not.
        where: The profile and its address.
        command: The equal command line.
        local: Whether the service is the emulator of this machine.
    """
    named = f" It will be called {spec.suffix}." if spec.suffix else ""
    rows = [("what", f"{spec.model} {_WHAT[spec.method]}, on {spec.training_type or 'the service’s own tier'}.{named}")]
    rows.append(("where", where))
    rows += [("data", _file_words(file)) for file in found.files]
    if not found.files:
        rows.append(("data", f"{spec.training}, at the service already: not checked here"))
    if spec.validation is None:
        rows.append(("careful", "Without a validation file nothing will warn of overfitting."))
    rows.append(("settings", "; ".join(_setting_words(setting) for setting in found.settings)))
    rows += [("careful", f"{one.name}: {one.problem}") for one in found.settings if one.problem]
    if model is not None:
        rows += [("careful", sentence) for sentence in model.peculiarities]
    rows.append(("cost", _cost_words(spec, found, local)))
    if found.effort is not None:
        rows.append(("takes", _effort_words(found)))
        rows.append(("careful", "The grader is not tried on answers here: the command below does that first."))
    rows += [("careful", f"{name} would be refused: the check found errors in it.") for name in found.blocked]
    return [*rows, ("command", command)]


def _file_words(file: FileLook) -> str:
    tokens = "" if file.tokens is None else f", {file.tokens:,} tokens"
    return f"{file.name}: {file.rows:,} rows{tokens}; {file.found or 'nothing found'}"


def _setting_words(setting: Setting) -> str:
    if setting.value == AUTO:
        return f"{setting.name} auto ({setting.meaning.partition('; auto: ')[2]})"
    return f"{setting.name} {setting.value}"


def _cost_words(spec: JobSpec, found: Prospect, local: bool) -> str:
    free = "Nothing here: the emulator charges nothing. At Azure: " if local else ""
    budget = spec.metadata.get(BUDGET_KEY)
    held = f" Cupola pauses it when its training has taken ${budget} by the clock." if budget else ""
    follows = f". {found.cost.follows}" if found.cost.follows else "."
    return f"{free}{found.cost.words}{follows}{held}"


def _effort_words(found: Prospect) -> str:
    assert found.effort is not None
    one = found.effort
    calls = (
        f", {one.grader_calls.low:,.0f} to {one.grader_calls.high:,.0f} grader calls" if one.grader_calls.high else ""
    )
    return (
        f"about {one.steps:,} steps, {one.answers.low:,.0f} to {one.answers.high:,.0f} training answers,"
        f" {one.validations:,} validation answers{calls}"
    )
