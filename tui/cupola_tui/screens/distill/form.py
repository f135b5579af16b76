"""The form of a distillation: its fields, each with a word about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..hinted import HintedForm
from .draft import HINTS


class DistilForm(HintedForm):
    """Answers with what was typed by name, or None."""

    def __init__(
        self, title: str, facts: Sequence[tuple[str, str]], answers: Mapping[str, str], fields: Sequence[str]
    ) -> None:
        super().__init__(title, facts, answers, {name: HINTS[name] for name in fields})
