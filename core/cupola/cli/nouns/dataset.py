"""Datasets: check files before they are paid for, make new ones from them, send them to the service."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of
from ..dataset_commands.listing import list_
from ..dataset_commands.sending import delete, upload
from ..output import emit

if TYPE_CHECKING:
    from ...datasets.check import Options, Report
    from ...datasets.formats import Format
    from ...datasets.writing import Provenance

Verb = Callable[[argparse.Namespace, Context], int]

_PROBLEM_COLUMNS = ("file", "severity", "count", "problem", "line", "path", "example", "remedy")
_COST_COLUMNS = ("model", "tier", "tokens", "low_usd", "high_usd", "confirmed", "source", "date", "basis")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")

    def verb(name: str, run: Verb, about: str, *, many: bool = True) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, parents=[common], help=about, description=about)
        if many:
            made.add_argument("files", nargs="+", type=Path, metavar="FILE")
        else:
            made.add_argument("file", type=Path, metavar="FILE")
        made.set_defaults(run=run)
        return made

    _add_check(verb("check", check, "every rule of the service, leaks between the files, and what a careful eye sees"))
    shape_ = verb("shape", shape, "lengths, turns and roles")
    shape_.add_argument("--model", help="count tokens by this model's encoding")
    twins_ = verb("twins", twins, "rows that are the same or nearly so, inside and across files")
    twins_.add_argument("--threshold", type=_share, default=0.8, help="how alike prompts must be, from 0 to 1")
    cost_ = verb("cost", cost, "what training would cost, by model and tier", many=False)
    cost_.add_argument("--model", help="this model only")
    cost_.add_argument("--epochs", type=_positive, help="as auto chooses if left out")
    _add_split(verb("split", split, "random, stratified or grouped splits; twins stay together", many=False))
    sample_ = verb("sample", sample, "rows drawn at random", many=False)
    sample_.add_argument("-n", "--rows", type=_positive, required=True)
    sample_.add_argument("--seed", type=int, default=0)
    _add_convert(
        verb("convert", convert, "from CSV, JSON, JSON Lines or Parquet to rows for training or evaluation", many=False)
    )
    merge_ = verb("merge", merge, "the rows of several files of one format")
    merge_.add_argument("--unique", action="store_true", help="leave out rows that repeat an earlier one")
    fix_ = verb(
        "fix", fix, "a mended copy: byte order mark, blank lines, line ends, duplicates, role names", many=False
    )
    fix_.add_argument("--only", help="these fixes only, with commas between them")
    for writer in (sample_, merge_, fix_):
        writer.add_argument("--to", type=Path, required=True, metavar="NEW", help="the new file; must not exist")

    _add_service(verbs, common)


def _add_service(verbs: Any, common: argparse.ArgumentParser) -> None:
    about = "files on disk and at the service, the same content on one line"
    listing = verbs.add_parser("list", parents=[common], help=about, description=about)
    listing.add_argument("files", nargs="*", type=Path, metavar="FILE", help="those that are remembered if left out")
    listing.set_defaults(run=list_)
    about = "check files and send them; the same content is not sent twice, and a dropped upload goes on"
    sending = verbs.add_parser("upload", parents=[common], help=about, description=about)
    sending.add_argument("files", nargs="+", type=Path, metavar="FILE")
    sending.add_argument("--purpose", default="fine-tune", choices=("fine-tune", "evals", "batch"))
    sending.add_argument("--force", action="store_true", help="send what the check would refuse")
    sending.set_defaults(run=upload)
    about = "delete a file of the service for good"
    deleting = verbs.add_parser("delete", parents=[common], help=about, description=about)
    deleting.add_argument("id", metavar="FILE-ID")
    deleting.add_argument("-y", "--yes", action="store_true", help="do it without a question")
    deleting.set_defaults(run=delete)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="the model to be trained: counts tokens and holds the file to its limits")
    parser.add_argument("--grader", type=Path, metavar="JSON", help="a grader that must be able to read every row")
    parser.add_argument("--format", dest="kind", help="take the rows for this format instead of telling it from them")
    parser.add_argument("--training", action="store_true", help="rows that cannot train a model are a problem")
    parser.add_argument("--strict", action="store_true", help="let warnings count as problems")


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shares", default="0.8,0.2", help="train,validation or train,validation,test; sum to 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group", default="", metavar="FIELD", help="keep rows with the same value on one side")
    parser.add_argument("--stratify", default="", metavar="FIELD", help="spread values evenly; or answer, or system")
    parser.add_argument("--separate-twins", action="store_true", help="do not keep near-duplicates on one side")
    parser.add_argument("--to", type=Path, metavar="PREFIX", help="beginning of the new files' names")


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="kind", default="chat", help="chat, reinforcement, evaluation or question_answer")
    parser.add_argument("--question", default="", metavar="COLUMN")
    parser.add_argument("--answer", default="", metavar="COLUMN")
    parser.add_argument("--system", default="", help="system prompt of the new rows")
    parser.add_argument("--bare", action="store_true", help="do not wrap evaluation rows in item")
    parser.add_argument("--to", type=Path, required=True, metavar="NEW", help="the new file; must not exist")


def check(options: argparse.Namespace, context: Context) -> int:
    """Check files; 1 if there are problems."""
    from ...datasets.check import Options, check_files

    kind = _format(options.kind) if options.kind else None
    wanted = Options(
        model=options.model,
        count_tokens=bool(options.model),
        needs=_needs(options.grader),
        format=kind,
        training=options.training or None,
    )
    reports = check_files(options.files, wanted)
    if options.output in ("json", "jsonl") or options.query:
        emit(options, context.out, "cupola.dataset.check/1", map(_report, reports), (), time.time())
    else:
        rows = (problem for report in reports for problem in _problem_rows(report))
        emit(options, context.out, "cupola.dataset.problem/1", rows, _PROBLEM_COLUMNS, None)
    for report in reports:
        context.say(_summary(report, wanted))
    passed = all(report.clean if options.strict else not report.blocked for report in reports)
    return 0 if passed else 1


def shape(options: argparse.Namespace, context: Context) -> int:
    """Print the shape of files."""
    from dataclasses import asdict

    from ...datasets.check import Options
    from ...datasets.shape import shape_of

    wanted = Options(model=options.model, count_tokens=bool(options.model), twins=False)
    rows = []
    for path in options.files:
        report = _readable(path, wanted)
        found = shape_of(report)
        flat = {name: getattr(found.lengths, name) for name in ("unit", "least", "median", "p95", "most", "total")}
        rows.append({"file": str(path), "format": report.format, **flat, **asdict(found)})
    columns = ("file", "format", "rows", "broken_rows", "unit", "least", "median", "p95", "most", "total", "roles")
    emit(options, context.out, "cupola.dataset.shape/1", rows, columns, time.time())
    return 0


def twins(options: argparse.Namespace, context: Context) -> int:
    """Print twins pair by pair; 1 if there are any."""
    from ...datasets.check import Options
    from ...datasets.twins import Source, find_twins

    reports = [_readable(path, Options()) for path in options.files]
    sources = [Source(report.path, report.format, report.rows) for report in reports if report.format is not None]
    found = find_twins(sources, reports[0].boilerplate, options.threshold)
    rows = [
        {
            "kind": twin.kind,
            "first": f"{options.files[twin.first.file]}:{twin.first.line}",
            "second": f"{options.files[twin.second.file]}:{twin.second.line}",
            "similarity": round(twin.similarity, 3),
            "across": twin.across,
            "prompt": twin.excerpt,
        }
        for twin in found.twins
    ]
    columns = ("kind", "first", "second", "similarity", "across", "prompt")
    emit(options, context.out, "cupola.dataset.twin/1", rows, columns, time.time())
    if found.candidates_left:
        context.say(f"{found.candidates_left:,} more candidate pairs were not compared: there may be more twins.")
    return 1 if rows else 0


def cost(options: argparse.Namespace, context: Context) -> int:
    """Print what training on a file would cost."""
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    from ...datasets.check import Options
    from ...datasets.cost import auto_epochs, estimates
    from ...datasets.formats import METHODS

    if options.model and catalogue().find(options.model) is None:
        raise UsageError(f"There is no known model {options.model!r}.", remedy="Leave --model out to see all.")
    report = _readable(options.file, Options(model=options.model, count_tokens=True, twins=False))
    method = METHODS.get(report.format) if report.format else None
    if method is None:
        raise UsageError(f"{options.file} holds {report.format} rows, which train nothing.", remedy="Convert it first.")
    epochs = options.epochs or auto_epochs(len(report.rows))
    rows = [
        {
            **{name: getattr(estimate, name) for name in ("model", "tier", "tokens", "confirmed", "source", "basis")},
            "low_usd": estimate.low,
            "high_usd": estimate.high,
            "date": estimate.date.isoformat() if estimate.date else None,
            "hosting_usd_a_month": estimate.hosting_a_month,
            "epochs": epochs,
        }
        for estimate in estimates(report.tokens or 0, epochs, method, catalogue(), price_list(), options.model)
    ]
    emit(options, context.out, "cupola.dataset.cost/1", rows, _COST_COLUMNS, time.time())
    chosen = "" if options.epochs else " (what auto is thought to choose)"
    exact = "counted exactly" if report.exact else "an estimate: name a --model to count by its encoding"
    context.say(f"{report.tokens:,} tokens in the file, {exact}; {epochs} epochs{chosen}.")
    return 0


def split(options: argparse.Namespace, context: Context) -> int:
    """Split a file into new ones."""
    from ...datasets.split import Splitting, split_file

    shares = _shares(options.shares)
    how = Splitting(shares, options.seed, not options.separate_twins, options.group, options.stratify)
    prefix = options.to or options.file.with_suffix("")
    targets = {name: prefix.with_name(f"{prefix.name}.{name}.jsonl") for name in shares}
    return _made(options, context, split_file(options.file, targets, how, time.time()))


def sample(options: argparse.Namespace, context: Context) -> int:
    """Draw rows at random."""
    from ...datasets.split import sample_file

    return _made(options, context, [sample_file(options.file, options.to, options.rows, options.seed, time.time())])


def merge(options: argparse.Namespace, context: Context) -> int:
    """Join files of one format."""
    from ...datasets.split import merge_files

    return _made(options, context, [merge_files(options.files, options.to, time.time(), unique=options.unique)])


def convert(options: argparse.Namespace, context: Context) -> int:
    """Convert a file."""
    from ...datasets.convert import Conversion, convert_file

    conversion = Conversion(
        _format(options.kind), options.question, options.answer, options.system, wrap=not options.bare
    )
    return _made(options, context, [convert_file(options.file, options.to, conversion, time.time())])


def fix(options: argparse.Namespace, context: Context) -> int:
    """Write a mended copy, and show the difference."""
    from ...datasets.fix import FIXES, diff, fix_file

    chosen = tuple(options.only.split(",")) if options.only else FIXES
    unknown = [name for name in chosen if name not in FIXES]
    if unknown:
        raise UsageError(f"There is no fix {unknown[0]!r}.", f"There are {', '.join(FIXES)}.")
    fixed = fix_file(options.file, options.to, time.time(), chosen)
    for line in diff(fixed, str(options.file), str(options.to)):
        context.say(line)
    return _made(options, context, [fixed.provenance])


def _made(options: argparse.Namespace, context: Context, made: Iterable[Provenance]) -> int:
    """Record and print the new files."""
    from dataclasses import asdict

    from ...datasets.writing import record

    profile = session_of(context, options.profile).profile.name
    rows = []
    for provenance in made:
        record(provenance, context.paths.profile_directory(profile) / "datasets.jsonl")
        rows.append({"file": provenance.output.name, "sha256": provenance.output.sha256, **asdict(provenance)})
    emit(options, context.out, "cupola.dataset.made/1", rows, ("file", "rows", "action", "sha256"), None)
    return 0


def _readable(path: Path, wanted: Options) -> Report:
    from ...datasets.check import check_file
    from ...datasets.lines import DatasetError

    report = check_file(path, wanted)
    if report.format is None:
        reason = report.groups[0].rule
        raise DatasetError(f"{path} is no dataset.", f"{reason.title}.", reason.remedy)
    return report


def _needs(grader: Path | None) -> tuple[str, ...]:
    """The variables that a grader's templates name, wherever in it they stand."""
    if grader is None:
        return ()
    from ...graders.template import placeholders

    try:
        definition = json.loads(grader.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"The grader {grader} cannot be read.", str(error), "Give a JSON file.") from error
    found: dict[str, None] = {}
    stack: list[Any] = [definition]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(child for key, child in value.items() if key != "source")
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            found.update(dict.fromkeys(placeholders(value)))
    return tuple(found)


