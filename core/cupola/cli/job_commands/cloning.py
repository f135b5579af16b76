"""Saving a job as a file to submit again, and going on from the model that it made."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...errors import UsageError
from ...store import checkpoints
from ...store.database import Database
from ..context import Context, session_of, store_of
from ..naming import find
from ..text import clean


def add_clone(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cupola job clone`, whose job is an argument already."""
    parser.add_argument("--to", type=Path, metavar="NEW.yaml", help="the file to write; printed if left out")
    parser.add_argument("--go-on", action="store_true", help="begin with the model that it made")
    parser.set_defaults(run=clone_)


def clone_(options: argparse.Namespace, context: Context) -> int:
    """Write a job as a YAML file that `cupola job submit` and azd take."""
    import yaml

    from ...training.cloning import clone

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        job = find(database, options.job)
        made = clone(job, go_on=options.go_on, checkpoints=checkpoints.of_job(database, job.id))
    text = yaml.safe_dump(dict(made.document), sort_keys=False, allow_unicode=False, width=100)
    for note in made.notes:
        context.say(note)
    if options.to is None:
        context.out.write(text)
        return 0
    try:
        with options.to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{options.to} is there already.", "Nothing was overwritten.") from error
    context.say(f"Written. Train it: cupola job submit {clean(str(options.to))}")
    return 0


def model_from(database: Database, reference: str) -> str:
    """The model for `cupola job submit --from JOB[@STEP]`: what an earlier job made, or one of its checkpoints.

    Raises:
        UsageError: there is no such job, step or model.
    """
    from ...training.cloning import tuned_model

    name, at, step = reference.rpartition("@")
    if not at or not step.isdecimal():
        name, step = reference, ""
    job = find(database, name)
    return tuned_model(job, checkpoints.of_job(database, job.id), int(step) if step else None)
