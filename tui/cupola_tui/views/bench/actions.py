"""What may be done with a benchmark, each with the card that says what it means and costs before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.estimate import Range, RunEstimate
from cupola.settings import Profile
from cupola.store.benchmarks import Run
from cupola.store.database import Database

from ..actions import Action, place
from . import numbers
from .progress import ENGINE_WORDS

PAIRS = "pairs.make"

Write = Callable[[Database], object]


def run_action(
    benchmark: Benchmark, run: Run | None, found: RunEstimate | None, profile: Profile, write: Write
) -> Action:
    """Run it, or go on with what is open: errors and missing rows."""
    going = run is not None and run.state.moving
    verb = "Continue" if run is not None else "Run"
    arms = ", ".join(arm.name for arm in benchmark.arms)
    graders = ", ".join(use.name for use in benchmark.graders)
    what = f"Asks {arms}; grades by {graders}. What was answered before is kept and not paid again."
    settled = run is not None and found is not None and found.calls == 0
    return Action(
        kind="bench.run",
        target=benchmark.name,
        title=f"{verb} {benchmark.name}",
        what=what,
        where=place(profile),
        cost=cost_words(found, benchmark.budget, benchmark.engine),
        command=command("run", benchmark.name, profile),
        refusal="it is under way" if going else "every row has its answer" if settled else "",
        write=write,
    )


def pairs_action(run: Run, profile: Profile) -> Action:
    """Preference pairs of its answers, to train on with DPO."""
    return Action(
        kind=PAIRS,
        target=run.benchmark,
        title=f"Make preference pairs of {run.benchmark}",
        what="Asks how, writes training files of the stored answers, and opens the form of a DPO job.",
        where="new files on this machine",
        cost="Nothing: no model is asked.",
        command=shlex.join(["cupola", "pairs", "make", run.benchmark, "--profile", profile.name]),
    )


def cancel_action(benchmark: Benchmark, run: Run | None, profile: Profile, write: Write) -> Action:
    """Ask no more."""
    going = run is not None and run.state.moving
    return Action(
        kind="bench.cancel",
        target=benchmark.name,
        title=f"Cancel {benchmark.name}",
        what="Asks no more. What was answered stays, and the run can be continued.",
        where=place(profile),
        cost="Calls under way are still paid.",
        command=command("cancel", benchmark.name, profile),
        refusal="" if going else "it is not under way",
        write=write,
    )


def again_action(
    benchmark: Benchmark, arm: str, found: RunEstimate | None, profile: Profile, refusal: str, write: Write
) -> Action:
    """Run one arm a second time, for the noise floor."""
    return Action(
        kind="bench.again",
        target=benchmark.name,
        title=f"Noise floor of {arm}",
        what=f"Asks {arm} everything a second time, to see how much it differs from itself.",
        where=place(profile),
        cost=cost_words(found, benchmark.budget, benchmark.engine),
        command=f"{command('run', benchmark.name, profile)} {shlex.join(['--again', arm])}",
        refusal=refusal,
        write=write,
    )


def define_action(kind: str, profile: Profile) -> Action:
    """A form for another benchmark."""
    return Action(
        kind=kind,
        target="",
        title="Define a benchmark",
        what="A form: items, prompt, models and graders. It is checked and written as a TOML file.",
        where="a new file on this machine, and the store",
        cost="Nothing: defining asks nobody.",
        command=_new_command(profile),
    )


def copy_action(kind: str, benchmark: Benchmark, profile: Profile) -> Action:
    """The form with what a benchmark says."""
    return Action(
        kind=kind,
        target=benchmark.name,
        title=f"Edit a copy of {benchmark.name}",
        what="The same form, filled in. What is changed makes another definition; earlier runs stay as they are.",
        where="a new file on this machine, and the store",
        cost="Nothing: defining asks nobody.",
        command=_new_command(profile),
    )


def editor_action(kind: str, benchmark: Benchmark, profile: Profile) -> Action:
    """The definition in the person's editor."""
    return Action(
        kind=kind,
        target=benchmark.name,
        title=f"Edit {benchmark.name} as TOML",
        what="Opens it in $VISUAL or $EDITOR, and takes it back if it can be run.",
        where="the store",
        cost="Nothing: defining asks nobody.",
        command=shlex.join(["cupola", "bench", "run", "FILE.toml", "--profile", profile.name]),
    )


def _new_command(profile: Profile) -> str:
    words = ["new", "FILE.toml", "--dataset", "DATA.jsonl", "--arm", "DEPLOYMENT", "--grader", "GRADER.json"]
    return shlex.join(["cupola", "bench", *words, "--profile", profile.name])


def cost_words(found: RunEstimate | None, budget: float | None, engine: str = "here") -> str:
    """Who asks; calls, tokens, dollars and minutes as ranges; where it stops."""
    stop = f" It stops at its budget of {numbers.dollars(budget)}." if budget is not None else " It has no budget."
    by = f"{ENGINE_WORDS.get(engine, engine).capitalize()}: "
    if found is None:
        return f"{by}not estimated, an item cannot be asked.{stop}"
    kept = sum(part.known for part in found.parts)
    words = [
        f"{money(found.usd)} for {found.calls:,} calls",
        f"{_range(found.tokens, '{:,.0f}')} tokens",
        f"{_range(found.minutes, '{:.1f}')} minutes",
    ]
    text = f"{by}{', '.join(words)}."
    if kept:
        text += f" {kept:,} answers are there already."
    if found.unpriced:
        text += f" No price is known for {', '.join(found.unpriced)}."
    return text + stop


def money(found: Range) -> str:
    """$0.02 to $0.31; one number where both ends read alike."""
    return numbers.range_words(numbers.dollars(found.low), numbers.dollars(found.high))


def command(verb: str, name: str, profile: Profile) -> str:
    """The command line that does the same."""
    return shlex.join(["cupola", "bench", verb, name, "--profile", profile.name])


def _range(found: Range, pattern: str) -> str:
    return numbers.range_words(pattern.format(found.low), pattern.format(found.high))
