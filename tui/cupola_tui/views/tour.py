"""The words of the tour: what each pane is for, and what to try in it now."""

from __future__ import annotations

from dataclasses import dataclass

from ..lines import Line, cell_width, line, spread, wrapped


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of the tour."""

    pane: str
    title: str
    text: str


STEPS = (
    Step(
        "jobs",
        "Two models are learning in front of you",
        "Nothing is scripted: tiny models compute these curves now. j and k choose a job, enter looks closer, [ and ] "
        "change the tab. The line under the curves says what they carry, and no more.",
    ),
    Step(
        "datasets",
        "Know your data before you pay for it",
        "Each file is checked by the service's rules and a careful eye's: problems with line and field, shape, rows, "
        "twins and leaks, cost. enter opens a file, x makes splits and fixes as new files, or uploads.",
    ),
    Step(
        "benchmarks",
        "Pick teacher, student and control on evidence",
        "x runs the bundled benchmark of Cora, Zava's support assistant, in about a minute. Then t, s and c give the "
        "roles; the screen says why, and what the numbers do not carry. D distils the teacher into the student.",
    ),
    Step(
        "checkpoints",
        "What reinforcement learnt, item by item",
        "The validation reward of each checkpoint with its 95% band, which one to keep and which cannot be told from "
        "it, and what was gained and lost. comma and full stop move the cursor, enter opens an item.",
    ),
    Step(
        "deployments",
        "Deployments that do not outstay their use",
        "What is deployed, what it costs by the hour, and the fuse that removes it. x deploys, extends and removes, "
        "each behind a card that says what it will cost.",
    ),
    Step(
        "activity",
        "Close the terminal when you like",
        "Workflows, spend and decisions. A worker process does the work: what was begun goes on without this screen, "
        "and is here when you come back. ? tells every key, : finds every command.",
    ),
)


def tour_lines(number: int, width: int) -> list[Line]:
    """The strip of one step, 0 the first."""
    step = STEPS[number]
    last = number == len(STEPS) - 1
    keys = line(("ctrl+n", "key bold"), (" end" if last else " next", "muted"), *_skip(last))
    count = f"{number + 1} of {len(STEPS)}  "
    title = line((count, "muted"), (step.title, "accent bold"))
    head = spread(title, keys, width)
    body = wrapped(step.text, width)
    return [head, *body] if cell_width(head) > cell_width(title) else [title, *body, keys]


def _skip(last: bool) -> tuple[tuple[str, str], ...]:
    return () if last else (("  ctrl+e", "key bold"), (" skip the tour", "muted"))
