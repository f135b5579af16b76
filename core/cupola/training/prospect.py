"""What a job would be, before anything is paid: what its files hold, what its settings mean, what it would cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cupola_data.models import Catalogue
from cupola_data.prices import PriceList

from ..benchmarks.definition import GraderUse
from ..datasets.check import Options, Report, check_files
from ..datasets.cost import auto_epochs, estimates
from ..datasets.formats import Format
from ..errors import UsageError
from ..graders import GraderDefinitionError
from .grader_needs import variables_of
from .hyperparameters import Setting, settings_of
from .job_spec import JobSpec
from .reinforcement_cost import Effort, effort

_SAMPLED = 50
"""Rows whose length stands for that of all, where a grader's prompt is priced."""
_SMALLEST = 0.01


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file of this machine, as checked."""

    name: str
    rows: int
    tokens: int | None
    found: str
    """Errors and warnings in words; "" for none."""
    blocked: bool
    """Whether the service would refuse it, or train on something else than was meant."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What training would cost in US dollars; None where no price is published."""

    low: float | None
    high: float | None
    words: str
    follows: str = ""
    """What it means for budgets that no price is known; "" where one is."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A job as it would be submitted."""

    files: tuple[FileLook, ...]
    settings: tuple[Setting, ...]
    cost: Cost
    effort: Effort | None = None
    """Of a reinforcement job."""

    @property
    def blocked(self) -> tuple[str, ...]:
        """Files that would be refused."""
        return tuple(file.name for file in self.files if file.blocked)


def prospect(spec: JobSpec, catalogue: Catalogue, prices: PriceList, own_paces: Sequence[float] = ()) -> Prospect:
    """Check the files of this machine and work out what the job would take. Asks nobody.

    Args:
        spec: The job; files that only the service holds are not looked into.
        catalogue: The table of models.
        prices: What the service charges.
        own_paces: Seconds a step of earlier reinforcement jobs of one's own.

    Raises:
        UsageError: the service would refuse the grader.
        DatasetError: a file cannot be read.
    """
    use = _grader(spec)
    reports = looked_into(spec)
    files = tuple(look_of(report) for report in reports)
    trained = reports[0] if isinstance(spec.training, Path) and reports else None
    rows = len(trained.rows) if trained is not None else None
    settings = settings_of(spec.method, spec.hyperparameters, rows)
    if spec.method != "reinforcement":
        return Prospect(files, settings, token_cost(spec, trained, catalogue, prices))
    if len(reports) < 2 or use is None:
        return Prospect(files, settings, Cost(None, None, "not known here: the files are at the service already"))
    found = effort(
        spec.model, spec.hyperparameters, use, (len(reports[0].rows), len(reports[1].rows)),
        prompt_characters(spec), own_paces,
    )  # fmt: skip
    return Prospect(files, settings, _hourly(spec, found), found)


def looked_into(spec: JobSpec) -> list[Report]:
    """Reports of the files of this machine, training before validation, held against each other and the grader."""
    paths = [file for file in (spec.training, spec.validation) if isinstance(file, Path)]
    if spec.method == "reinforcement":
        needs = variables_of(spec.grader or {})
        options = Options(model=spec.model, needs=needs, format=Format.REINFORCEMENT, training=True)
    else:
        options = Options(model=spec.model, training=True, count_tokens=True)
    return check_files(paths, options) if paths else []


def look_of(report: Report) -> FileLook:
    """A report in short."""
    groups = [group for group in report.groups if group.rule.severity != "note"]
    found = "; ".join(f"{group.count:,} x {group.rule.title}" for group in groups)
    return FileLook(report.path.name, len(report.rows), report.tokens, found, report.blocked)


def token_cost(spec: JobSpec, report: Report | None, catalogue: Catalogue, prices: PriceList) -> Cost:
    """What supervised or preference training on a file costs: its tokens times the epochs, at the tier's price."""
    if report is None:
        return Cost(None, None, "not known here; the file is at the service already", _unbounded())
    given = spec.hyperparameters.get("n_epochs")
    epochs = int(given) if isinstance(given, int | float) and given > 0 else auto_epochs(len(report.rows))
    tokens = report.tokens or 0
    billed = f"{tokens:,} tokens x {epochs} epochs"
    base = catalogue.find(base_name(spec.model))
    found = list(estimates(tokens, epochs, spec.method, catalogue, prices, base.id)) if base else []
    tier = (spec.training_type or "standard").lower()
    one = next((entry for entry in found if entry.tier.lower() == tier), found[0] if found else None)
    if one is None or one.low is None or one.high is None:
        return Cost(None, None, f"{billed}; no training price is published for {spec.model}", _unbounded())
    dollars = f"${one.high:,.2f}" if one.low == one.high else f"${one.low:,.2f} to ${one.high:,.2f}"
    if one.high < _SMALLEST:
        dollars = "under $0.01"
    sure = "" if one.confirmed else " (uncertain)"
    words = f"{dollars}{sure}: {billed}, {one.basis}; {one.source}, {one.date}"
    return Cost(one.low, one.high, words)


def base_name(model: str) -> str:
    """The base of a model that was tuned before; of any other model its own name."""
    return model.removeprefix("ft:").partition(":")[0].partition(".ft-")[0]


def prompt_characters(spec: JobSpec) -> float:
    """The mean length of what a grader model would be shown of a row, its own definition included."""
    characters = float(len(json.dumps(dict(spec.grader or {}))))
    if isinstance(spec.training, Path):
        with spec.training.open(encoding="utf-8-sig", errors="replace") as lines:
            lengths = [len(line) for line in islice((line for line in lines if line.strip()), _SAMPLED)]
        characters += sum(lengths) / max(1, len(lengths))
    return characters


def _grader(spec: JobSpec) -> GraderUse | None:
    if spec.grader is None:
        return None
    use = GraderUse(dict(spec.grader))
    try:
        _ = use.grader
    except GraderDefinitionError as error:
        raise UsageError("The service would refuse the grader.", str(error)) from error
    return use


def _hourly(spec: JobSpec, found: Effort) -> Cost:
    hours = f"{found.hours.low:.2g} to {found.hours.high:.2g} hours of training"
    if found.usd is None:
        return Cost(None, None, f"{hours}; no price is published for {spec.model} or its grader", _unbounded())
    pauses = f"; the service pauses the job at ${found.pauses_at:,.0f}" if found.pauses_at else ""
    words = f"${found.usd.low:,.0f} to ${found.usd.high:,.0f}: {hours}, grader calls included{pauses}; {found.basis}"
    return Cost(found.usd.low, found.usd.high, words)


def _unbounded() -> str:
    return (
        "Unknown is not free: no budget can hold this job back, and today's spend will say that an amount is missing."
        " `[[prices]]` in the configuration takes the price you pay."
    )
