"""The equal command line of every key and action, and the page that tells them: `python -m cupola_tui.twins`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from .commands import COMMANDS, SCOPE_TITLES, Command
from .keymaps import KEYMAPS
from .themes import THEMES

TWINS: Mapping[str, str] = {
    "table.open": "cupola show PANE --keys enter",
    "jobs.submit": "cupola job submit FILE",
    "jobs.overlay": "cupola job curve JOB -o json",
    "datasets.add": "cupola dataset add FILE",
    "datasets.twins": "cupola dataset twins FILE OTHER",
    "datasets.model": "cupola dataset cost FILE --model MODEL",
    "rows.line": "cupola dataset show FILE --line 12",
    "dataset.upload": "cupola dataset upload FILE",
    "dataset.split": "cupola dataset split FILE --to FOLDER",
    "dataset.sample": "cupola dataset sample FILE --rows 100 --to NEW.jsonl",
    "dataset.convert": "cupola dataset convert FILE --to NEW.jsonl",
    "dataset.download": "cupola dataset download FILE_ID",
    "dataset.delete": "cupola dataset delete FILE_ID",
    "dataset.merge": "cupola dataset merge FILE OTHER --to NEW.jsonl",
    "dataset.fix": "cupola dataset fix FILE --to NEW.jsonl",
    "dataset.forget": "cupola dataset forget FILE",
    "benchmarks.teacher": "cupola bench pick BENCHMARK --role teacher --arm ARM --record",
    "benchmarks.student": "cupola bench pick BENCHMARK --role student --arm ARM --record",
    "benchmarks.control": "cupola bench pick BENCHMARK --role control --arm ARM --record",
    "benchmarks.compare": "cupola bench compare BENCHMARK ARM OTHER",
    "benchmarks.distil": "cupola distill run BENCHMARK --prompts FILE --teacher ARM --student OTHER",
    "benchmarks.label": "cupola bench label BENCHMARK",
    "benchmarks.decisions": "cupola bench decisions BENCHMARK",
    "bench.define": "cupola bench new NEW.toml --dataset FILE --arm ARM --grader FILE",
    "bench.copy": "cupola bench new NEW.toml --dataset FILE --arm ARM --grader FILE",
    "bench.runs": "cupola bench show BENCHMARK --run 2",
    "bench.export": "cupola bench pick BENCHMARK --card",
    "bench.run": "cupola bench run BENCHMARK",
    "bench.again": "cupola bench run BENCHMARK --again ARM",
    "bench.cancel": "cupola bench cancel BENCHMARK",
    "runs.compare": "cupola bench compare BENCHMARK ARM OTHER --run 2",
    "define.store": "cupola bench run FILE.toml --dry-run",
    "items.only": "cupola bench items BENCHMARK --outcome fail",
    "items.sort": "cupola bench items BENCHMARK --order disputed",
    "label.pass": "cupola bench label BENCHMARK --take JUDGED.jsonl",
    "label.fail": "cupola bench label BENCHMARK --take JUDGED.jsonl",
    "label.unsure": "cupola bench label BENCHMARK --take JUDGED.jsonl",
    "label.report": "cupola grader calibrate BENCHMARK",
    "checkpoints.only": "cupola checkpoint diff JOB --only flips",
    "checkpoints.from": "cupola checkpoint diff JOB --from 0 --to 15",
    "checkpoints.metric": "cupola checkpoint evals JOB -o json",
    "checkpoints.lab": "cupola grader lab FILE JOB --edit",
    "checkpoint.deploy": "cupola deploy create NAME --model MODEL --tier DeveloperTier --fuse 4h",
    "checkpoint.test": "cupola checkpoint test JOB --steps 15 --benchmark BENCHMARK",
    "checkpoint.regrade": "cupola checkpoint regrade JOB --grader FILE --detach",
    "checkpoint.import": "cupola checkpoint import FILE",
    "checkpoint.open": "cupola checkpoint open EVALUATION",
    "lab.editor": "cupola grader lab FILE JOB --edit",
    "lab.label": "cupola grader lab FILE JOB --labels LABELS.jsonl",
    "lab.differ": "cupola grader lab FILE JOB --labels LABELS.jsonl -o json",
    "lab.check": "cupola grader lab FILE JOB --validate",
    "lab.ask": "cupola grader lab FILE JOB --max-cost 1",
    "deployments.gone": "cupola deploy list --all",
    "deployment.create": "cupola deploy create NAME --model MODEL",
    "deployment.extend": "cupola deploy extend NAME --fuse 9h",
    "deployment.scale": "cupola deploy scale NAME 100",
    "deployment.remove": "cupola deploy remove NAME",
    "deployment.sweep": "cupola deploy sweep",
    "sweep.confirm": "cupola deploy sweep -y",
    "activity.by": "cupola cost --by job",
    "distillation.yes": "cupola distill resume WORKFLOW -y",
    "distillation.no": "cupola distill resume WORKFLOW --no",
    "distillation.pause": "cupola distill pause WORKFLOW",
    "distillation.resume": "cupola distill resume WORKFLOW",
    "distillation.limits": "cupola distill resume WORKFLOW --max-cost 9",
    "distillation.branch": "cupola distill branch WORKFLOW --epochs 2",
    "distillation.report": "cupola distill report WORKFLOW",
    "distillation.cancel": "cupola distill cancel WORKFLOW",
    "sieve.apply": "cupola distill branch WORKFLOW --threshold 0.8",
    "stages.open": "cupola distill show WORKFLOW",
    "curves.metric": "cupola job curve JOB --metric train_loss",
    "pane.raw": "cupola job show JOB -o json",
    "job.pause": "cupola job pause JOB",
    "job.converged": "cupola job pause JOB --when-converged",
    "job.resume": "cupola job resume JOB",
    "job.clone": "cupola job clone JOB --to NEW.yaml",
    "job.onward": "cupola job clone JOB --go-on --to NEW.yaml",
    "job.cancel": "cupola job cancel JOB",
    "frame.datasets": "cupola dataset list",
    "frame.benchmarks": "cupola bench list",
    "frame.jobs": "cupola job list",
    "frame.checkpoints": "cupola checkpoint list JOB",
    "frame.deployments": "cupola deploy list",
    "frame.activity": "cupola show activity",
    "frame.refresh": "cupola job list",
    "frame.watch": "cupola notify watch job JOB",
    "frame.freeze": "cupola worker freeze",
    "frame.calls": "cupola store calls",
    "frame.guide": "cupola advise",
    "frame.submit": "cupola job submit FILE",
    "frame.raft": "cupola raft run FILE.toml",
    "frame.models": "cupola advise models",
    "frame.theme": "cupola config set theme contrast",
    "frame.line": "cupola config set line slow",
    "frame.connect": "cupola profile find",
    "frame.tour": "cupola demo",
    "connect.new": "cupola profile add NAME",
    "connect.key": "cupola profile key NAME",
    "connect.sign_in": "cupola profile sign-in NAME",
    "connect.test": "cupola profile test NAME",
    "connect.look": "cupola doctor",
    "connect.open": "cupola profile use NAME",
    "guide.answer": "cupola advise",
    "submit.models": "cupola advise models",
}
"""By command id. Words in capitals stand for a name, a number or a file of one's own."""

