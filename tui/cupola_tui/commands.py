"""The one registry of commands: dispatch, footer, help, palette and action menu all come from it.

A letter reads, marks or moves. What changes the cloud has no key: it stands in the action menu and the palette, and
shows a card before it runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

Scope = Literal[
    "frame",
    "pane",
    "table",
    "jobs",
    "curves",
    "chart",
    "job",
    "benchmarks",
    "bench",
    "runs",
    "define",
    "items",
    "item",
    "label",
    "checkpoints",
    "checkpoint",
    "flips",
    "watches",
    "lab",
    "datasets",
    "dataset",
    "rows",
    "shape",
    "deployments",
    "deployment",
    "sweep",
    "activity",
    "distillation",
    "workflow",
    "stages",
    "sieve",
    "told",
    "reader",
    "menu",
    "card",
    "form",
    "path",
    "connect",
    "guide",
    "submit",
    "models",
]
"""Where a command works: a widget takes the commands of the scopes it names."""

SCOPE_TITLES: Mapping[Scope, str] = {
    "jobs": "Jobs",
    "job": "The selected job",
    "benchmarks": "Benchmarks",
    "bench": "The benchmark",
    "runs": "Runs of a benchmark",
    "define": "Defining a benchmark",
    "items": "Items",
    "item": "One item",
    "label": "Labelling by hand",
    "checkpoints": "Checkpoints",
    "checkpoint": "The selected checkpoint",
    "flips": "From flip to flip",
    "watches": "Watches",
    "lab": "Grader lab",
    "datasets": "Datasets",
    "dataset": "The selected dataset",
    "rows": "One row",
    "shape": "The shape",
    "deployments": "Deployments",
    "deployment": "The selected deployment",
    "sweep": "Before orphans are removed",
    "activity": "Activity",
    "distillation": "The selected workflow",
    "workflow": "A workflow",
    "stages": "Stages of a workflow",
    "sieve": "The threshold",
    "told": "Reading on",
    "curves": "Curves",
    "chart": "On a curve (tab, or enter on a job)",
    "table": "Lists",
    "pane": "What is selected",
    "frame": "Everywhere",
    "reader": "Reading",
    "menu": "Choosing",
    "card": "Before it is done",
    "form": "Before files are made",
    "path": "Naming a file",
    "connect": "Connecting a resource",
    "guide": "The guide",
    "submit": "Before a job is submitted",
    "models": "The models table",
}
"""The scopes in the order in which help shows them."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can ask for."""

    id: str
    """`scope.name`; the name under which a key is set in the configuration."""
    keys: str
    """Keys as they are typed, with commas between them; "" for a command without a key."""
    action: str
    """The Textual action that does it, run where the scope is."""
    help: str
    """One line that says what it does."""
    label: str = ""
    """A word or two for the footer; "" keeps it out of there."""
    words: str = ""
    """Its name in the palette; "" keeps it out of there."""

    @property
    def scope(self) -> Scope:
        """Where it works."""
        return _SCOPES[self.id.partition(".")[0]]

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The keys as help shows them."""
        return tuple(_SHOWN.get(key, key) for key in self.keys.split(",") if key)


_SCOPES: Mapping[str, Scope] = {scope: scope for scope in SCOPE_TITLES}

_SHOWN = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
    "number_sign": "#",
}


def _scrolling(scope: Scope, *, edges: bool = True) -> tuple[Command, ...]:
    """The commands of a place that is read: by a line, by ten, and to both ends where it has any."""
    found = (
        Command(f"{scope}.down", "down,j", "scroll(1)", "Down"),
        Command(f"{scope}.up", "up,k", "scroll(-1)", "Up"),
        Command(f"{scope}.half_down", "pagedown,ctrl+d", "scroll(10)", "Ten lines down"),
        Command(f"{scope}.half_up", "pageup,ctrl+u", "scroll(-10)", "Ten lines up"),
    )
    ends = (
        Command(f"{scope}.first", "home,g", "scroll(-100000)", "Beginning"),
        Command(f"{scope}.last", "end,G", "scroll(100000)", "End"),
    )
    return (*found, *ends) if edges else found


COMMANDS: tuple[Command, ...] = (
    Command("table.open", "enter", "open", "Open the row", "open"),
    Command("table.mark", "space", "mark", "Mark the row, or unmark it", "mark"),
    Command("jobs.submit", "a", "submit", "Train a model: data, settings, what it costs, one yes", "train"),
    Command("jobs.overlay", "=", "overlay", "Curves of the marked jobs over each other", "compare", "job compare"),
    Command("datasets.add", "a", "add", "Remember a file or folder on disk", "add", "dataset add"),
    Command("datasets.twins", "=", "twins", "Twins across the marked files", "compare", "dataset twins"),
    Command("rows.next", "right,l", "step(1)", "Next row", "next"),
    Command("rows.previous", "left,h", "step(-1)", "Previous row", "previous"),
    Command("rows.search", "/", "prompt(False)", "Search in all rows", "search", "dataset search"),
    Command("rows.draw", "t", "draw", "Draw the images (PNG), or not", "pictures", "dataset pictures"),
    Command("rows.line", "number_sign", "prompt(True)", "Go to a line", "line", "dataset line"),
    Command("rows.next_match", "n", "seek(True)", "Next row with the words"),
    Command("rows.previous_match", "N", "seek(False)", "Previous row with the words"),
    Command("rows.first", "home,g", "edge(False)", "First row"),
    Command("rows.last", "end,G", "edge(True)", "Last row"),
    Command("rows.down", "down,j", "scroll(1)", "Down in the row"),
    Command("rows.up", "up,k", "scroll(-1)", "Up in the row"),
    Command("rows.half_down", "pagedown,ctrl+d", "scroll(10)", "Ten lines down"),
    Command("rows.half_up", "pageup,ctrl+u", "scroll(-10)", "Ten lines up"),
    *_scrolling("shape"),
    Command("pane.actions", "x", "app.actions", "Actions on the selected; each shows what it will do first", "actions"),
    Command("benchmarks.teacher", "t", "decide('teacher')", "Make this model the teacher", "teacher", "pick teacher"),
    Command("benchmarks.student", "s", "decide('student')", "Make this model the student", "student", "pick student"),
    Command("benchmarks.control", "c", "decide('control')", "Make this model the control", "control", "pick control"),
    Command(
        "benchmarks.compare",
        "=",
        "want('compare')",
        "Compare the marked models item by item",
        "compare",
        "bench compare",
    ),
    Command("benchmarks.distil", "D", "want('distil')", "Distil the teacher into the student", "distil", "distill run"),
    Command("benchmarks.chart", "m", "chart", "Against cost, against latency, or the verdict", "chart", "bench chart"),
    Command("items.only", "f", "only", "Only fails, disputed ones, one outcome, or all", "only", "items only"),
    Command("items.filter", "/", "filter", "Only items with these words; !word leaves out", "filter", "items filter"),
    Command("item.left", "left,h", "arm(-1)", "The model to the left"),
    Command("item.right", "right,l", "arm(1)", "The model to the right", "model"),
    Command("item.next", "n", "step(1)", "Next item", "next"),
    Command("item.previous", "N", "step(-1)", "Previous item"),
    Command("item.diff", "=", "diff", "This answer against the one beside it, word by word", "diff", "item diff"),
    *_scrolling("item"),
    Command("label.pass", "p", "say(True)", "This answer passes", "pass"),
    Command("label.fail", "f", "say(False)", "This answer fails", "fail"),
    Command("label.unsure", "u", "say(None)", "Unsure: leave it out", "unsure"),
    Command("label.undo", "z", "undo", "Take the last label back", "undo"),
    Command("label.report", "r", "so_far", "What the labels say so far", "so far"),
    Command("label.down", "down,j", "scroll(1)", "Down"),
    Command("label.up", "up,k", "scroll(-1)", "Up"),
    Command("label.close", "escape,q", "close", "Close; what was labelled is kept", "close"),
    Command("checkpoints.previous", "comma", "cursor(-1)", "The step before", words="checkpoint before"),
    Command("checkpoints.next", "full_stop", "cursor(1)", "The next step", "step", "checkpoint next"),
    Command("flips.next", "n", "flip(1)", "Next item that flipped between pass and fail", "flip"),
    Command("flips.previous", "N", "flip(-1)", "Previous item that flipped"),
    Command("checkpoints.only", "f", "only", "Only flips, gains, losses, or all", "only", "checkpoint items only"),
    Command(
        "checkpoints.metric", "m", "metric", "Reward, pass rate, graders, tokens, errors", "metric", "chart metric"
    ),
    Command("checkpoints.axis", "t", "axis", "By step, or by the time that has passed", "time", "chart axis"),
    Command("checkpoints.filter", "/", "filter", "Only items with these words; !word leaves out", "filter"),
    Command("checkpoints.from", "b", "from_here", "Hold other steps against this one", "from here", "checkpoint from"),
    Command("checkpoints.next_job", ">", "job(1)", "The next job or evaluation", words="checkpoint job next"),
    Command("checkpoints.previous_job", "<", "job(-1)", "The job or evaluation before", words="checkpoint job before"),
    Command("checkpoints.smoothing", "S", "smoothing", "Smoothing: off, some, much", words="chart smooth"),
    Command("checkpoints.log", "L", "log", "Logarithmic y axis, and back", words="chart log"),
    Command("checkpoints.zoom_in", "plus", "zoom_x(True)", "Fewer steps", words="chart zoom in"),
    Command("checkpoints.zoom_out", "minus", "zoom_x(False)", "More steps", words="chart zoom out"),
    Command("checkpoints.reset", "0", "reset_zoom", "All steps", words="chart zoom reset"),
    Command("checkpoints.lab", "e", "act('lab')", "Grader lab: edit a grader, see scores change", words="grader lab"),
    Command("checkpoint.deploy", "", "act('deploy')", "Deploy the checkpoint of this step", words="checkpoint deploy"),
    Command("checkpoint.test", "", "act('test')", "Evaluate it on held-out data", words="checkpoint test"),
    Command(
        "checkpoint.regrade", "", "act('regrade')", "Show its answers to another grader", words="checkpoint regrade"
    ),
    Command("checkpoint.import", "", "act('import')", "Import an evaluation's file", words="checkpoint import"),
    Command("checkpoint.open", "", "act('open')", "Open an evaluation by its id", words="checkpoint open"),
    Command("checkpoint.keep", "", "act('keep')", "Copy its evidence into the ledger", words="checkpoint keep"),
    *_scrolling("watches", edges=False),
    Command("lab.editor", "e", "editor", "Edit the grader, and run it again", "edit"),
    Command("lab.differ", "d", "differ", "Only answers on which it differs from people, the job's grader, others"),
    Command("lab.label", "l", "label", "Say of some answers whether they are good, without seeing the rewards"),
    Command("lab.check", "c", "check", "Ask the service whether it takes the grader; costs nothing"),
    Command("lab.ask", "x", "ask", "Have its models asked about these answers, after a card with the price"),
    Command("lab.keep", "s", "keep", "Write the grader into a file", "save"),
    Command("lab.close", "escape,q", "close", "Close", "close"),
    Command("jobs.filter", "/", "filter", "Show only jobs with these words; !word leaves out", "filter", "job filter"),
    Command(
        "datasets.filter", "/", "filter", "Only those with these words, or without !word", "filter", "dataset filter"
    ),
    Command("datasets.model", "m", "model", "Check, count and price for a model", "model", "dataset model"),
    Command("dataset.upload", "", "act('file.upload')", "Send it to the service", words="dataset upload"),
    Command("dataset.split", "", "act('local.split')", "Split it into new files", words="dataset split"),
    Command("dataset.sample", "", "act('local.sample')", "Draw rows into a new file", words="dataset sample"),
    Command("dataset.convert", "", "act('local.convert')", "Convert it into a new file", words="dataset convert"),
    Command("dataset.download", "", "act('fetch')", "Fetch it from the service", words="dataset download"),
    Command("dataset.delete", "", "act('file.delete')", "Delete it at the service", words="dataset delete"),
    Command("dataset.merge", "", "act('local.merge')", "The marked files in a new one", words="dataset merge"),
    Command("dataset.fix", "", "act('local.fix')", "Mend it into a new file", words="dataset fix"),
    Command("dataset.forget", "", "act('local.forget')", "Take it off the list", words="dataset forget"),
    Command(
        "deployments.filter", "/", "filter", "Only those with these words, or without !word", "filter", "deploy filter"
    ),
    Command("deployments.gone", "f", "gone", "Those that are gone too, or no more", "gone", "deploy gone"),
    Command("deployment.create", "", "act('deploy')", "Deploy a model", words="deploy create"),
    Command("deployment.extend", "", "act('extend')", "Set when it goes", words="deploy extend"),
    Command("deployment.scale", "", "act('scale')", "Give it another capacity", words="deploy scale"),
    Command("deployment.remove", "", "act('remove')", "Remove it; its name is typed first", words="deploy remove"),
    Command("deployment.sweep", "", "act('sweep')", "Remove what nothing needs any more", words="deploy sweep"),
    Command("sweep.confirm", "y", "confirm", "Remove the marked", "remove"),
    Command("sweep.close", "escape,q,n", "close", "Leave them", "leave them"),
    Command(
        "activity.filter", "/", "filter", "Only those with these words, or without !word", "filter", "activity filter"
    ),
    Command("activity.by", "m", "by", "What was spent, by day, month, job or workflow", "spend", "activity spend"),
    Command("distillation.yes", "", "act('yes')", "Say yes to what it asks, or clean up", words="distill yes"),
    Command("distillation.no", "", "act('no')", "Say no to what it asks", words="distill no"),
    Command("distillation.pause", "", "act('pause')", "Begin nothing more", words="distill pause"),
    Command("distillation.resume", "", "act('resume')", "Go on, or try again what failed", words="distill resume"),
    Command("distillation.limits", "", "act('limits')", "Go on with other limits", words="distill limits"),
    Command("distillation.branch", "", "act('branch')", "Another one with other settings", words="distill branch"),
    Command("distillation.report", "", "act('report')", "The verdict as Markdown and JSON", words="distill report"),
    Command("distillation.cancel", "", "act('cancel')", "Call it off", words="distill cancel"),
    Command("workflow.left", "left,h", "stage(-1)", "The stage before"),
    Command("workflow.right", "right,l", "stage(1)", "The next stage", "stage"),
    Command("workflow.band", "b", "band", "Of the curve over distractors: whose 95% band is drawn"),
    Command("stages.open", "enter", "open", "Open the stage", "open"),
    Command("sieve.left", "left,h", "step(-1)", "Lower the threshold", "threshold"),
    Command("sieve.right", "right,l", "step(1)", "Raise the threshold"),
    Command("sieve.far_left", "pageup,ctrl+u", "step(-5)", "Lower it by five"),
    Command("sieve.far_right", "pagedown,ctrl+d", "step(5)", "Raise it by five"),
    Command("sieve.reset", "0", "reset", "Back to the threshold that was applied"),
    Command("sieve.apply", "enter", "apply", "Apply it, in a branch", "apply"),
    *_scrolling("told"),
    Command("curves.metric", "m", "metric", "Next metric", "metric", "curves metric"),
    Command("curves.smoothing", "S", "smoothing", "Smoothing: off, some, much", "smooth", "curves smooth"),
    Command("pane.zoom", "z", "zoom", "The focused part on the whole screen, and back", "zoom"),
    Command("frame.help", "?", "app.help", "Help for where you stand", "help", "help"),
    Command("frame.palette", ":,ctrl+p", "app.palette", "All commands by name", "command"),
    Command("table.down", "down,j", "move(1)", "Next row"),
    Command("table.up", "up,k", "move(-1)", "Previous row"),
    Command("table.half_down", "pagedown,ctrl+d", "page(1)", "Half a page down"),
    Command("table.half_up", "pageup,ctrl+u", "page(-1)", "Half a page up"),
    Command("table.first", "home,g", "edge(False)", "First row"),
    Command("table.last", "end,G", "edge(True)", "Last row"),
    Command("table.next", "n", "wrap(1)", "Next match; after the last comes the first"),
    Command("table.previous", "N", "wrap(-1)", "Previous match"),
    Command("table.mark_range", "V", "mark_range", "Mark from the row marked last to here"),
    Command("benchmarks.sort", "o", "sort", "Order by score, name, cost or latency", words="bench sort"),
    Command("benchmarks.label", "L", "want('label')", "Label answers by hand, blind", words="bench label"),
    Command(
        "benchmarks.decisions", "d", "want('ledger')", "Decisions taken, with their numbers", words="bench decisions"
    ),
    Command("benchmarks.other", "b", "want('other')", "The next benchmark", words="bench next"),
    Command("items.sort", "o", "sort", "Worst first, most disputed first, or as asked", words="items sort"),
    Command("jobs.sort", "o", "sort", "Order by the next column", words="job sort"),
    Command("curves.log", "L", "log", "Logarithmic y axis, and back", words="curves log"),
    Command("curves.zoom_in", "plus", "zoom_x(True)", "Fewer steps", words="curves zoom in"),
    Command("curves.zoom_out", "minus", "zoom_x(False)", "More steps", words="curves zoom out"),
    Command("curves.reset", "0", "reset_zoom", "All steps", words="curves zoom reset"),
    Command("chart.left", "left,h", "cursor(-1)", "Cursor to the left; the legend shows the values under it"),
    Command("chart.right", "right,l", "cursor(1)", "Cursor to the right"),
    Command("pane.next_tab", "]", "tab(1)", "Next tab"),
    Command("pane.previous_tab", "[", "tab(-1)", "Previous tab"),
    Command("pane.raw", "v", "raw", "The service's own JSON", words="raw"),
    Command("pane.copy_id", "y", "copy_id", "Copy the id (OSC 52, also over SSH)", words="copy id"),
    Command("pane.copy_command", "Y", "copy_command", "Copy the equal command", words="copy command"),
    Command("job.pause", "", "act('pause')", "Pause: write a checkpoint and stop training", words="job pause"),
    Command(
        "job.converged",
        "",
        "act('pause-when-converged')",
        "Pause by itself once its reward stands still, or no more",
        words="job pause when converged",
    ),
    Command("job.resume", "", "act('resume')", "Go on with a paused job", words="job resume"),
    Command("job.clone", "", "act('clone')", "Train it again, with changes", words="job clone"),
    Command("job.onward", "", "act('onward')", "Go on training from the model it made", words="job onward"),
    Command("job.cancel", "", "act('cancel')", "Cancel: stop for good", words="job cancel"),
    Command("bench.define", "a", "define", "Define a benchmark", words="bench new"),
    Command("bench.copy", "", "act('copy')", "Edit a copy of this one", words="bench copy"),
    Command("bench.editor", "e", "editor", "Its definition as TOML in your editor", words="bench edit"),
    Command("bench.runs", "R", "runs", "Its runs: see an earlier one, compare two", "runs", "bench history"),
    Command("bench.export", "", "act('export')", "Write this model's decision card", words="bench card"),
    Command("runs.compare", "=", "compare", "Compare the two marked runs", "compare"),
    Command("runs.close", "escape,q", "close", "Close", "close"),
    Command("define.store", "ctrl+s", "store", "Check it and store it", "store"),
    Command("define.dataset", "ctrl+o", "dataset", "Look for the dataset's file", "dataset"),
    Command("define.arm", "a", "arm", "Pick a deployment that is not listed", "other arm"),
    Command("define.grader", "g", "grader", "Pick a grader from a file", "grader"),
    Command("define.next", "down", "move(1)", "Next field"),
    Command("define.previous", "up", "move(-1)", "Field before"),
    Command("define.close", "escape", "close", "Leave it", "leave it"),
    Command("bench.run", "", "act('run')", "Run the benchmark, or what is open of it", words="bench run"),
    Command("bench.again", "", "act('again')", "Run this model a second time: the noise floor", words="bench noise"),
    Command("bench.cancel", "", "act('cancel')", "Stop asking; what was answered stays", words="bench cancel"),
    Command("frame.datasets", "1", "pane('datasets')", "Datasets", words="go datasets"),
    Command("frame.benchmarks", "2", "pane('benchmarks')", "Benchmarks", words="go benchmarks"),
    Command("frame.jobs", "3", "pane('jobs')", "Jobs", words="go jobs"),
    Command("frame.checkpoints", "4", "pane('checkpoints')", "Checkpoints", words="go checkpoints"),
    Command("frame.deployments", "5", "pane('deployments')", "Deployments", words="go deployments"),
    Command("frame.activity", "6", "pane('activity')", "Activity", words="go activity"),
    Command("frame.refresh", "r", "app.refresh_now", "Ask the service now", words="refresh"),
    Command("frame.watch", "w", "app.watch", "Tell me when something becomes of it, or no more", words="watch"),
    Command("frame.line", "", "app.line", "The line to the terminal: as measured, slow, fast", words="line"),
    Command("frame.freeze", "P", "app.freeze", "Stop asking the service, and begin again", words="freeze"),
    Command("frame.calls", "@", "app.calls", "What was sent to the service", words="calls"),
    Command("frame.guide", "A", "app.guide", "Which technique fits, by what is known", words="advise"),
    Command("frame.submit", "", "app.submit", "Train a model: data, settings, what it costs", words="job submit"),
    Command("frame.raft", "", "app.raft", "From documents to a tuned model and its curve", words="raft run"),
    Command("frame.models", "", "app.models", "Models: methods, tiers, prices, retirement", words="advise models"),
    Command("frame.theme", "", "app.theme", "The next theme: dark, light, high contrast", words="theme"),
    Command("frame.connect", "", "app.connect", "Connect a resource, or see what works", words="connect"),
    Command("connect.new", "n", "new", "Write a profile", "profile"),
    Command("connect.key", "k", "key", "Keep a key, in the keyring or for this session", "key"),
    Command("connect.sign_in", "i", "sign_in", "Sign in with a code entered on any device", "sign in"),
    Command("connect.test", "t", "test", "Try what works", "test"),
    Command("connect.look", "r", "look", "Look around again", "look"),
    Command("connect.copy", "y", "copy", "Copy the code (OSC 52, also over SSH)", "copy code"),
    Command("connect.open", "o,enter", "open", "Go on with this profile", "open"),
    Command("connect.down", "down,j", "scroll_by(1)", "Down"),
    Command("connect.up", "up", "scroll_by(-1)", "Up"),
    Command("connect.close", "escape,q", "close", "Close", "close"),
    Command("frame.tour", "ctrl+n", "tour", "The tour of the panes: begin, or the next step", words="tour"),
    Command("frame.end_tour", "ctrl+e", "end_tour", "End the tour"),
    Command("frame.back", "escape", "back", "Clear, close, back"),
    Command("frame.quit", "q", "app.leave", "Clear, close, back; at the root leave Cupola", words="quit"),
    Command("reader.down", "down,j", "scroll_by(1)", "Down"),
    Command("reader.up", "up,k", "scroll_by(-1)", "Up"),
    Command("reader.half_down", "pagedown,ctrl+d,space", "scroll_by(10)", "Ten lines down"),
    Command("reader.half_up", "pageup,ctrl+u", "scroll_by(-10)", "Ten lines up"),
    Command("reader.first", "home,g", "scroll_edge(False)", "Beginning"),
    Command("reader.last", "end,G", "scroll_edge(True)", "End"),
    Command("reader.copy", "y", "copy", "Copy all of it", "copy"),
    Command("reader.close", "escape,q,enter", "close", "Close", "close"),
    Command("menu.choose", "enter", "choose", "Choose", "choose"),
    Command("menu.down", "down,ctrl+n", "move(1)", "Next"),
    Command("menu.up", "up", "move(-1)", "Previous"),
    Command("menu.close", "escape", "close", "Close", "close"),
    Command("guide.answer", "enter", "answer", "Answer the question; on the advice, open its next step", "answer"),
    Command("guide.stand", "n", "stand", "To where the facts lead"),
    Command("guide.fold", "f", "fold", "Only the way and what branches off it, or the whole tree", "fold"),
    Command("guide.forget", "u", "forget", "Take back what was said; what is measured stays"),
    Command("guide.down", "down,j", "move(1)", "Next line"),
    Command("guide.up", "up,k", "move(-1)", "Previous line"),
    Command("guide.half_down", "pagedown,ctrl+d", "read(8)", "Down in the text"),
    Command("guide.half_up", "pageup,ctrl+u", "read(-8)", "Up in the text"),
    Command("guide.first", "home,g", "edge(False)", "First line"),
    Command("guide.last", "end,G", "edge(True)", "Last line"),
    Command("guide.copy", "Y", "copy_command", "Copy the next step's command"),
    Command("guide.close", "escape,q", "close", "Close; what was said is kept until Cupola is left", "close"),
    Command("submit.file", "ctrl+o", "file", "Choose a file for the field one is in", "files"),
    Command("submit.models", "ctrl+l", "models", "Choose from the models table", "models"),
    Command("models.down", "pagedown,ctrl+d", "read(8)", "Down in the text"),
    Command("models.up", "pageup,ctrl+u", "read(-8)", "Up in the text"),
    Command("models.close", "escape,q", "close", "Close", "close"),
    Command("form.next", "down", "move(1)", "Next question"),
    Command("form.previous", "up", "move(-1)", "Previous question"),
    Command("form.close", "escape", "close", "Leave it", "leave it"),
    Command("path.complete", "tab", "complete", "Complete what is typed", "complete"),
    Command("path.close", "escape", "close", "Leave it", "leave it"),
    Command("card.confirm", "y,enter", "confirm", "Do it", "do it"),
    Command("card.dismiss", "escape,n,q", "refuse", "Leave it", "leave it"),
)


def bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings of a widget that takes the commands of these scopes."""
    return [
        Binding(command.keys, command.action, command.help, id=command.id, show=False)
        for command in COMMANDS
        if command.scope in scopes and command.keys
    ]


def remapped(keys: Mapping[str, str]) -> tuple[Command, ...]:
    """The registry with other keys for some ids; ids that do not exist are passed over."""
    return tuple(replace(command, keys=keys.get(command.id, command.keys)) for command in COMMANDS)


def unknown_ids(keys: Iterable[str]) -> list[str]:
    """Those of the ids that no command has."""
    known = {command.id for command in COMMANDS}
    return sorted(set(keys) - known)


def within(commands: Iterable[Command], scopes: Collection[Scope]) -> list[Command]:
    """The commands that work in any of the scopes."""
    return [command for command in commands if command.scope in scopes]
