from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.bundle import export_benchmark, import_benchmark
from cupola.benchmarks.labels import label, to_label
from cupola.benchmarks.leaderboard import leaderboard_of, load_table
from cupola.bundles import BundleError, read_bundle, write_bundle
from cupola.store import answers, benchmarks, decisions, grades
from cupola.store.database import Database, open_store

from .conftest import EXACT, JUDGED, Bench, defined, question, reply, score

Parts = dict[str, list[dict[str, Any]]]


def answering(deployment: str, body: Any) -> Any:
    if deployment == "judge":
        return score(4.0)
    number = question(body).removeprefix("Question ").removesuffix("?")
    return reply(f"yes {number}" if deployment == "a" or int(number) % 2 else "no")


@pytest.fixture
async def filled(bench: Bench) -> Database:
    """A store with a finished run, a label and a decision."""
    runner, _, _ = await bench.go(defined(graders=(EXACT, JUDGED)), answering)
    benchmarks.set_state(bench.database, runner.run.id, benchmarks.RunState.DONE, 2.0)
    [chosen, *_] = to_label(bench.database, runner.run, runner.table, 1, 4)
    label(bench.database, chosen, JUDGED, True, 3.0)
    decisions.add(bench.database, 4.0, "small", runner.run.id, "teacher", "a", {"items": 6}, "## Teacher: a")
    return bench.database


@pytest.fixture
def elsewhere(tmp_path: Path) -> Any:
    database = open_store(tmp_path / "elsewhere.sqlite3")
    yield database
    database.close()


def test_an_exported_benchmark_is_the_same_elsewhere(filled: Database, elsewhere: Database, tmp_path: Path) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")

    found = import_benchmark(elsewhere, tmp_path / "small.cupola")

    [here], [there] = benchmarks.runs(filled), benchmarks.runs(elsewhere)
    assert (found.name, found.copied.runs, found.copied.decisions) == ("small", (there.id,), 1)
    assert there.definition == here.definition
    before, after = leaderboard_of(filled, here), leaderboard_of(elsewhere, there)
    assert before is not None and after is not None
    assert [row.score for row in after.rows] == [row.score for row in before.rows]
    assert [row.outcomes for row in after.rows] == [row.outcomes for row in before.rows]
    by_request = [sorted(answers.of_run(database, 1), key=str) for database in (filled, elsewhere)]
    assert by_request[0] == by_request[1]
    assert grades.labels(elsewhere, JUDGED.hash) == grades.labels(filled, JUDGED.hash)
    assert decisions.newest(elsewhere)[0].card == "## Teacher: a"
    assert answers.count_by_state(elsewhere) == answers.count_by_state(filled)


def test_importing_twice_changes_nothing(filled: Database, elsewhere: Database, tmp_path: Path) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")
    import_benchmark(elsewhere, tmp_path / "small.cupola")

    again = import_benchmark(elsewhere, tmp_path / "small.cupola").copied

    assert (again.runs, again.answers, again.grades, again.decisions) == ((), 0, 0, 0)
    assert len(benchmarks.runs(elsewhere)) == 1


async def test_what_was_imported_is_not_asked_again(
    filled: Database, elsewhere: Database, tmp_path: Path, bench: Bench
) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")
    import_benchmark(elsewhere, tmp_path / "small.cupola")

    _, deployments, ended = await Bench(elsewhere, bench.sandbox).go(defined(graders=(EXACT, JUDGED)), answering)

    assert deployments.calls == 0
    assert ended.problem is None


def test_another_benchmark_of_that_name_is_not_overwritten(
    filled: Database, elsewhere: Database, bench: Bench, tmp_path: Path
) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")
    Bench(elsewhere, bench.sandbox).wanted(defined(items=3))

    with pytest.raises(BundleError, match="another benchmark"):
        import_benchmark(elsewhere, tmp_path / "small.cupola")
    found = import_benchmark(elsewhere, tmp_path / "small.cupola", "theirs")

    assert {run.benchmark for run in benchmarks.runs(elsewhere)} == {"small", "theirs"}
    run = benchmarks.get_run(elsewhere, found.copied.runs[0])
    assert run is not None
    assert load_table(elsewhere, run) is not None


async def test_other_answers_to_the_same_questions_are_not_overwritten(
    filled: Database, elsewhere: Database, bench: Bench, tmp_path: Path
) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")
    await Bench(elsewhere, bench.sandbox).go(defined(), lambda *_: reply("something else"))

    with pytest.raises(BundleError, match="answers otherwise"):
        import_benchmark(elsewhere, tmp_path / "small.cupola", "theirs")

    assert {entry.answer.text for entry in answers.of_run(elsewhere, 1)} == {"something else"}


def test_a_file_that_is_there_is_not_overwritten(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "small.cupola").write_text("mine")
    with pytest.raises(BundleError, match="exists"):
        export_benchmark(filled, "small", tmp_path / "small.cupola")
    assert (tmp_path / "small.cupola").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def set_field(part: str, field: str, value: Any) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        parts[part][0][field] = value

    return change


def drop_row(part: str) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        del parts[part][0]

    return change


def ask_judge_otherwise(parts: Parts) -> None:
    asked = next(row for row in parts["answers"] if row["purpose"] == "grader")
    asked["body"] = json.dumps({"messages": []})


