"""What is asked before new files are made from a dataset, with answers that make sense already typed."""

from __future__ import annotations

from pathlib import Path

from ...screens.form import Question


def questions(verb: str, path: Path) -> list[Question]:
    """The questions of an action; `into` is the new file, beside the old one unless absolute."""
    stem = path.stem
    if verb == "split":
        return [
            Question("shares", "0.8,0.2", "train,validation or train,validation,test; sum to 1"),
            Question("seed", "0", "a whole number"),
            Question("group", "", "a field; rows with the same value stay on one side"),
            Question("stratify", "", "a field, answer or system; spread evenly"),
            Question("into", stem, "beginning of the new files' names"),
        ]
    if verb == "sample":
        return [
            Question("rows", "100", "how many"),
            Question("seed", "0", "a whole number"),
            Question("into", f"{stem}.sample.jsonl", "the new file"),
        ]
    if verb == "convert":
        return [
            Question("to", "chat", "chat, reinforcement, evaluation or question_answer"),
            Question("question", "", "its column, if it has no usual name"),
            Question("answer", "", "its column, if it has no usual name"),
            Question("system", "", "system prompt of the new rows"),
            Question("into", f"{stem}.converted.jsonl", "the new file"),
        ]
    if verb == "merge":
        return [
            Question("unique", "yes", "yes leaves out rows that repeat an earlier one; no keeps all"),
            Question("into", f"{stem}.merged.jsonl", "the new file"),
        ]
    # Numpy comes with it, which the screen does without until something is asked for.
    from cupola.datasets.fix import FIXES

    return [
        Question("only", ",".join(FIXES), "fixes with commas between; empty for all"),
        Question("into", f"{stem}.fixed.jsonl", "the new file"),
    ]
