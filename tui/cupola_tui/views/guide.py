"""The guide's words: the tree with the way through it, and what is said of the line under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from cupola.advice.advise import Advice, filled
from cupola.advice.drawing import TreeLine
from cupola.advice.expected import dollars, duration
from cupola.advice.facts import FactKind, Facts, shown
from cupola.advice.tree import Leaf, Node, Tree
from cupola.advice.walk import Advised, CannotSay, Contradicted, How

from ..lines import Line, Row, Span, labelled, line, wrapped

_TECHNIQUES = {
    "none": "no",
    "prompting": "PROMPT",
    "rag": "RAG",
    "sft": "SFT",
    "dpo": "DPO",
    "rft": "RFT",
    "distillation": "DISTIL",
    "raft": "RAFT",
    "vision": "VISION",
}
_OPENS = {
    "submit": "the form of the job, filled in as far as is known",
    "distil": "the form of the distillation, filled in as far as is known",
    "raft": "the form that goes from documents to the curve",
    "pairs": "the form that makes the pairs, then that of the job",
    "prompt": "a copy of the benchmark, to change its prompt",
    "label": "the answers to label",
    "models": "the models table",
    "data": "the place to add data",
    "cost": "what training on the data costs",
    "results": "the benchmark",
}
"""What each next step opens with, in words."""

_ROOM = 10


def tree_row(one: TreeLine, advice: Advice, selected: bool) -> Row:
    """One line of the tree. What the facts lead through stands out; the stop is marked by what it is."""
    rails = Span(one.rails, "accent" if one.on_path else "faint")
    answer = Span(f"{one.branch} " if one.branch else "", "info bold" if one.on_path else "info")
    words: tuple[Span, ...]
    if isinstance(one.place, Leaf):
        title = one.place.title.rpartition(": ")[2] if one.place.technique != "none" else one.place.title
        ink = "good bold" if one.end else "muted"
        badge = Span(f" {_TECHNIQUES[one.place.technique]} " if one.place.technique != "none" else "", _badge(one))
        words = (badge, Span(f" {title}" if badge.text else title, ink))
    else:
        stop = one.end and isinstance(advice.outcome, CannotSay)
        ink = "warn bold" if stop else "bold" if one.on_path else "muted"
        words = (Span("? " if stop else "", "warn bold"), Span(one.place.question, ink))
    again = (Span(" ↷", "faint"),) if one.again else ()
    return Row((rails, answer, *words, *again), "row" if selected else "")


def _badge(one: TreeLine) -> str:
    return "tab bold" if one.end else "accent" if one.on_path else "info"


def folded(lines: Sequence[TreeLine]) -> list[TreeLine]:
    """The way and what branches off it; parts beyond are left out."""
    found: list[TreeLine] = []
    open_depths = {0}
    for one in lines:
        depth = len(one.rails) // 3
        if depth not in open_depths:
            continue
        open_depths = {known for known in open_depths if known <= depth}
        found.append(one)
        if one.on_path:
            open_depths.add(depth + 1)
    return found


def heading(advice: Advice | None) -> str:
    """The advice in a few words, for the border."""
    if advice is None:
        return "Which technique fits? Reading what is measured"
    if isinstance(advice.outcome, Advised):
        return f"Which technique fits? {advice.outcome.leaf.title}"
    known = "facts contradict each other" if isinstance(advice.outcome, Contradicted) else "cannot say yet"
    return f"Which technique fits? {known.capitalize()}"


def text_lines(tree: Tree, advice: Advice, one: TreeLine, width: int) -> list[Line]:
    """What is said of a line: of the stop the advice or what is missing, of others the question or the leaf."""
    outcome = advice.outcome
    if isinstance(outcome, Contradicted):
        head = [*wrapped(f"Cannot say: {outcome.contradiction.words}", width, "warn"), line("")]
        head += [part for fact in outcome.facts for part in wrapped(fact, width, indent="  ")]
        return [
            *head,
            line(""),
            *wrapped(outcome.contradiction.remedy, width),
            line(""),
            *_place(tree, advice, one, width),
        ]
    if one.again:
        note = wrapped("↷ drawn in full elsewhere: several answers lead here.", width, "muted")
        return [*_place(tree, advice, one, width), line(""), *note]
    if one.end and isinstance(outcome, Advised):
        return _advised(tree, advice, outcome, width)
    if one.end and isinstance(outcome, CannotSay):
        return [*_missing(advice, outcome, width), line(""), *_place(tree, advice, one, width)]
    return _place(tree, advice, one, width)


def asked_facts(tree: Tree, node: Node, facts: Facts) -> list[FactKind]:
    """What a person can be asked to answer a node's question: what is not known, or where all is, all of it."""
    names = [node.fact]
    if node.condition is not None and isinstance(node.condition.against, str):
        names.append(node.condition.against)
    wanted = [name for fact in names for name in (fact, *tree.facts[fact].follows_from)]
    kinds = [tree.facts[name] for name in dict.fromkeys(wanted) if tree.facts[name].question]
    return [kind for kind in kinds if kind.id not in facts] or kinds


