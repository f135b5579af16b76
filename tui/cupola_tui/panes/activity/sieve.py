"""The slider over the threshold: arrow keys move it, enter asks to branch with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.message import Message

from ...commands import Scope, bindings
from ...lines import Line, line
from ...views.workflows.sieve import Kept, Slider, moved, notes_lines, sieve_lines
from ...widgets.painted import Painted
from .answers import Answers


class Sieve(Painted, can_focus=True):
    """Shows what a threshold keeps; nothing is paid or changed by moving it."""

    BINDINGS = bindings("sieve")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("sieve",)

    class Applied(Message):
        """The threshold is to be used, in a branch."""

        def __init__(self, kept: Kept) -> None:
            super().__init__()
            self.kept = kept

    def __init__(self) -> None:
        super().__init__(id="sieve")
        self._answers: Answers | None = None
        self._slider: Slider | None = None
        self._threshold: float | None = None
        self._kept: Kept | None = None
        self._warnings: Sequence[str] = ()
        self._reading = False

    def show(self, answers: Answers | None, warnings: Sequence[str], *, reading: bool) -> None:
        """Show a workflow's answers; the threshold stays where it was moved to while they are of the same workflow."""
        same = self._answers is not None and answers is not None and self._answers.workflow == answers.workflow
        self._warnings, self._reading = warnings, reading
        if answers is not self._answers:
            self._answers = answers
            self._slider = answers.slider if answers is not None else None
            if not same and answers is not None and answers.definition is not None:
                self._threshold = answers.definition.threshold
            self._weigh()
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._slider is None or self._kept is None:
            problem = self._answers.problem if self._answers is not None else None
            if problem is not None:
                return [line((f"✗ {problem.what}", "bad")), line(problem.why), line(problem.remedy)]
            words = "The answers are being read …" if self._reading else "There is no graded answer to choose from yet."
            return [line((words, "muted"))]
        shown = sieve_lines(self._slider, self._kept, self.has_focus, width)
        return [*shown, line(""), *notes_lines(self._warnings, width)] if self._warnings else shown

    def action_step(self, by: int) -> None:
        """Move the threshold."""
        if self._slider is not None:
            self._threshold = moved(self._slider, self._threshold, by)
            self._weigh()
            self.redraw()

    def action_reset(self) -> None:
        """Back to the threshold that was applied."""
        if self._slider is not None:
            self._threshold = self._slider.applied
            self._weigh()
            self.redraw()

    def action_apply(self) -> None:
        """Ask to go on with it, in a branch."""
        if self._kept is not None:
            self.post_message(self.Applied(self._kept))

    def on_focus(self) -> None:
        """The slider is brighter while the keys go here."""
        self.redraw()

    def on_blur(self) -> None:
        """The slider is dimmer while the keys go elsewhere."""
        self.redraw()

    def _weigh(self) -> None:
        known = self._answers if self._slider is not None else None
        self._kept = known.kept(self._threshold) if known is not None else None
