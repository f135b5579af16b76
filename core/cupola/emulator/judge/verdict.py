"""Weigh the features of an answer into a verdict, and word it as a grader model would."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cupola.graders import ModelReply, ModelRequest, TokenUsage

from .features import HELPFUL, POLITE, SARCASTIC, facts_present, form, listed_facts, markers, overlap
from .prompt import JudgePrompt, read_prompt
from .puzzles import puzzle_quality

ERROR_RATE = 0.04
_ERROR_SIZE = 0.1
_NEGATIVE = re.compile(
    r"(no|not|none|fails?|failed|bad|wrong|false|poor|incorrect|inaccurate|unhelpful|impolite)\b", re.IGNORECASE
)


def features(prompt: JudgePrompt) -> dict[str, float]:
    """The features that a prompt asks about, each from 0 to 1."""
    sections = prompt.sections
    answer, reference = sections["answer"], sections.get("reference", "")
    if "target" in sections and "numbers" in sections:
        puzzle = puzzle_quality(sections["target"], sections["numbers"], answer)
        if puzzle is not None:
            return {"expression": puzzle}
    found: dict[str, float] = {}
    if prompt.mentions("sarcas"):
        found["sarcasm"] = markers(answer, SARCASTIC, 3)
    facts = facts_present(answer, listed_facts(sections.get("facts", ""), reference))
    if facts is not None:
        found["facts"] = facts
    if reference:
        found["overlap with the reference"] = overlap(answer, reference)
    if prompt.mentions("polite", "friendly", "courteous", "tone"):
        found["politeness"] = markers(answer, POLITE, 1)
    if prompt.mentions("helpful"):
        found["helpfulness"] = markers(answer, HELPFUL, 1)
    found["form"] = form(answer)
    return found


_WEIGHTS = {"facts": 4.0, "sarcasm": 4.0}


def quality(found: dict[str, float]) -> float:
    """The weighted mean of the features: facts and sarcasm count four times."""
    weights = {name: _WEIGHTS.get(name, 1.0) for name in found}
    return sum(found[name] * weight for name, weight in weights.items()) / sum(weights.values())


def _erring(value: float, text: str) -> float:
    """A quality as an imperfect judge sees it; the prompt's hash decides whether and which way it errs."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    if int.from_bytes(digest[:4]) / 2**32 >= ERROR_RATE:
        return value
    moved = value + (_ERROR_SIZE if digest[4] % 2 else -_ERROR_SIZE)
    return min(1.0, max(0.0, moved))


def _score(prompt: JudgePrompt, value: float) -> float:
    score = prompt.low + value * (prompt.high - prompt.low)
    return float(round(score)) if prompt.high - prompt.low >= 3 else round(score, 2)


def _label(labels: Sequence[str], value: float) -> str:
    ranked = sorted(labels, key=lambda label: _NEGATIVE.match(label) is None)
    return ranked[min(len(ranked) - 1, int(value * len(ranked)))]


def _labels(request: ModelRequest) -> list[str]:
    schema = ((request.response_format or {}).get("json_schema") or {}).get("schema") or {}
    labels = ((schema.get("properties") or {}).get("result") or {}).get("enum") or []
    return [str(label) for label in labels]


def _limited(text: str, sampling: Mapping[str, Any]) -> str:
    """A reply cut off at the request's limit of tokens."""
    limit = sampling.get("max_completion_tokens")
    if isinstance(limit, bool) or not isinstance(limit, int) or len(text.split()) <= limit:
        return text
    return " ".join(text.split()[: max(0, limit)])


def judge(request: ModelRequest, scale: tuple[float, float] = (0.0, 1.0)) -> ModelReply:
    """Answer a grader prompt: steps that name each feature, then the `result`. The tokens counted are words.

    Args:
        scale: The grader's range, for a prompt that names none.
    """
    prompt = read_prompt(request.messages, scale)
    found = features(prompt)
    value = _erring(quality(found), prompt.text)
    labels = _labels(request)
    steps = [{"description": f"Measure {name}.", "conclusion": f"{part:.2f} of 1."} for name, part in found.items()]
    text = json.dumps({"steps": steps, "result": _label(labels, value) if labels else _score(prompt, value)})
    text = _limited(text, request.sampling)
    usage = TokenUsage(len(prompt.text.split()), len(text.split()))
    return ModelReply(text=text, model=request.model, usage=usage)
