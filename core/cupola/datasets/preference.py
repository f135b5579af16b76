"""Preference rows for DPO: one input, a preferred and a non-preferred output."""

from __future__ import annotations

from typing import Any

from .messages import check_list, check_messages
from .reading import Broken, Reading, message_text, readable, reading_of_messages

_KNOWN = frozenset({"input", "preferred_output", "non_preferred_output"})
_NEAR = 95.0
"""Similarity in percent from which two outputs count as nearly the same."""
_COMPARED = 4_000
"""Characters of each output that are compared."""


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row has an output that is preferred or not."""
    return "preferred_output" in row or "non_preferred_output" in row


def check(row: dict[str, Any], broken: Broken) -> Reading | None:
    """Check one row; return its content if it is sound."""
    for key in row.keys() - _KNOWN:
        broken.append(("row.unknown_key", key, key))
    messages = _check_input(row.get("input"), broken)
    preferred = _check_output(row, "preferred_output", broken)
    rejected = _check_output(row, "non_preferred_output", broken)
    if messages is None or not preferred or not rejected:
        return None
    base = reading_of_messages(messages, answered=False)
    better, worse = (_output_text(output) for output in (preferred, rejected))
    _compare(better, worse, broken)
    roles = (*base.roles, *(message["role"] for message in preferred))
    return Reading(base.system, base.prompt, better, roles, rejected=worse, images=base.images)


def _check_input(given: object, broken: Broken) -> list[dict[str, Any]] | None:
    if not isinstance(given, dict):
        broken.append(("input.missing", "input", given))
        return None
    before = len(broken)
    messages = check_messages(given, broken, "input.")
    if messages is None:
        return None
    roles = [message["role"] for message in messages]
    if "user" not in roles:
        broken.append(("messages.no_user", "input.messages", ", ".join(roles[:8])))
    if roles[-1] == "assistant":
        broken.append(("input.last_assistant", f"input.messages[{len(roles) - 1}]", "assistant"))
    return messages if readable(broken, before) else None


def _check_output(row: dict[str, Any], key: str, broken: Broken) -> list[dict[str, Any]] | None:
    output = row.get(key)
    if not isinstance(output, list):
        broken.append(("output.missing", key, output))
        return None
    if not output:
        broken.append(("output.empty", key, output))
        return None
    before = len(broken)
    given = row.get("input")
    tools = _tool_names(given.get("tools")) if isinstance(given, dict) else ()
    if not check_list(output, broken, key, tools):
        return None
    roles = [message["role"] for message in output]
    for index, role in enumerate(roles):
        if role not in ("assistant", "tool"):
            broken.append(("output.role", f"{key}[{index}].role", role))
    if "assistant" not in roles:
        broken.append(("output.no_assistant", key, ", ".join(roles[:8])))
    return output if readable(broken, before) else None


def _tool_names(tools: object) -> frozenset[str]:
    if not isinstance(tools, list):
        return frozenset()
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    names = [function.get("name") for function in functions if isinstance(function, dict)]
    return frozenset(name for name in names if isinstance(name, str))


def _output_text(output: list[dict[str, Any]]) -> str:
    return "\n".join([message_text(message) for message in output])


def _compare(better: str, worse: str, broken: Broken) -> None:
    if better.strip() == worse.strip():
        broken.append(("pair.identical", "non_preferred_output", worse))
        return
    short, long = sorted((len(better), len(worse)))
    # Texts of very different lengths cannot be nearly the same.
    if short * 100 < long * _NEAR:
        return
    from rapidfuzz.fuzz import ratio

    similarity = ratio(better[:_COMPARED], worse[:_COMPARED], score_cutoff=_NEAR)
    if similarity >= _NEAR:
        broken.append(("pair.near", "non_preferred_output", f"{similarity:.0f}% alike: {worse}"))
