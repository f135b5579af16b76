"""Watches over a reinforcement run: each a function of numbers that says what it saw and what to do, or nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics.clusters import Clusters, cluster_sums
from ..statistics.means import standard_error
from ..statistics.quantiles import student_quantile
from .auto_evals import AutoEvals, Floats
from .checkpoint_choice import Choice, Keeping
from .watches import Level
from .watches import Series as Series

GAPS = (0.05, 0.10)
"""Shares of the reward's range by which train and validation, or two graders, part: from which to look, and to stop."""
JUMPS = (1.25, 2.0)
"""Tokens an answer over those of the first pass, from which a rise is worth a look, and is plain."""
ERROR_SHARES = (0.02, 0.10)
"""Shares of answers that a grader could not grade, from which to look, and to stop."""
NO_SIGNAL = 0.9
"""The share of items with one and the same reward from which a group of answers teaches next to nothing."""

FEWEST = 10
"""Answers below which a rank correlation or an entropy says nothing."""
_ALMOST_ONE = 0.999_999
"""A perfect rank correlation lies at infinity on Fisher's scale."""
_PAID_BY_LENGTH = 0.5
"""The lower end of the rank correlation of reward and length from which the length is what is paid for."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a watch saw."""

    kind: str
    """parting, disagreement, length, tokens, format, errors, signal, converged, leaving or learning_rate."""
    level: Level
    """WATCH or BAD."""
    sentence: str
    """With the numbers that it rests on."""
    remedy: str
    step: int | None = None
    """The step at which it was seen."""


def parting(train: Series, valid: Series, width: float) -> Alarm | None:
    """Train reward has gained more than validation reward, by more than the noise of both.

    Gains are the mean of the later half of a curve minus that of the earlier one; `width` is the range of the reward.
    """
    if len(train[1]) < 8 or len(valid[1]) < 4:
        return None
    first, second = _halves(train[1]), _halves(valid[1])
    gap = (first[1].mean() - first[0].mean()) - (second[1].mean() - second[0].mean())
    noise = math.sqrt(sum(half.var(ddof=1) / len(half) for half in (*first, *second)))
    share = float(gap) / width if width > 0 and math.isfinite(width) else math.nan
    if not (share > GAPS[0] and gap > 2 * noise):
        return None
    return Alarm(
        "parting",
        Level.BAD if share > GAPS[1] else Level.WATCH,
        f"train and validation part: train reward {_change(*first)}, validation {_change(*second)};"
        f" the gap is {gap:+.3g} (standard error {noise:.2g}), {share:.0%} of the range",
        "Stop here and deploy the checkpoint before they parted; train fewer epochs, or on more varied rows.",
        int(valid[0][-1]),
    )


def disagreement(evals: AutoEvals, second: Floats, name: str) -> Alarm | None:
    """The job's own grader has gained over the first pass what a second, independent one has not.

    Args:
        evals: The validation passes.
        second: (steps, items): the second grader's rewards of the same answers; NaN where there is none.
        name: The second grader's.

    Each reward counts as a share of its own range; the difference of the two gains is taken item by item.
    """
    rows = [row for row in range(len(second)) if np.isfinite(second[row] + evals.scores[row]).sum() >= FEWEST]
    widths = _width(evals.scores, evals.scale.width), _width(second, math.nan)
    if len(rows) < 2 or not all(width > 0 for width in widths):
        return None
    base, last = rows[0], rows[-1]
    own = (evals.scores[last] - evals.scores[base]) / widths[0]
    other = (second[last] - second[base]) / widths[1]
    apart = _estimated(own - other, evals.clusters)
    if apart is None or apart[0] - apart[1] <= 0 or apart[0] <= GAPS[0]:
        return None
    both = np.isfinite(own) & np.isfinite(other)
    return Alarm(
        "disagreement",
        Level.BAD if apart[0] > GAPS[1] else Level.WATCH,
        f"{name} disagrees more than before: from step {evals.steps[base]} to {evals.steps[last]} the job's grader"
        f" gained {own[both].mean():+.0%} of its range, {name} {other[both].mean():+.0%};"
        f" apart by {apart[0]:.0%} (95% {apart[0] - apart[1]:.0%} to {apart[0] + apart[1]:.0%})",
        "Read the answers that gained most: the reward may be won without the task. Mend the grader and train again.",
        evals.steps[last],
    )