CHANGES = {
    "an item": set_field("items", "fields", '{"answer":"yes 0","question":"Another?"}'),
    "a missing item": drop_row("items"),
    "an answer's hash": set_field("answers", "request", "0" * 32),
    "a judge's question": ask_judge_otherwise,
    "a grade of nothing": set_field("grades", "request", "0" * 32),
    "an ask": set_field("asks", "request", "0" * 32),
    "a missing ask": drop_row("asks"),
    "a run's digest": set_field("runs", "digest", "0" * 32),
    "a run under way": set_field("runs", "state", "running"),
    "ids at the service": set_field("runs", "remote", '{"eval": "eval_1"}'),
    "a decision elsewhere": set_field("decisions", "run", 77),
    "a definition": set_field("runs", "definition", "{}"),
    "nonsense for a definition": set_field("benchmarks", "definition", "[" * 100_000),
    "nonsense for a problem": set_field("answers", "problem", "[1]"),
    "a state that is none": set_field("answers", "state", "paid"),
    "a number for a text": set_field("answers", "request", 7),
    "a foreign column": lambda parts: parts["answers"][0].update({"x) VALUES (1); --": 1}),
    "no benchmark": drop_row("benchmarks"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_not_what_its_hash_says_is_refused(
    filled: Database, elsewhere: Database, tmp_path: Path, change: Callable[[Parts], None]
) -> None:
    export_benchmark(filled, "small", tmp_path / "small.cupola")
    bundle = read_bundle(tmp_path / "small.cupola", "benchmark")
    parts = {part: list(bundle.rows(part)) for part in bundle.manifest.parts}
    change(parts)
    # The hashes of the container are right: only what is in it is not.
    write_bundle(tmp_path / "changed.cupola", "benchmark", "small", parts)

    with pytest.raises(BundleError):
        import_benchmark(elsewhere, tmp_path / "changed.cupola")

    assert benchmarks.all_benchmarks(elsewhere) == benchmarks.runs(elsewhere) == []
    assert answers.count_by_state(elsewhere) == {}


def packed(path: Path, files: dict[str, bytes], kind: str = "benchmark", **numbers: Any) -> Path:
    """A ZIP with a manifest that fits these files unless told otherwise."""
    parts = {
        name.removesuffix(".jsonl"): {
            "rows": content.count(b"\n"),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            **numbers,
        }
        for name, content in files.items()
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "manifest.json", json.dumps({"format": "cupola.bundle/1", "kind": kind, "name": "x", "parts": parts})
        )
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_part_is_read_back(tmp_path: Path) -> None:
    bundle = read_bundle(packed(tmp_path / "x", {"rows.jsonl": b'{"a":1}\n{"a":null}\n'}), "benchmark")
    assert list(bundle.rows("rows")) == [{"a": 1}, {"a": None}]
    assert list(bundle.rows("others")) == []


@pytest.mark.parametrize(
    ("files", "numbers"),
    [
        ({"../../etc/passwd.jsonl": b"{}\n"}, {}),
        ({"/rows.jsonl": b"{}\n"}, {}),
        ({"rows.jsonl": b"{}\n"}, {"sha256": "0" * 64}),
        ({"rows.jsonl": b"{}\n" * 9}, {"bytes": 3}),
        ({"rows.jsonl": b"{}\n" * 9}, {"rows": 1}),
        ({"rows.jsonl": b"{}\n"}, {"rows": 2}),
        ({"rows.jsonl": b"{}\n"}, {"bytes": 2**40}),
        ({"rows.jsonl": b"{}\n"}, {"rows": True}),
        ({"rows.jsonl": b"[1]\n"}, {}),
        ({"rows.jsonl": b'{"a":[1]}\n'}, {}),
        ({"rows.jsonl": b'{"a":NaN}\n'}, {}),
        ({"rows.jsonl": b'{"a":123456789012345678901}\n'}, {}),
        ({"rows.jsonl": b"[" * 200_000 + b"\n"}, {}),
        ({"rows.jsonl": b"0" * (2**24 + 2)}, {}),
        ({f"part_{chr(97 + n // 10)}{chr(97 + n % 10)}.jsonl": b"{}\n" for n in range(40)}, {}),
    ],
)
def test_a_hostile_bundle_is_refused(tmp_path: Path, files: dict[str, bytes], numbers: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        read_bundle(packed(tmp_path / "x", files, **numbers), "benchmark")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_files_beside_those_of_the_manifest_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x", {"rows.jsonl": b"{}\n"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.jsonl", "{}")
    with pytest.raises(BundleError, match="other files"):
        read_bundle(path, "benchmark")


def test_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds a job"):
        read_bundle(packed(tmp_path / "x", {}, kind="job"), "benchmark")


@given(noise=st.binary(max_size=200), cut=st.integers(0, 400))
def test_a_damaged_bundle_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int) -> None:
    path = packed(tmp_path_factory.mktemp("damaged") / "x", {"rows.jsonl": b'{"a":1}\n'})
    whole = path.read_bytes()
    damaged = whole[: cut % len(whole)] + noise
    path.write_bytes(damaged)
    try:
        assert list(read_bundle(path, "benchmark").rows("rows")) == [{"a": 1}]
    except BundleError:
        return
