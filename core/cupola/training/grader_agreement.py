"""How far two verdicts on the same answers agree: graders with people, with the job's own grader, with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.agreement import Agreement, agreement, confusion
from ..statistics.clusters import clusters_of
from ..statistics.estimates import Interval
from ..statistics.pass_rates import estimate_pass_rate


@dataclass(frozen=True, slots=True)
class VerdictPair:
    """Two verdicts on one answer."""

    prompt: int
    """Which prompt the answer is to; answers to the same one belong together."""
    first: bool
    second: bool


@dataclass(frozen=True, slots=True)
class VerdictAgreement:
    """Agreement on pass and fail."""

    name: str
    """Whom the second is held against."""
    agreed: float
    interval: Interval
    """Of the share agreed, 95%, clustered by prompt."""
    answers: int
    prompts: int
    whole: Agreement
    """With the confusion matrix (rows: the first's pass and fail) and Cohen's kappa, as if all were independent."""

    @property
    def disagreed(self) -> int:
        """Answers on which they differ."""
        return self.answers - round(self.agreed * self.answers)


def agree(name: str, pairs: Sequence[VerdictPair]) -> VerdictAgreement | None:
    """The agreement of the verdicts in some pairs; None without any."""
    if not pairs:
        return None
    same = np.array([one.first == one.second for one in pairs], np.float64)
    clusters = clusters_of([one.prompt for one in pairs])
    share = estimate_pass_rate(same, clusters)
    matrix = confusion([one.first for one in pairs], [one.second for one in pairs], [True, False])
    return VerdictAgreement(name, share.value, share.interval, len(pairs), clusters.count, agreement(matrix))


def agreement_words(found: VerdictAgreement) -> str:
    """As a phrase: the share with its interval, how many answers, and kappa where it is defined."""
    low, high = found.interval.low, found.interval.high
    kappa = "" if np.isnan(found.whole.kappa) else f", kappa {found.whole.kappa:.2f}"
    return f"{found.agreed:.0%} (95% {low:.0%} to {high:.0%}) of {found.answers:,} answers{kappa}"
