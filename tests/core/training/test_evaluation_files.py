"""Downloaded evaluations: every entry is accounted for, and a hostile file does no harm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cupola.errors import UsageError
from cupola.store import evaluations
from cupola.store.database import Database, open_store
from cupola.training import stored_evals
from cupola.training.auto_evals import summaries
from cupola.training.evaluation_files import import_evaluation


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


def item(place: int, score: float | None, run: str = "evalrun_1", **more: Any) -> dict[str, Any]:
    verdict = [] if score is None else [{"name": "g", "score": score, "passed": score >= 1}]
    return {
        "object": "eval.run.output_item",
        "id": f"outputitem_{run}_{place}",
        "run_id": run,
        "status": "error" if score is None else "pass" if score >= 1 else "fail",
        "datasource_item_id": place,
        "datasource_item": {"question": f"q{place}"},
        "results": verdict,
        "sample": {"output": [{"role": "assistant", "content": "a"}]},
        **more,
    }


def written(folder: Path, *entries: Any, lines: bool = True) -> Path:
    path = folder / "download.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)) if lines else json.dumps(entries[0]))
    return path


def test_lines_of_two_runs_are_stored_as_two_runs_with_every_item_accounted_for(
    tmp_path: Path, store: Database
) -> None:
    entries = [
        *(item(place, 1.0) for place in range(3)),
        item(2, 0.0),
        item(3, None),
        *(item(place, 0.0, "evalrun_2") for place in range(2)),
        {"object": "eval.run", "id": "evalrun_2", "name": "Tuned", "result_counts": {"total": 5}},
        {"something": "else"},
    ]
    found = import_evaluation(store, written(tmp_path, *entries), 10.0)
    assert (found.runs, found.items, found.errored, found.duplicated, found.missing, found.unreadable) == (
        2, 6, 1, 1, 3, 1,
    )  # fmt: skip
    evals = stored_evals.read_any(store, found.eval_id)
    assert evals is not None and [run.name for run in evals.runs] == ["evalrun_1", "Tuned"]
    assert [(one.counts.judged, one.counts.error, one.counts.missing) for one in summaries(evals)] == [
        (3, 1, 0), (2, 0, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("wrap", ["data", "output_items", "runs", "list"])
def test_a_page_a_list_and_runs_with_their_items_are_read_alike(wrap: str, tmp_path: Path, store: Database) -> None:
    items = [item(place, 1.0) for place in range(3)]
    whole: Any = {
        "data": {"object": "list", "data": items},
        "output_items": {"name": "mine", "output_items": items},
        "runs": {"name": "mine", "runs": [{"id": "evalrun_1", "object": "eval.run", "output_items": items}]},
        "list": items,
    }[wrap]
    found = import_evaluation(store, written(tmp_path, whole, lines=False), 10.0)
    assert (found.runs, found.items, found.unreadable) == (1, 3, 0)
    again = import_evaluation(store, written(tmp_path, whole, lines=False), 11.0)
    assert again == found and len(evaluations.others(store)) == 1


def test_a_file_cannot_write_over_a_run_of_the_service(tmp_path: Path, store: Database) -> None:
    real = import_evaluation(store, written(tmp_path, item(0, 1.0)), 10.0)
    (stored,) = evaluations.runs_of(store, real.eval_id)
    forged = import_evaluation(store, written(tmp_path, item(0, 0.0, stored.run.id, id="../../etc/passwd")), 11.0)
    assert forged.eval_id != real.eval_id
    assert [one.score for one in evaluations.items_of(store, stored.run.id)] == [1.0]
    (own,) = evaluations.runs_of(store, forged.eval_id)
    assert [one.id for one in evaluations.items_of(store, own.run.id)] == ["item-0"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "not JSON"),
        (b'{"a": 1}\n{"b"', "Line 2"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"data": []}', "no output items"),
        (b'"text"', "no output items"),
        (b"null", "no output items"),
    ],
)
def test_what_is_no_evaluation_is_refused_in_words(content: bytes, words: str, tmp_path: Path, store: Database) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        import_evaluation(store, path, 1.0)
    assert evaluations.others(store) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "run_id", "results", "datasource_item", "sample", "data", "runs", "score", "name"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(value=_JSON)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_is_imported_or_refused(value: Any, tmp_path: Path, store: Database) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps([value, item(0, 1.0)]))
    found = import_evaluation(store, path, 1.0)
    assert found.items >= 1
    stored_evals.read_any(store, found.eval_id)