SCREEN_ALONE: Mapping[str, str] = {
    "checkpoint.keep": "the numbers that it copies are those of `cupola checkpoint list`",
    "lab.keep": "on the command line the file is edited in place",
    "bench.editor": "the file is edited where it lies",
    "label.undo": "judgements are taken in as a file, which is mended first",
    "guide.forget": "the command line keeps no answers",
    "table.mark": "names are given instead", "table.mark_range": "names are given instead",
    "pane.copy_id": "it copies from the screen", "pane.copy_command": "it copies from the screen",
    "connect.copy": "it copies from the screen", "reader.copy": "it copies from the screen",
    "guide.copy": "it copies from the screen",
}  # fmt: skip
"""What has no equal command, and why."""

_LOOKS = frozenset({
    "app.actions", "app.help", "app.leave", "app.palette", "arm", "axis", "back", "band", "chart", "choose",
    "close", "complete", "confirm", "cursor", "dataset", "diff", "dismiss", "draw", "edge", "end_tour", "file",
    "filter", "flip", "fold", "grader", "help", "job", "log", "move", "only", "page", "palette", "prompt", "read",
    "refuse", "reset", "reset_zoom", "scroll", "scroll_by", "scroll_edge", "seek", "smoothing", "sort", "stage",
    "stand", "step", "tab", "want", "wrap", "zoom", "zoom_x",
})  # fmt: skip
"""Actions that only move about the screen, choose on it or change how it is drawn."""


def only_looks(command: Command) -> bool:
    """Whether it changes what is seen and nothing else, so that it needs no equal command."""
    return command.action.partition("(")[0] in _LOOKS


def page() -> str:
    """All keys as Markdown, place by place, with the equal command lines."""
    lines = [
        "# Keys and their commands",
        "",
        "Made from the code by `make docs`. What a key does on the screen a command does in a terminal; `?` shows the",
        "keys of where one stands, as they are set. Words in capitals stand for names of your own.",
        "",
        *_settings(),
    ]
    for scope, title in SCOPE_TITLES.items():
        found = [command for command in COMMANDS if command.scope == scope]
        if found:
            lines += ["", f"## {title}", "", "| key | id | what it does | equal command |", "|---|---|---|---|"]
            lines += map(_row, found)
    return "\n".join(lines).rstrip() + "\n"


def _settings() -> Iterator[str]:
    themes = ", ".join(f"`{theme.name}`" for theme in THEMES)
    keymaps = ", ".join(f"`{name}`" for name in KEYMAPS)
    yield "## Other keys, other colours"
    yield ""
    yield "In the configuration (`cupola config path`), or by `cupola config set`:"
    yield ""
    yield "```toml"
    yield 'theme = "contrast"'
    yield 'keymap = "plain"'
    yield ""
    yield "[keys]"
    yield '"frame.help" = "f1"'
    yield '"table.down" = "down,ctrl+j"'
    yield "```"
    yield ""
    yield f"Themes are {themes} (high contrast: 7 to 1 and more). The colours of all three are told apart by eyes that"
    yield "see red and green, or blue and yellow, alike; signs and words say the same."
    yield ""
    yield f"Keymaps are {keymaps}: arrows and vi's letters; those and vi's whole pages (`ctrl+f`, `ctrl+b`); arrows and"
    yield "page keys, with no letter that moves. `[keys]` goes before the keymap. A key that stands for two things in"
    yield "one place, that no terminal sends, or an id that does not exist is told when the screen opens."


def _row(command: Command) -> str:
    keys = " ".join(f"`{key}`" for key in command.shown_keys) or "`:` or `x`"
    twin = TWINS.get(command.id, "")
    told = f"`{twin}`" if twin else SCREEN_ALONE.get(command.id, "")
    return f"| {keys} | {command.id} | {command.help} | {told} |".replace("|  |", "| |")


if __name__ == "__main__":
    sys.stdout.write(page())
