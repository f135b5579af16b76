"""Check training files line by line, as the service does before it trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..safety import harms
from .images import MOST_EXAMPLES, MOST_IN_EXAMPLE, image_urls
from .lines import DatasetError, Row, bad_file, bad_line, read_rows
from .messages import check_messages
from .tools import offered_tools

FEWEST_ROWS = 10


def _check_supervised(row: Row) -> None:
    roles = check_messages(row.get("messages"), "messages", offered_tools(row))
    if "user" not in roles:
        raise ValueError("at least one message must have the role 'user'.")
    if roles[-1] != "assistant":
        raise ValueError("the last message must have the role 'assistant'.")
    if sum(1 for _url in image_urls(row)) > MOST_IN_EXAMPLE:
        raise ValueError(f"an example may have at most {MOST_IN_EXAMPLE} images.")


def _check_dpo(row: Row) -> None:
    prompt = row.get("input")
    if not isinstance(prompt, dict):
        raise ValueError("'input' must be an object.")
    offered = offered_tools(prompt, "input.")
    if "user" not in check_messages(prompt.get("messages"), "input.messages", offered):
        raise ValueError("'input.messages' must have a message of the role 'user'.")
    for name in ("preferred_output", "non_preferred_output"):
        roles = check_messages(row.get(name), name, offered)
        if "assistant" not in roles or set(roles) - {"assistant", "tool"}:
            raise ValueError(f"'{name}' must hold assistant messages.")


def _check_reinforcement(row: Row) -> None:
    roles = check_messages(row.get("messages"), "messages", offered_tools(row))
    if roles[-1] not in ("user", "developer"):
        raise ValueError("the last message must have the role 'user'.")


_CHECKS: dict[str, Callable[[Row], None]] = {
    "supervised": _check_supervised,
    "dpo": _check_dpo,
    "reinforcement": _check_reinforcement,
}


def check_dataset(path: Path, method: str, *, training: bool, vision: bool = True) -> int:
    """Check a file for a method and return its number of rows. Raises DatasetError in the service's words.

    Args:
        training: Whether the file is trained on, which takes ten rows at least, or only validates.
        vision: Whether the model learns from images.
    """
    check, count, pictured, found = _CHECKS[method], 0, 0, set[str]()
    for number, row in read_rows(path):
        try:
            check(row)
        except ValueError as error:
            raise bad_line(number, str(error)) from error
        found |= harms(row)
        count += 1
        if method == "supervised" and any(image_urls(row)):
            pictured += 1
            if not vision:
                raise bad_line(number, "the model does not support images.")
    _check_counts(count, pictured, training=training)
    if found:
        kinds = ", ".join(sorted(found))
        raise DatasetError(
            "contentFilter",
            f"The provided training data failed RAI checks for harm types: [{kinds}]."
            " Please fix the data and try again.",
        )
    return count


def _check_counts(count: int, pictured: int, *, training: bool) -> None:
    if training and count < FEWEST_ROWS:
        raise bad_file(f"the file has {count} examples, but at least {FEWEST_ROWS} are needed.")
    if not count:
        raise bad_file("the file has no examples.")
    if pictured > MOST_EXAMPLES:
        raise bad_file(f"the file has {pictured} examples with images, but at most {MOST_EXAMPLES} are allowed.")
