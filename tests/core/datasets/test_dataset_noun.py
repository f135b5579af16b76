"""`cupola dataset` from the command line's side: words in, data and an exit code out."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from cupola.cli.context import Context
from cupola.cli.nouns import dataset
from cupola.datasets.lines import DatasetError
from cupola.errors import UsageError
from cupola.paths import default_paths
from cupola.store.database import open_store
from cupola.store.provenance import origins


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-o", "--output", default="table")
    common.add_argument("-p", "--profile")
    common.add_argument("--query")
    return common


@pytest.fixture
def run(tmp_path):
    """Run a command; return its exit code, what it printed and what it said."""

    def run_(*words: str | Path) -> tuple[int, str, str]:
        context = Context(environment={"CUPOLA_HOME": str(tmp_path / "home")}, out=io.StringIO(), err=io.StringIO())
        parser = argparse.ArgumentParser(exit_on_error=False)
        dataset.add(parser, _common())
        options = parser.parse_args([str(word) for word in words])
        code = options.run(options, context)
        return code, context.out.getvalue(), context.err.getvalue()

    return run_


def _json(run, *words: str | Path) -> Sequence[dict]:
    return json.loads(run(*words, "-o", "json")[1])


def test_a_clean_file_gives_nought_and_a_broken_one_gives_one(run, write, rows):
    good = write((rows["chat"](n) for n in range(20)), "good.jsonl")
    bad = write([*(rows["chat"](n) for n in range(20)), b"{broken"], "bad.jsonl")
    assert run("check", good)[0] == 0
    code, out, said = run("check", bad)
    assert code == 1
    assert "Not valid JSON" in out and "21" in out
    assert "would be refused" in said


def test_warnings_count_only_if_asked(run, write, rows):
    path = write([*(rows["chat"](n) for n in range(20)), rows["chat"](3)])
    assert run("check", path)[0] == 0
    assert run("check", path, "--strict")[0] == 1


def test_the_report_as_json_holds_every_problem_with_its_place(run, write, rows):
    made = [rows["chat"](n) for n in range(20)]
    made[4]["messages"][1]["role"] = "human"
    (report,) = _json(run, "check", write(made), "--model", "gpt-4.1-mini")
    assert report["format"] == "chat" and report["rows"] == 20 and report["blocked"] is True
    assert report["tokens"] > 500 and report["tokens_exact"] is True
    (problem,) = report["problems"]
    assert problem["rule"]["id"] == "role.unknown" and problem["severity"] == "error"
    assert problem["examples"] == [{"rule": "role.unknown", "line": 5, "path": "messages[1].role", "excerpt": "human"}]


def test_a_grader_is_held_against_every_row(run, write, rows, tmp_path):
    grader = tmp_path / "grader.json"
    grader.write_text(
        json.dumps(
            {
                "type": "string_check",
                "name": "same",
                "operation": "eq",
                "input": "{{sample.output_text}}",
                "reference": "{{ item.answer }}",
            }
        )
    )
    path = write(rows["reinforcement"](n) for n in range(12))
    code, out, _ = run("check", path, "--grader", grader, "-o", "json")
    assert code == 1
    (problem,) = json.loads(out)[0]["problems"]
    assert (problem["rule"]["id"], problem["count"]) == ("rft.template", 12)


def test_twins_are_printed_pair_by_pair(run, write, rows):
    path = write([*(rows["chat"](n) for n in range(20)), rows["chat"](3)])
    code, out, _ = run("twins", path, "-o", "json")
    assert code == 1
    (twin,) = json.loads(out)
    assert (twin["kind"], twin["first"], twin["second"]) == ("row", f"{path}:4", f"{path}:21")


def test_new_files_are_made_and_their_origin_is_kept(run, write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(40))
    run("split", path, "--shares", "0.5,0.25,0.25", "--to", tmp_path / "part")
    counts = [
        len((tmp_path / f"part.{name}.jsonl").read_bytes().splitlines()) for name in ("train", "validation", "test")
    ]
    assert sum(counts) == 40
    run("sample", path, "-n", "5", "--to", tmp_path / "few.jsonl")
    run("convert", path, "--as", "evaluation", "--to", tmp_path / "eval.jsonl")
    run("merge", tmp_path / "few.jsonl", path, "--unique", "--to", tmp_path / "all.jsonl")
    code, out, _ = run("fix", path, "--to", tmp_path / "fixed.jsonl", "-o", "json")
    assert code == 0 and json.loads(out)[0]["rows"] == 40
    log = (tmp_path / "home" / "data" / "profiles" / "default" / "datasets.jsonl").read_text().splitlines()
    assert [json.loads(line)["action"] for line in log] == ["split"] * 3 + ["sample", "convert", "merge", "fix"]


def test_shape_and_cost_are_data(run, write, rows):
    path = write(rows["chat"](n) for n in range(40))
    (shape,) = _json(run, "shape", path, "--model", "gpt-4.1")
    assert shape["unit"] == "tokens" and shape["roles"] == {"system": 40, "user": 40, "assistant": 40}
    costs = _json(run, "cost", path, "--model", "gpt-4.1", "--epochs", "2")
    assert {cost["tier"] for cost in costs} == {"standard", "globalStandard", "developerTier"}
    assert all(cost["tokens"] == 2 * shape["total"] and cost["date"] == "2026-03-19" for cost in costs)


@pytest.mark.parametrize(
    "words",
    [
        ("split", "--shares", "0.8,0.3"),
        ("split", "--shares", "a,b"),
        ("convert", "--as", "poem", "--to", "x"),
        ("fix", "--only", "spelling", "--to", "x"),
        ("cost", "--model", "gpt-9"),
        ("check", "--format", "poem"),
        ("check", "--grader", "/nowhere.json"),
    ],
)
def test_words_that_mean_nothing_are_a_usage_error(run, write, rows, words):
    path = write(rows["chat"](n) for n in range(12))
    with pytest.raises(UsageError):
        run(words[0], path, *words[1:])


def test_a_file_that_is_not_there_is_told_in_plain_words(run, tmp_path):
    with pytest.raises(DatasetError, match="cannot be read"):
        run("check", tmp_path / "none.jsonl")


def test_a_row_is_shown_with_what_is_wrong_with_it(run, write, rows):
    broken = rows["chat"](1)
    broken["messages"][0]["role"] = "bot\x1b[31m"
    path = write([rows["chat"](0), broken])
    code, out, said = run("show", path, "--line", "2")
    assert code == 1
    assert "bot" in out and "\x1b" not in out + said
    assert "A role that the service does not know" in said
    assert run("show", path)[0] == 0


def test_a_shown_line_that_is_no_row_is_shown_as_it_stands(run, write, rows):
    path = write([rows["chat"](0), b"{broken"])
    code, out, said = run("show", path, "--line", "2")
    assert code == 1 and "{broken" in out and "Not valid JSON" in said
    with pytest.raises(UsageError, match="no line 3"):
        run("show", path, "--line", "3")


def test_a_grader_in_python_must_find_its_fields_in_every_row(run, write, rows, tmp_path):
    grader = tmp_path / "grader.json"
    source = "def grade(sample, item):\n    return float(item['no_such_field'] == sample['output_text'])"
    grader.write_text(json.dumps({"type": "python", "name": "mine", "source": source}))
    code, out, _ = run("check", write(rows["reinforcement"](n) for n in range(12)), "--grader", grader)
    assert code == 1 and "item.no_such_field" in out


def test_where_a_made_file_came_from_is_in_the_store(run, write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(20))
    made = _json(run, "sample", path, "-n", "5", "--to", tmp_path / "some.jsonl")
    sha256 = made[0]["sha256"]
    database = open_store(default_paths({"CUPOLA_HOME": str(tmp_path / "home")}).store("default"))
    origin = origins(database, sha256)[0]
    database.close()
    assert (origin.action, origin.rows, origin.inputs[0]["name"]) == ("sample", 5, path.name)