def paid_by_length(step: int, rewards: Floats, lengths: Floats) -> Alarm | None:
    """Within one pass, longer answers get higher rewards almost without exception.

    By Spearman's rank correlation with its 95% interval on Fisher's scale.
    """
    known = np.isfinite(rewards) & np.isfinite(lengths)
    rho = rank_correlation(rewards[known], lengths[known])
    count = int(known.sum())
    if count < FEWEST or math.isnan(rho):
        return None
    low = math.tanh(math.atanh(max(-_ALMOST_ONE, min(rho, _ALMOST_ONE))) - 1.96 / math.sqrt(count - 3))
    if low < _PAID_BY_LENGTH:
        return None
    return Alarm(
        "length",
        Level.BAD,
        f"the reward follows the length of the answer: rank correlation {rho:.2f} over {count} answers of step {step}"
        f" (at least {low:.2f})",
        "Read the longest answers: if they are not better, the grader pays for length. Cap it, or take it out.",
        step,
    )


def tokens_jump(steps: Sequence[int], tokens: Sequence[float], rewards: Sequence[float], what: str) -> Alarm | None:
    """Answers have grown by a quarter or more since the first pass, while the reward rose.

    `tokens` and `rewards` are means of each pass; NaN is not told. `what` names the tokens: reasoning or completion.
    """
    known = [i for i in range(len(steps)) if math.isfinite(tokens[i]) and math.isfinite(rewards[i])]
    if len(known) < 2 or not tokens[known[0]] > 0:
        return None
    first, last = known[0], known[-1]
    ratio, rise = tokens[last] / tokens[first], rewards[last] - rewards[first]
    if ratio < JUMPS[0] or rise <= 0:
        return None
    return Alarm(
        "tokens",
        Level.BAD if ratio >= JUMPS[1] else Level.WATCH,
        f"{what} tokens grew from {tokens[first]:.0f} to {tokens[last]:.0f} an answer ({ratio - 1:+.0%}) between steps"
        f" {steps[first]} and {steps[last]} while the reward rose by {rise:.3g}",
        "Each answer costs that much more when deployed: take an earlier checkpoint that cannot be told from the best,"
        " or lower reasoning_effort.",
        steps[last],
    )


def format_collapse(steps: Sequence[int], entropies: Sequence[float]) -> Alarm | None:
    """The answers' forms, which were several at first, have become few; in bits, NaN is not known."""
    known = [(step, bits) for step, bits in zip(steps, entropies, strict=True) if math.isfinite(bits)]
    if len(known) < 2:
        return None
    (first, before), (last, now) = known[0], known[-1]
    if before < 1.0 or now > before / 2:
        return None
    return Alarm(
        "format",
        Level.WATCH,
        f"the answers take fewer forms: entropy {before:.2f} bits at step {first}, {now:.2f} at step {last}",
        "Read some answers: one template for every question is a sign of a gamed reward, unless it was asked for.",
        last,
    )


def grader_errors(series: Mapping[str, Series]) -> list[Alarm]:
    """Each family of grader errors, and answers without a reward, that are not rare any more; by metric name."""
    found = []
    for metric in sorted(series):
        steps, values = series[metric]
        if not (metric.startswith("errors/") and metric.endswith("_mean")) and metric != "mean_unresponsive_rewards":
            continue
        if not len(values):
            continue
        share = float(values[-3:].mean())
        if not share > ERROR_SHARES[0]:
            continue
        level = Level.BAD if share > ERROR_SHARES[1] else Level.WATCH
        words = f"{_family(metric)}: {share:.0%} of answers over the last {min(3, len(values))} measurements"
        found.append(Alarm("errors", level, words, _remedy_of(metric), int(steps[-1])))
    return found


