"""One dataset in detail: what is wrong in it, its twins, its cost."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import PurePath

from cupola.datasets.findings import FindingGroup, Severity
from cupola.models import Problem

from ..background.tasks import Checked, Measured, Offer, Progress, TwinPair, Twins
from ..lines import Line, Span, labelled, line, wrapped
from .datasets import problems_in_words, size_words
from .words import count

_NOTHING = (
    "Every row was held to the rules of the service and to what a careful eye looks for: repeated rows, answers cut "
    "off, secrets and personal data, drifting system prompts, lopsided labels and lengths."
)
_SIGNS = {Severity.ERROR: ("✗", "bad"), Severity.WARNING: ("!", "warn"), Severity.NOTE: ("·", "muted")}
_KINDS = {"row": "same row", "prompt": "same prompt", "near": "near"}
_TIERS = {"globalStandard": "global", "developerTier": "developer", "standard": "regional"}


def verdict_lines(checked: Checked | None, progress: Progress | None, model: str | None, width: int) -> list[Line]:
    """What the check comes to, or how far it is."""
    if checked is None:
        if progress is None:
            return [line(("waiting for the check", "muted"))]
        share = progress.done / max(1, progress.size)
        return [line((f"checking {share:.0%} of {size_words(progress.size)}", "info"), (" · so far:", "muted"))]
    file = checked.file
    errors, warnings = file.errors or 0, file.warnings or 0
    if errors:
        head = f"✗ would be refused: {problems_in_words(errors, warnings)}"
    elif warnings:
        head = f"! would be accepted; {count(warnings, 'kind of warning', 'kinds of warning')} to look at"
    else:
        head = "✓ would be accepted"
    ink = "bad" if errors else "warn" if warnings else "good"
    facts = [count(file.rows or 0, "row"), file.format.replace("_", " ") or "no known format"]
    if checked.broken_rows:
        facts.append(f"{checked.broken_rows:,} broken")
    if checked.tokens is not None:
        facts.append(f"{checked.tokens:,} tokens")
    facts.append(f"for {model}" if model else "m checks against one model's limits")
    out = [*wrapped(head, width, ink, "  "), *wrapped(" · ".join(facts), width, "muted")]
    if not checked.groups:
        out += [line(""), *wrapped(_NOTHING, width, "muted")]
    return out


def check_rows(groups: Sequence[FindingGroup]) -> list[tuple[Hashable, tuple[Line, ...]]]:
    """Keys and cells of the table of problems: each rule with its count, its first places, its remedy."""
    rows: list[tuple[Hashable, tuple[Line, ...]]] = []
    for group in groups:
        sign, ink = _SIGNS[group.rule.severity]
        title = line((group.rule.title, f"{ink} bold" if ink == "bad" else "bold"))
        rows.append(((group.rule.id, -1), (line((sign, ink)), line(f"{group.count:,}"), title)))
        for number, example in enumerate(group.examples):
            place = f"line {example.line:,}" if example.line else "file"
            text = line((place, "info"), (f" {example.path}" if example.path else "", "accent"), f"  {example.excerpt}")
            rows.append(((group.rule.id, number), (line(""), line(""), text)))
        remedy = line(("→ ", "good"), (group.rule.remedy, "muted"), *_fix_note(group))
        rows.append(((group.rule.id, -2), (line(""), line(""), remedy)))
    return rows


def check_note(groups: Sequence[FindingGroup], key: Hashable | None, width: int) -> list[Line]:
    """The row under the cursor in full."""
    group = next((one for one in groups if isinstance(key, tuple) and one.rule.id == key[0]), None)
    if group is None or not isinstance(key, tuple):
        return []
    number = int(key[1])
    if number < 0:
        more = group.count - len(group.examples)
        tail = [line((f"{more:,} more places like these", "muted"))] if more > 0 else []
        return [*labelled("problem", group.rule.title, width), *labelled("do", group.rule.remedy, width, "good"), *tail]
    example = group.examples[number]
    place = " ".join(part for part in (f"line {example.line:,}" if example.line else "file", example.path) if part)
    return [*labelled("where", place, width, "info"), *labelled("text", example.excerpt or "–", width)]


def problem_lines(problem: Problem, width: int) -> list[Line]:
    """Why something cannot be shown."""
    out = wrapped(f"✗ {problem.what}", width, "bad", "  ")
    if problem.why:
        out += labelled("  why", problem.why, width, "", 6)
    if problem.remedy:
        out += labelled("  do", problem.remedy, width, "accent", 6)
    return out


def twins_lines(twins: Twins, width: int) -> list[Line]:
    """What the twins come to."""
    names = ", ".join(PurePath(path).name for path in twins.files)
    if not twins.files:
        return wrapped("No rows to compare.", width, "muted")
    if not twins.total:
        head = wrapped("✓ No two rows are the same or nearly so.", width, "good")
    elif twins.across:
        head = wrapped(
            f"✗ {count(twins.across, 'pair')} across files: what is tested was trained on. "
            f"{count(twins.total - twins.across, 'pair')} inside one file.",
            width,
            "bad",
            "  ",
        )
    else:
        head = wrapped(f"! {count(twins.total, 'pair')} inside one file; none across.", width, "warn", "  ")
    left = f" {twins.uncompared:,} more candidates were not compared." if twins.uncompared else ""
    return [*head, *wrapped(f"Compared: {names}.{left} = compares the marked files.", width, "muted")]


def twin_cells(pair: TwinPair) -> tuple[Line, ...]:
    """Similarity, kind, both places, the prompt."""
    ink = "bad" if pair.across else "warn"
    return (
        line((f"{pair.similarity:.0%}", ink)),
        line((_KINDS.get(pair.kind, pair.kind), "muted")),
        _place(pair.first, pair.across),
        _place(pair.second, pair.across),
        line(pair.excerpt),
    )


def twin_note(pair: TwinPair, width: int) -> list[Line]:
    """The pair under the cursor in full."""
    out: list[Line] = []
    for title, (path, number) in (("first", pair.first), ("again", pair.second)):
        out += labelled(title, f"line {number:,} of {PurePath(path).name}", width, "info")
    out += labelled("prompt", pair.excerpt, width)
    return [*out, line((f"{'':<9}enter opens the row", "muted"))]


def cost_lines(measured: Measured, model: str | None, width: int) -> list[Line]:
    """How many tokens would be billed, and how surely."""
    if not measured.method:
        return wrapped("These rows train nothing; convert them to chat rows first (x).", width, "warn")
    tokens = measured.lengths.total if measured.lengths else 0
    head = line(
        (f"{tokens:,}", "bold"),
        " tokens × ",
        (f"{measured.epochs}", "bold"),
        " epochs = ",
        (f"{tokens * measured.epochs:,}", "accent bold"),
        (" read" if measured.method == "reinforcement" else " billed", "muted"),
    )
    exact = (
        f"counted by {measured.encoding}"
        + ("" if measured.exact else ", an estimate until a model is chosen with m")
        + f"; {measured.epochs} epochs and batches of {measured.batch} are what auto is thought to choose"
    )
    if measured.method == "reinforcement":
        exact += "; reinforcement is billed by the hour, not by the token"
    return [head, *wrapped(exact + (f"; for {model}" if model else "") + ".", width, "muted")]


def offers_in_order(measured: Measured) -> list[Offer]:
    """Priced offers first, the cheapest first."""
    return sorted(
        measured.offers, key=lambda offer: (offer.low is None, offer.low or 0.0, offer.high or 0.0, offer.model)
    )


def offer_cells(offer: Offer) -> tuple[Line, ...]:
    """Model, tier, cost, hosting, source with date."""
    return (
        line(offer.model.rsplit("-20", 1)[0]),
        line((_TIERS.get(offer.tier, offer.tier), "muted")),
        line((_range(offer), "" if offer.low is not None else "faint")),
        line((f"${offer.hosting_a_month:,.0f}" if offer.hosting_a_month else "–", "muted")),
        line((f"{offer.date}", "muted"), ("" if offer.confirmed else " ?", "warn"))
        if offer.date
        else line(("–", "muted")),
    )


def offer_note(offer: Offer, width: int) -> list[Line]:
    """How the selected price comes about."""
    out = labelled("model", f"{offer.model}, {offer.tier}", width)
    out += labelled("price", offer.basis, width)
    if offer.source:
        sure = "confirmed" if offer.confirmed else "? not confirmed by a second source, or a range"
        out += labelled("source", f"{offer.source}, {offer.date}, {sure}", width, "muted")
    if offer.hosting_a_month:
        out += labelled("after", f"${offer.hosting_a_month:,.0f} a month for a deployment that always stands", width)
    return out


def _fix_note(group: FindingGroup) -> Sequence[tuple[str, str]]:
    return [("  x fixes it", "key")] if group.rule.fix else []


def _place(place: tuple[str, int], across: bool) -> Line:
    path, number = place
    if not across:
        return line((f"line {number:,}", "info"))
    stem = PurePath(path).stem
    return (Span(f"…{stem[-6:]}" if len(stem) > 7 else stem, "muted"), Span(f":{number}", "info"))


def _range(offer: Offer) -> str:
    if offer.low is None or offer.high is None:
        return "not published"
    low, high = f"${offer.low:,.2f}", f"${offer.high:,.2f}"
    return low if low == high else f"{low} to {high}"