def _advised(tree: Tree, advice: Advice, outcome: Advised, width: int) -> list[Line]:
    leaf = outcome.leaf
    out = [*wrapped(leaf.title, width, "good bold"), *wrapped(leaf.because, width), line("")]
    out += labelled("cost", advice.cost.words(dollars) if advice.cost else "", width, room=_ROOM)
    out += labelled("time", advice.hours.words(duration) if advice.hours else "", width, room=_ROOM)
    out += labelled("next", advice.command, width, "accent", room=_ROOM)
    out += labelled("", f"enter opens {_OPENS[leaf.opens]}; Y copies the command", width, "muted", room=_ROOM)
    out += [line(""), line(("The rules that led here", "accent bold"))]
    for step in outcome.path:
        how = "" if step.how is How.KNOWN else f" ({step.how.value})"
        out += wrapped(f"{step.node.question} {step.answer}{how}", width, "bold", indent="  ")
        out += [(Span("  "), *part) for part in wrapped(step.because, max(1, width - 2), "muted")]
    out += [line(""), line(("What would change it", "accent bold"))]
    for change in outcome.changes:
        then = change.leaf.title if change.leaf else f"cannot say without {change.missing.replace('_', ' ')}"
        out += wrapped(f"If {change.if_}: {then}", width, "" if change.leaf else "muted", indent="  ")
    return [*out, line(""), *_cited(tree, leaf.source, width)]


def _missing(advice: Advice, outcome: CannotSay, width: int) -> list[Line]:
    out = [*wrapped("Cannot say yet", width, "warn bold"), *wrapped(f"{outcome.why}.", width), line("")]
    if advice.command:
        out += labelled("measure", advice.command, width, "accent", room=_ROOM)
    if any(kind.question or kind.follows_from for kind in outcome.missing):
        out += labelled("or", "enter: say what you know", width, room=_ROOM)
    return out


def _place(tree: Tree, advice: Advice, one: TreeLine, width: int) -> list[Line]:
    here = one.place
    if isinstance(here, Leaf):
        head = [*wrapped(here.title, width, "bold"), *wrapped(here.because, width), line("")]
        return [
            *head,
            *wrapped("The facts do not lead here.", width, "muted"),
            line(""),
            *_cited(tree, here.source, width),
        ]
    out = [*wrapped(here.question, width, "bold"), *wrapped(here.why, width), line("")]
    names = [here.fact]
    if here.condition is not None and isinstance(here.condition.against, str):
        names.append(here.condition.against)
    for name in names:
        out += _fact(tree, advice, name, width)
    return [*out, *_cited(tree, here.source, width)]


def _fact(tree: Tree, advice: Advice, name: str, width: int) -> list[Line]:
    kind, known = tree.facts[name], advice.facts.get(name)
    out = wrapped(f"{name.replace('_', ' ')}: {kind.means}", width, "muted", indent="  ")
    if known is None:
        out += labelled("  value", "not known", width, "warn", room=_ROOM)
        if kind.measure:
            out += labelled("  measure", filled(kind.measure, {}), width, "accent", room=_ROOM)
    else:
        out += labelled("  value", shown(kind, known), width, "info", room=_ROOM)
        out += labelled("  from", known.source or known.origin.value, width, room=_ROOM)
    return [*out, line("")]


def _cited(tree: Tree, source: str, width: int) -> list[Line]:
    return labelled("rule from", str(tree.sources[source]), width, "muted", room=_ROOM)