def no_signal(step: int, rewards: Floats, passes: Floats) -> Alarm | None:
    """Nearly all items have one and the same reward, so that there is nothing to tell good answers from bad ones.

    Meant for the first pass, that of the base model: later all may pass because it has learnt.
    """
    known = np.isfinite(rewards)
    if known.sum() < FEWEST:
        return None
    values, counts = np.unique(rewards[known], return_counts=True)
    common = int(counts.argmax())
    share = float(counts[common] / known.sum())
    if share < NO_SIGNAL:
        return None
    passing = float(np.nanmean(passes[known & (rewards == values[common])])) >= 0.5
    word, remedy = ("too easy", _TOO_EASY) if passing else ("too hard", _TOO_HARD)
    sentence = f"{word}: {share:.0%} of {known.sum()} items have a reward of {values[common]:.3g} at step {step}"
    return Alarm("signal", Level.BAD, sentence, remedy, step)


def leaving(choice: Choice, kept: Keeping) -> Alarm | None:
    """The best checkpoint, or one that cannot be told from the highest, goes when the next one is written."""
    goes = kept.next_to_go
    if goes is None or goes not in choice.tied:
        return None
    others = [step for step in choice.tied if step in kept.deployable and step != goes]
    rest = f"; of those that cannot be told from it, {', '.join(map(str, others))} stay" if others else ""
    return Alarm(
        "leaving",
        Level.BAD if goes == choice.best or not others else Level.WATCH,
        f"step {goes}{', the best,' if goes == choice.best else ''} is about to leave the last"
        f" {len(kept.deployable)} checkpoints that the service keeps{rest}",
        f"Deploy step {goes}, copy it, or pause the job before the next checkpoint comes.",
        goes,
    )


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two vectors (n,), ties sharing their mean rank; NaN if one is constant."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


_TOO_HARD = "Take easier rows, a grader that pays for partial success, or a stronger base model."
_TOO_EASY = "Take harder rows, or a stricter grader: this model has little to learn here."


def moments(values: Floats, clusters: Clusters) -> tuple[float, float, int] | None:
    """Mean, cluster-robust standard error, and clusters of what is known; None with too little."""
    if np.isfinite(values).sum() < FEWEST:
        return None
    sums = cluster_sums(values, clusters)
    if sums.clusters < 5:
        return None
    return sums.mean, standard_error(sums), sums.clusters


def _estimated(values: Floats, clusters: Clusters) -> tuple[float, float] | None:
    """Mean and the reach of its 95% interval."""
    found = moments(values, clusters)
    return None if found is None else (found[0], found[1] * student_quantile(0.95, found[2]))


def _width(values: Floats, told: float) -> float:
    """The range of rewards: as told, else as seen; NaN if nothing is."""
    if math.isfinite(told):
        return told
    known = values[np.isfinite(values)]
    return float(np.ptp(known)) if known.size else math.nan


def _ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2)[places]


def _halves(values: Floats) -> tuple[Floats, Floats]:
    middle = len(values) // 2
    return values[:middle], values[middle:]


def _change(early: Floats, late: Floats) -> str:
    return f"{early.mean():.3g} to {late.mean():.3g}"


def _family(metric: str) -> str:
    if metric == "mean_unresponsive_rewards":
        return "answers without a reward"
    _, grader, name = metric.split("/", 2) if metric.count("/") >= 2 else ("", "grader", metric)
    split = "validation" if name.startswith("valid_") else "training"
    words = name.removeprefix("valid_").removeprefix("train_").removesuffix("_mean").replace("_", " ")
    return f"{words} of {grader} in {split}"


def _remedy_of(metric: str) -> str:
    if "sample_parse_error" in metric:
        return "The answers are not the JSON that the grader reads: give a response_format, or read the plain text."
    if "invalid_variable" in metric:
        return "A row lacks a field that the grader's template names: check the data against the grader."
    if "server_error" in metric:
        return "The service could not run the grader: if it lasts, make it smaller or ask for another grader model."
    return "Run the grader on these answers in the grader lab, and mend it before going on."
