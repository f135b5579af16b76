"""What is typed into the forms of RAFT and of preference pairs becomes what was meant, or is refused by its field."""

from __future__ import annotations

from pathlib import Path

import pytest

from cupola.errors import CupolaError
from cupola_tui.screens.pairs.flow import read_wanted
from cupola_tui.screens.raft.draft import HINTS, command, read_draft

from .conftest import PROFILE

TEXT = "# Returns\n\nA sold article can be brought back for thirty days, with its receipt.\n\n# Care\n\nOil the wood.\n"


def _raft(**given: str) -> dict[str, str]:
    return {name: given.get(name.replace(" ", "_"), "") for name in HINTS}


def _pairs(**given: str) -> dict[str, str]:
    usual = {"by": "grades", "prefer": "", "over": "", "least": "", "balance": "yes", "held out": "0.15", "into": "."}
    return usual | {name.replace("_", " "): value for name, value in given.items()}


def test_documents_become_chunks_for_the_models_named(tmp_path: Path) -> None:
    document = tmp_path / "care.md"
    document.write_text(TEXT)
    answers = _raft(documents=str(document), teacher="gpt-4.1", student="gpt-4.1-nano", distractors="2", stop_at="$5")
    draft = read_draft(answers)
    assert {chunk.title for chunk in draft.found.chunks} >= {"Returns", "Care"}
    assert draft.found.definition.arm.deployment == "gpt-4.1-nano"
    assert draft.found.definition.teaching_arm.deployment == "gpt-4.1"
    assert (draft.found.definition.mix.distractors, draft.hard, draft.soft) == (2, 5.0, None)
    assert "care.md" in command(draft, answers, PROFILE)


def test_one_that_ships_is_taken_by_its_name() -> None:
    answers = _raft(documents="handbook", epochs="2")
    draft = read_draft(answers)
    assert draft.found.definition.hyperparameters["n_epochs"] == 2
    assert command(draft, answers, PROFILE) == "cupola raft run handbook --epochs 2 --profile demo"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Which documents"),
        ({"documents": "care.md"}, "student"),
        ({"documents": "care.md", "student": "nano"}, "teacher"),
        ({"documents": "no-such-file.md", "student": "nano", "teacher": "large"}, "no-such-file"),
        ({"documents": "handbook", "epochs": "2.5"}, "epochs"),
        ({"documents": "handbook", "stop_at": "-1"}, "stop at"),
    ],
)
def test_what_is_missing_or_wrong_is_told(given: dict[str, str], said: str) -> None:
    with pytest.raises(CupolaError, match=said):
        read_draft(_raft(**given))


def test_pairs_are_wanted_as_typed() -> None:
    wanted, folder = read_wanted(_pairs(by="arms", prefer="a", over="b", least="0.2", balance="no", held_out=""))
    assert (wanted.by, wanted.prefer, wanted.over, wanted.least) == ("arms", "a", "b", 0.2)
    assert (wanted.balance, wanted.validation, folder) == (False, 0.0, Path())


def test_a_share_that_is_no_number_is_told() -> None:
    with pytest.raises(CupolaError, match="held out"):
        read_wanted(_pairs(held_out="some"))
