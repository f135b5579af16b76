"""What is on the screen about one checkpoint, for the ledger: numbers as JSON, and the same in Markdown."""

from __future__ import annotations

import math
import re
from typing import Any

from cupola.statistics.estimates import Estimate
from cupola.training.checkpoint_choice import sentences

from ...lines import visible
from .steps import StepsView, number

_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def numbers(view: StepsView, step: int) -> dict[str, Any]:
    """Every step's numbers with what is said of them; what is not known is null."""
    return {
        "job": view.job.id,
        "model": view.job.model,
        "eval": view.evals.runs[0].eval_id,
        "step": step,
        "items": len(view.evals.keys),
        "prompts": view.evals.clusters.count,
        "said": _said(view),
        "watches": [{"kind": one.kind, "level": one.level.value, "sentence": one.sentence} for one in view.alarms],
        "steps": [
            {
                "step": one.step,
                "reward": _estimate(one.mean),
                "pass_rate": _estimate(one.passed),
                "tokens": _finite(one.tokens),
                "reasoning_tokens": _finite(one.reasoning),
                "judged": one.counts.judged,
                "total": one.counts.total,
            }
            for one in view.summaries
        ],
    }


def card(view: StepsView, step: int) -> str:
    """The same as Markdown; names from the service are text there and nothing else."""
    prompts = view.evals.clusters.count
    rows = [
        f"| {'**' if one.step == step else ''}{one.step}{'**' if one.step == step else ''} | {_mean(one.mean)} |"
        f" {'–' if one.passed is None else f'{one.passed.value:.0%}'} | {one.counts.judged}/{one.counts.total} |"
        for one in view.summaries
    ]
    told = [f"- {_plain(words)}" for words in [*_said(view), *(alarm.sentence for alarm in view.alarms)]]
    return "\n".join(
        [
            f"## Checkpoint: step {step} of {_plain(view.job.name)}",
            "",
            f"{_plain(view.job.model)} · {len(view.evals.keys)} validation items of {prompts} prompts",
            "",
            *told,
            "",
            "| step | reward (95%) | pass | judged |",
            "|---:|---|---:|---:|",
            *rows,
        ]
    )


def _said(view: StepsView) -> list[str]:
    return sentences(view.choice, view.summaries, view.kept, view.gain) if view.choice is not None else []


def _mean(found: Estimate | None) -> str:
    if found is None:
        return "–"
    low, high = found.interval.low, found.interval.high
    ends = f" ({number(low)} to {number(high)})" if math.isfinite(low) and math.isfinite(high) else ""
    return f"{number(found.value)}{ends}"


def _estimate(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {"value": found.value, "low": _finite(found.interval.low), "high": _finite(found.interval.high)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", visible(text))
