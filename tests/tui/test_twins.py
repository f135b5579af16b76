"""What the screen does, the command line does too: every key has its equal, or a reason why not."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from cupola.cli.context import Context
from cupola.cli.parsing import parsed
from cupola.errors import UsageError
from cupola_tui.commands import COMMANDS
from cupola_tui.twins import SCREEN_ALONE, TWINS, only_looks, page

EXAMPLES = {"WORKFLOW": "1", "PANE": "jobs"}


def test_every_key_has_an_equal_command_or_only_looks() -> None:
    told = {*TWINS, *SCREEN_ALONE}
    open_ = [command.id for command in COMMANDS if command.id not in told and not only_looks(command)]
    assert open_ == [], "name their equal commands in cupola_tui.twins"
    assert told <= {command.id for command in COMMANDS}


def test_an_equal_command_is_one(tmp_path: Path) -> None:
    wrong = {}
    for line in sorted(set(TWINS.values())):
        words = [EXAMPLES.get(word, word) for word in shlex.split(line)]
        try:
            parsed(words[1:], Context({"CUPOLA_HOME": str(tmp_path)}))
        except UsageError as error:
            wrong[line] = str(error)
    assert wrong == {}


def test_the_page_of_keys_is_what_the_code_says() -> None:
    assert (Path(__file__).parents[2] / "docs" / "keys.md").read_text() == page(), "run `make docs`"


def test_every_command_stands_on_the_page_once() -> None:
    ids = re.findall(r"^\| [^|]+ \| ([a-z]+\.[a-z_]+) \|", page(), re.MULTILINE)
    assert sorted(ids) == sorted(command.id for command in COMMANDS)
