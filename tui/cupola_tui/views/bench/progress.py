"""A run as it goes: how far it is, what was estimated and what it came to, and why it stopped."""

from __future__ import annotations

from cupola.store.benchmarks import Run, RunState

from ...lines import Line, Span, flowed, line, wrapped
from ..jobs import bar
from ..words import count, duration, duration_range
from . import numbers
from .records import BoardView, Told

_STATE_INKS = {
    RunState.WANTED: "info",
    RunState.RUNNING: "info",
    RunState.DONE: "good",
    RunState.STOPPED: "warn",
    RunState.CANCELLED: "muted",
}

ENGINE_WORDS = {
    "here": "asked and graded from here",
    "evals": "by the service's Evals",
    "batch": "by Global Batch",
}


def run_lines(view: BoardView, width: int, *, brief: bool = False) -> list[Line]:
    """How far the run is, what it cost, and why it stopped; in brief without what can be counted otherwise."""
    run = view.run
    if run is None:
        again = f" {count(view.runs, 'earlier run')} asked or judged otherwise: R shows them." if view.runs else ""
        return wrapped(f"Not run yet as it is defined now: x runs it, with its price first.{again}", width, "info")
    done = run.progress
    steps, wanted = done.answered + done.failed + done.graded, done.rows + done.gradings
    parts: list[Line] = [line((run.state.value, _STATE_INKS[run.state]))]
    if run.state is not RunState.DONE and wanted:
        parts[0] = (*parts[0], Span("  "), *bar(steps / wanted, 16), Span(f" {min(1.0, steps / wanted):.0%}"))
    if not brief or run.state is not RunState.DONE:
        words = f"{done.answered:,} of {done.rows:,} answered, {done.graded:,} of {done.gradings:,} graded"
        parts.append(line((words, "muted")))
    parts += _spent(view, run, brief=brief)
    if done.unpriced:
        parts.append(line((f"{done.unpriced:,} answers without a price", "warn")))
    for number, words, ink in (
        (done.reused, "kept from before", "muted"),
        (done.throttled, "asked to wait", "muted"),
        (done.lost, "lost and sent again", "warn"),
        (done.failed, "failed", "warn"),
    ):
        if number and not (brief and ink == "muted"):
            parts.append(line((f"{number:,} {words}", ink)))
    out = flowed(parts, line((" · ", "faint")), width)
    if run.problem is not None:
        words = " ".join(part for part in (run.problem.what, run.problem.why, run.problem.remedy) if part)
        out += wrapped(f"! {words}", width, "warn", "  ")
    return out


def _spent(view: BoardView, run: Run, *, brief: bool) -> list[Line]:
    """Money, tokens, calls and time as they were, each beside what was estimated before."""
    done, told = run.progress, view.estimate
    parts: list[Line] = []
    budget = f" of ≤{numbers.dollars(run.budget)}" if run.budget is not None else ""
    parts.append(line((f"{numbers.dollars(done.usd)}{budget}", ""), (" spent", "muted"), _beside(told, "usd")))
    tokens = done.prompt_tokens + done.completion_tokens
    if tokens and not brief:
        parts.append(line((f"{tokens:,} tokens", "muted"), _beside(told, "tokens")))
    if done.asked and not brief:
        parts.append(line((f"{done.asked:,} calls", "muted"), _beside(told, "calls")))
    if done.seconds:
        parts.append(line((duration(done.seconds), "muted"), _beside(told, "minutes")))
    if run.engine != "here":
        parts.append(line((ENGINE_WORDS.get(run.engine, run.engine), "info")))
    return parts


def _beside(told: Told | None, name: str) -> tuple[str, str]:
    if told is None:
        return "", ""
    low, high = getattr(told, name)
    if name == "usd":
        words = numbers.range_words(numbers.dollars(low), numbers.dollars(high))
    elif name == "minutes":
        words = duration_range(low * 60, high * 60)
    else:
        words = numbers.range_words(f"{low:,.0f}", f"{high:,.0f}")
    return f" (est. {words})", "faint"
