"""What the verbs of `cupola dataset` take: words into formats, shares, graders and readable files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ...datasets.check import Options, Report
    from ...datasets.formats import Format


def readable(path: Path, wanted: Options) -> Report:
    """Check a file that must have rows.

    Raises:
        DatasetError: it has none that can be read.
    """
    from ...datasets.check import check_file
    from ...datasets.lines import DatasetError

    report = check_file(path, wanted)
    if report.format is None:
        reason = report.groups[0].rule
        raise DatasetError(f"{path} is no dataset.", f"{reason.title}.", reason.remedy)
    return report


def needs_of(grader: Path | None) -> tuple[str, ...]:
    """The variables that a grader's templates name and its Python code looks up, wherever in it they stand.

    Raises:
        UsageError: the file cannot be read.
    """
    if grader is None:
        return ()
    from ...training.grader_needs import variables_of

    try:
        definition = json.loads(grader.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"The grader {grader} cannot be read.", str(error), "Give a JSON file.") from error
    return variables_of(definition)


def format_named(name: str) -> Format:
    """A format by its name.

    Raises:
        UsageError: there is none.
    """
    from ...datasets.formats import Format

    if name not in set(Format):
        raise UsageError(f"There is no format {name!r}.", f"There are {', '.join(Format)}.")
    return Format(name)


def shares_of(text: str) -> dict[str, float]:
    """Shares by the names of the new files.

    Raises:
        UsageError: they are not two or three that sum to 1.
    """
    names = {2: ("train", "validation"), 3: ("train", "validation", "test")}
    parts = text.split(",")
    try:
        shares = [float(part) for part in parts]
    except ValueError:
        shares = []
    if len(shares) not in names or any(not 0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise UsageError(f"--shares {text} are not two or three shares that sum to 1.", remedy="Such as 0.8,0.1,0.1.")
    return dict(zip(names[len(shares)], shares, strict=True))


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def share(text: str) -> float:
    """A number above 0 and at most 1."""
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1")
    return number
