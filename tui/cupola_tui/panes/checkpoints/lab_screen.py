"""The screen of the grader lab: what an edited grader makes of stored answers, and whom it agrees with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer

from cupola.models import Intent, IntentState
from cupola.training.grader_agreement import agreement_words
from cupola.training.grader_lab import Scored
from cupola.training.lab_verdicts import PEOPLE

from ...commands import bindings
from ...lines import Line, Span, flowed, line, visible, wrapped
from ...messages import Say
from ...screens.modal import Modal
from ...screens.reader import ReaderScreen
from ...views.checkpoints.steps import number, short
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table
from .lab_run import Trial

_COLUMNS = (
    Column("", 1),
    Column("step", 5, right=True),
    Column("item", 18, flexible=True),
    Column("answer", 18, flexible=True, drop=1),
    Column("reward", 15, right=True),
    Column("it", 2),
    Column("job", 3),
    Column("you", 3),
)
_LOOK_SECONDS = 0.3

Texts = Callable[[Scored], tuple[str, str]]
"""Question and answer of what was tried, each in a line."""


class Wanted(Enum):
    """What is to be done next."""

    EDIT = "edit"
    KEEP = "keep"
    LABEL = "label"
    ASK = "ask"


class LabScreen(Modal[Wanted | None]):
    """Shows a trial; answers with what is wanted next, or None.

    `validate` has the service asked whether it takes the grader, and `answer` tells what has become of that.
    """

    BINDINGS = bindings("lab")
    SCOPES = ("lab",)

    def __init__(
        self, trial: Trial, texts: Texts, validate: Callable[[], None], answer: Callable[[], Intent | None]
    ) -> None:
        super().__init__()
        self._trial, self._texts, self._validate, self._answer = trial, texts, validate, answer
        self._table = Table(_COLUMNS, id="lab-answers", empty="No stored answer could be read.")
        self._only = ""
        """Whom the shown answers are differed on with; "" shows all."""
        self._shown: Sequence[Scored] = ()
        self._looking: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="lab") as box:
            box.border_title = Content(visible(f"Grader lab: {self._trial.name}"))
            yield Lines(id="lab-head")
            yield self._table
            yield Lines(id="lab-keys")

    def on_mount(self) -> None:
        """What changed comes first."""
        self._list()
        self.query_one("#lab-keys", Lines).show(lambda width: [line(""), *_keys(self._trial, width)])
        self._table.focus()

    def action_differ(self) -> None:
        """Only those on which it differs from the next one, then all again."""
        names = ["", *(one.name for one in self._trial.report.agreements if one.disagreed)]
        if len(names) == 1:
            self.app.post_message(Say("It differs from nobody here, as far as there are verdicts."))
            return
        at = names.index(self._only) if self._only in names else 0
        self._only = names[(at + 1) % len(names)]
        self._list()
        self._table.move_to(0)

    def action_check(self) -> None:
        """Have the service asked."""
        self._validate()
        self._list()
        if self._looking is None:
            self._looking = self.set_interval(_LOOK_SECONDS, self._look)

    def action_editor(self) -> None:
        """Edit it again."""
        self.dismiss(Wanted.EDIT)

    def action_keep(self) -> None:
        """Write it into a file."""
        self.dismiss(Wanted.KEEP)

    def action_label(self) -> None:
        """Label some answers."""
        self.dismiss(Wanted.LABEL)

    def action_ask(self) -> None:
        """Have its models asked, after a card."""
        if not self._trial.unasked:
            asks = "has judged all of these" if self._trial.use.judges else "asks no model"
            self.app.post_message(Say(f"{self._trial.name} {asks}."))
            return
        self.dismiss(Wanted.ASK)

    def action_close(self) -> None:
        """Leave the lab."""
        self.dismiss(None)

    @on(Table.Opened, "#lab-answers")
    def _opened(self, event: Table.Opened) -> None:
        """One answer in full, with who says what of it."""
        event.stop()
        if isinstance(event.key, int) and event.key < len(self._shown):
            one = self._shown[event.key]
            asked, _ = self._texts(one)
            self.app.push_screen(ReaderScreen(f"Step {one.step}: {asked}", lambda width: one_lines(one, asked, width)))

    def _look(self) -> None:
        """Stop looking once the service has said its word."""
        found = self._answer()
        if found is not None and found.state in (IntentState.DONE, IntentState.FAILED) and self._looking is not None:
            self._looking.stop()
            self._looking = None
        self._show_head()

    def _list(self) -> None:
        every = self._trial.scored
        self._shown = shown = [one for one in every if not self._only or one.verdicts.differs(self._only)]
        self._table.show(KeyedRows(range(len(shown)), lambda index: _cells(shown[index], self._texts(shown[index]))))
        self._show_head()

    def _show_head(self) -> None:
        answer, only = self._answer(), self._only
        count = len(self._shown)
        self.query_one("#lab-head", Lines).show(lambda width: head_lines(self._trial, answer, only, count, width))


def head_lines(trial: Trial, answer: Intent | None, only: str, shown: int, width: int) -> list[Line]:
    """How many rewards changed, what the mean became, with whom it agrees, and what the service says of it."""
    report = trial.report
    parts = [line((f"{report.changed} of {len(report.scored)}", "bold"), " rewards changed")]
    if report.comparison is not None:
        difference = report.comparison.difference
        low, high = difference.interval.low, difference.interval.high
        ends = f" (95% {low:+.3g} to {high:+.3g})" if math.isfinite(low) and math.isfinite(high) else ""
        before, after = _means(report.scored)
        parts.append(
            line("mean ", (number(before), "muted"), (" → ", "faint"), (number(after), "bold"), (ends, "muted"))
        )
    if report.failed:
        parts.append(line((f"{report.failed} without a reward", "warn")))
    out = flowed(parts, line("   "), width)
    for one in report.agreements:
        ink = "accent" if one.name == only else ""
        words = f"agrees with {one.name} on {agreement_words(one)}; {one.disagreed:,} differ"
        out += wrapped(words, width, ink)
    if all(one.name != PEOPLE for one in report.agreements):
        out += wrapped("no labels by people yet: l puts some of these answers before you", width, "muted")
    if trial.unasked:
        judges = ", ".join(trial.use.judges)
        out += wrapped(f"{len(trial.unasked)} not shown to {judges} yet: x tells what that costs first", width, "warn")
    out += _service_lines(trial, answer, width)
    for problem in list(dict.fromkeys(one.problem for one in report.scored if one.problem))[:2]:
        out += wrapped(problem[:400], width, "warn")
    if only:
        out += wrapped(f"shown: {shown} on which it differs from {only} (d goes on)", width, "accent")
    return [*out, line("")]


def one_lines(one: Scored, asked: str, width: int) -> list[Line]:
    """One answer in full."""
    out = [line(("asked", "muted")), *wrapped(asked, width), line("")]
    out += [line(("answer", "muted"))]
    out += [row for part in (one.answer or "(no text)").split("\n") for row in wrapped(part, width) or [line("")]]
    out += [line(""), line(("reward ", "muted"), short(_float(one.before)), (" → ", "faint"), short(_float(one.after)))]
    said = {"the grader in hand": one.verdicts.grader, "the job's grader": one.verdicts.own, "you": one.verdicts.people}
    for name, passed in {**said, **one.verdicts.others}.items():
        out.append((*_mark(passed), Span(f" {name}")))
    return [*out, *(wrapped(one.problem, width, "warn") if one.problem else [])]


def _service_lines(trial: Trial, answer: Intent | None, width: int) -> list[Line]:
    if answer is None:
        return []
    if answer.state is IntentState.DONE:
        return wrapped(f"✓ the service takes {trial.name}", width, "good")
    if answer.problem is not None:
        parts = (answer.problem.what, answer.problem.why, answer.problem.remedy)
        return wrapped(f"✗ {' '.join(filter(None, parts))}", width, "bad", "  ")
    return wrapped("… the service is asked whether it takes this grader", width, "muted")


def _keys(trial: Trial, width: int) -> list[Line]:
    keys = [("e", "edit"), ("d", "differing"), ("l", "label"), ("c", "check at the service")]
    keys += [("x", "ask its models")] if trial.unasked else []
    keys += [("s", "save"), ("enter", "read"), ("esc", "close")]
    return flowed([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "), width)


def _means(scored: Sequence[Scored]) -> tuple[float, float]:
    """Mean rewards before and after, over answers that have both."""
    both = [(one.before, one.after) for one in scored if one.before is not None and one.after is not None]
    if not both:
        return math.nan, math.nan
    return sum(before for before, _ in both) / len(both), sum(after for _, after in both) / len(both)


def _cells(one: Scored, texts: tuple[str, str]) -> tuple[Line, ...]:
    change = one.change
    if math.isnan(change):
        sign, ink = ("!", "warn") if one.problem else ("·", "faint")
    else:
        sign, ink = ("▲", "good") if change > 0 else ("▼", "bad") if change < 0 else ("=", "faint")
    reward = (*line((short(_float(one.before)), "muted"), (" → ", "faint")), Span(short(_float(one.after)), ink))
    marks = (_mark(one.verdicts.grader), _mark(one.verdicts.own), _mark(one.verdicts.people))
    return line((sign, ink)), line((str(one.step), "muted")), line(texts[0]), line((texts[1], "muted")), reward, *marks


def _mark(passed: bool | None) -> Line:
    if passed is None:
        return line(("·", "faint"))
    return line(("✓", "good")) if passed else line(("✗", "bad"))


def _float(value: float | None) -> float:
    return math.nan if value is None else value