def _problem_rows(report: Report) -> Iterable[dict[str, object]]:
    for group in report.groups:
        first = group.examples[0] if group.examples else None
        yield {
            "file": report.path.name,
            "severity": str(group.rule.severity),
            "count": group.count,
            "problem": group.rule.title,
            "line": first.line or None if first else None,
            "path": first.path if first else "",
            "example": first.excerpt[:60] if first else "",
            "remedy": group.rule.remedy,
        }


def _report(report: Report) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": str(report.path),
        "bytes": report.size,
        "format": report.format,
        "lines": report.lines,
        "rows": len(report.rows),
        "broken_rows": report.broken_rows,
        "roles": report.roles,
        "tokens": report.tokens,
        "encoding": report.encoding or None,
        "tokens_exact": report.exact if report.encoding else None,
        "blocked": report.blocked,
        "problems": [{**asdict(group), "severity": str(group.rule.severity)} for group in report.groups],
    }


def _summary(report: Report, wanted: Options) -> str:
    errors, warnings = (
        sum(group.rule.severity == severity for group in report.groups) for severity in ("error", "warning")
    )
    counted = ""
    if report.tokens is not None:
        counted = f", {report.tokens:,} tokens{'' if report.exact else f' (estimate: {wanted.model} is not known)'}"
    verdict = "would be refused" if report.blocked else "would be accepted"
    kinds = f"{errors} kinds of error, {warnings} of warning"
    return (
        f"{report.path.name}: {report.format or 'unreadable'}, {len(report.rows):,} rows{counted}; {kinds}; {verdict}."
    )


def _format(name: str) -> Format:
    from ...datasets.formats import Format

    if name not in set(Format):
        raise UsageError(f"There is no format {name!r}.", f"There are {', '.join(Format)}.")
    return Format(name)


def _shares(text: str) -> dict[str, float]:
    names = {2: ("train", "validation"), 3: ("train", "validation", "test")}
    parts = text.split(",")
    try:
        shares = [float(part) for part in parts]
    except ValueError:
        shares = []
    if len(shares) not in names or any(not 0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise UsageError(f"--shares {text} are not two or three shares that sum to 1.", remedy="Such as 0.8,0.1,0.1.")
    return dict(zip(names[len(shares)], shares, strict=True))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1")
    return number
