"""Preference pairs: from several answers to one prompt to training rows of which one is preferred."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .writing import Content, Provenance, outputs


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to a prompt, with what is known of its worth."""

    prompt: str
    """The prompt's content hash."""
    messages: tuple[Mapping[str, Any], ...]
    text: str
    arm: str
    score: float = math.nan
    """On the grader's scale; NaN is not graded."""
    label: bool | None = None
    """What a person said; None is nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt, the first preferred."""

    preferred: Said
    rejected: Said

    @property
    def longer(self) -> int:
        """By how many characters the preferred answer is longer."""
        return len(self.preferred.text) - len(self.rejected.text)

    def row(self) -> dict[str, Any]:
        """The training row in the service's form."""
        return {
            "input": {"messages": [dict(message) for message in self.preferred.messages]},
            "preferred_output": [{"role": "assistant", "content": self.preferred.text}],
            "non_preferred_output": [{"role": "assistant", "content": self.rejected.text}],
        }


def between_arms(said: Sequence[Said], better: str, worse: str, least: float | None = None) -> list[Pair]:
    """One arm's answers preferred to another's, answer by answer of each prompt.

    Args:
        said: Answers in any order.
        better: The arm whose answers are preferred, such as a teacher.
        worse: The other arm.
        least: By how much the preferred answer must score higher; None asks for no score.
    """
    found = []
    for group in _by_prompt(said).values():
        ours, theirs = ([one for one in group if one.arm == arm] for arm in (better, worse))
        found += [Pair(one, other) for one, other in zip(ours, theirs, strict=False) if _is_better(one, other, least)]
    return _told_apart(found)


def by_scores(said: Sequence[Said], least: float) -> list[Pair]:
    """For each prompt its highest-scored answer preferred to its lowest, where they lie at least so far apart."""
    found = []
    for group in _by_prompt(said).values():
        graded = [one for one in group if not math.isnan(one.score) and one.text.strip()]
        if graded:
            best, worst = max(graded, key=lambda one: one.score), min(graded, key=lambda one: one.score)
            if best.score > worst.score and best.score - worst.score >= least:
                found.append(Pair(best, worst))
    return _told_apart(found)


def by_labels(said: Sequence[Said]) -> list[Pair]:
    """Answers that people passed preferred to those of the same prompt that they failed, each used once."""
    found = []
    for group in _by_prompt(said).values():
        good, bad = ([one for one in group if one.label is wanted] for wanted in (True, False))
        found += [Pair(one, other) for one, other in zip(good, bad, strict=False)]
    return _told_apart(found)


def balanced(pairs: Sequence[Pair], seed: int = 0) -> list[Pair]:
    """Leave out pairs at random until the preferred answer is as often the shorter as the longer one.

    Preference training learns length first: where the preferred answer is nearly always the longer, so will be what it
    learns (Park, Rafailov, Ermon and Finn 2024, arXiv 2403.19159).
    """
    longer = [place for place, pair in enumerate(pairs) if pair.longer > 0]
    shorter = [place for place, pair in enumerate(pairs) if pair.longer < 0]
    many, few = (longer, shorter) if len(longer) > len(shorter) else (shorter, longer)
    dropped = set(random.Random(seed).sample(many, len(many) - len(few)))
    return [pair for place, pair in enumerate(pairs) if place not in dropped]


def length_rule(pairs: Sequence[Pair]) -> float:
    """How many pairs a rule would get right that looks at nothing but which answer is longer; NaN without pairs."""
    told = [pair.longer for pair in pairs if pair.longer]
    if not told:
        return math.nan
    share = sum(further > 0 for further in told) / len(told)
    return max(share, 1 - share)


def held_out(pairs: Sequence[Pair], share: float, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Divide pairs into training and validation, all pairs of one prompt on one side."""
    prompts = list(dict.fromkeys(pair.preferred.prompt for pair in pairs))
    count = min(round(share * len(prompts)), max(len(prompts) - 1, 0))
    chosen = set(random.Random(seed).sample(prompts, count))
    train = [pair for pair in pairs if pair.preferred.prompt not in chosen]
    return train, [pair for pair in pairs if pair.preferred.prompt in chosen]


def write_pairs(
    parts: Mapping[Path, Sequence[Pair]], now: float, inputs: tuple[Content, ...], parameters: Mapping[str, object]
) -> list[Provenance]:
    """Write a file of training rows for each part, all or none.

    Raises:
        DatasetError: a file exists already or cannot be written.
    """
    with outputs(*parts) as opened:
        for output, pairs in zip(opened, parts.values(), strict=True):
            for pair in pairs:
                output.write(json.dumps(pair.row(), ensure_ascii=True).encode())
    return [Provenance(one.content, one.rows, "pairs", inputs, now, parameters) for one in opened]


def _is_better(one: Said, other: Said, least: float | None) -> bool:
    # Without a score no difference is known: NaN compares as false.
    return least is None or one.score - other.score >= least


def _by_prompt(said: Iterable[Said]) -> dict[str, list[Said]]:
    groups: dict[str, list[Said]] = {}
    for one in said:
        groups.setdefault(one.prompt, []).append(one)
    return groups


def _told_apart(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out pairs of one text, pairs with an empty one, and repetitions."""
    seen: dict[tuple[str, str, str], Pair] = {}
    for pair in pairs:
        better, worse = pair.preferred.text.strip(), pair.rejected.text.strip()
        if better and worse and better != worse:
            seen.setdefault((pair.preferred.prompt, better, worse), pair)
    return list(seen.values())
