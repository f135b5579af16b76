"""Splits, samples, merges, conversions and fixes: new files only, nothing lost, nothing made up."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.check import check_file
from cupola.datasets.convert import Conversion, convert_file
from cupola.datasets.fix import diff, fix_file
from cupola.datasets.formats import Format
from cupola.datasets.lines import DatasetError
from cupola.datasets.split import Splitting, assign, merge_files, sample_file, split_file
from cupola.datasets.writing import Content, Provenance, fingerprint, record, records

NOW = 1_800_000_000.0


def _lines(path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_a_split_gives_each_row_to_one_file_and_is_the_same_for_the_same_seed(write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(100))
    made = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        targets = {part: tmp_path / f"{name}.{part}.jsonl" for part in ("train", "validation")}
        split_file(path, targets, Splitting({"train": 0.8, "validation": 0.2}, seed=seed, keep_twins=False), NOW)
        made[name] = [_lines(target) for target in targets.values()]
    assert made["a"] == made["b"] != made["c"]
    assert Counter(made["a"][0] + made["a"][1]) == Counter(_lines(path))
    assert [len(part) for part in made["a"]] == [80, 20]


def test_twins_stay_on_one_side_of_a_split(write, rows, tmp_path):
    made = []
    for number in range(60):
        words = np.random.default_rng(number).integers(10**6, 10**7, 12)
        text = "Please look up " + " and ".join(map(str, words))
        for ending in (".", ", please.", " now."):
            answer = {"role": "assistant", "content": f"They are {number}{ending}"}
            made.append({"messages": [{"role": "user", "content": text + ending}, answer]})
    targets = {part: tmp_path / f"{part}.jsonl" for part in ("train", "validation")}
    split_file(write(made), targets, Splitting({"train": 0.7, "validation": 0.3}, seed=5), NOW)
    sides = {
        part: {json.loads(line)["messages"][0]["content"].split(" and ")[0] for line in _lines(target)}
        for part, target in targets.items()
    }
    assert sides["train"] and sides["validation"]
    assert not sides["train"] & sides["validation"]


def test_a_field_groups_rows_and_another_spreads_them(write, rows, tmp_path):
    made = [rows["reinforcement"](n, user=f"u{n % 20}", level="hard" if n % 4 == 0 else "easy") for n in range(200)]
    how = {"train": 0.5, "validation": 0.5}
    targets = {part: tmp_path / f"g.{part}.jsonl" for part in how}
    split_file(write(made), targets, Splitting(how, keep_twins=False, group_by="user"), NOW)
    train, valid = ({json.loads(line)["user"] for line in _lines(target)} for target in targets.values())
    assert not train & valid and train | valid == {f"u{n}" for n in range(20)}
    targets = {part: tmp_path / f"s.{part}.jsonl" for part in how}
    split_file(write(made), targets, Splitting(how, keep_twins=False, stratify_by="level"), NOW)
    assert Counter(json.loads(line)["level"] for line in _lines(targets["train"])) == {"easy": 75, "hard": 25}


@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=60),
    share=st.floats(0.1, 0.9),
    seed=st.integers(0, 1000),
)
def test_groups_are_never_torn_and_shares_come_out_as_near_as_they_allow(sizes, share, seed):
    group = np.repeat(np.arange(len(sizes)), sizes)
    chosen = assign(group, np.zeros(len(group), np.int64), [share, 1 - share], seed)
    assert all(len(set(chosen[group == member].tolist())) == 1 for member in range(len(sizes)))
    assert abs(float((chosen == 0).sum()) - share * len(group)) <= max(sizes) + 1


def test_shares_that_do_not_sum_to_one_are_refused(write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(12))
    with pytest.raises(DatasetError, match="sum to 1"):
        split_file(path, {"train": tmp_path / "x"}, Splitting({"train": 0.8}), NOW)


def test_a_sample_keeps_the_order_and_more_than_there_is_is_refused(write, rows, tmp_path):
    path = write([*(rows["chat"](n) for n in range(50)), b""])
    made = sample_file(path, tmp_path / "s.jsonl", 20, 7, NOW)
    drawn, all_lines = _lines(tmp_path / "s.jsonl"), _lines(path)
    assert made.rows == len(drawn) == 20
    places = [all_lines.index(line) for line in drawn]
    assert places == sorted(places)
    with pytest.raises(DatasetError, match="51 rows cannot be drawn"):
        sample_file(path, tmp_path / "t.jsonl", 51, 7, NOW)
    assert not (tmp_path / "t.jsonl").exists()


def test_merging_keeps_formats_apart_and_leaves_out_repeats_if_asked(write, rows, tmp_path):
    one = write((rows["chat"](n) for n in range(10)), "one.jsonl")
    two = write((rows["chat"](n) for n in range(5, 15)), "two.jsonl")
    other = write((rows["preference"](n) for n in range(10)), "other.jsonl")
    assert merge_files([one, two], tmp_path / "all.jsonl", NOW).rows == 20
    assert merge_files([one, two], tmp_path / "unique.jsonl", NOW, unique=True).rows == 15
    with pytest.raises(DatasetError, match="different formats"):
        merge_files([one, other], tmp_path / "no.jsonl", NOW)


def test_nothing_is_written_over_and_a_failure_leaves_nothing_behind(write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(10))
    before = path.read_bytes()
    with pytest.raises(DatasetError, match="exists already"):
        fix_file(path, path, NOW)
    broken = write([rows["chat"](1), b"{oops"], "broken.jsonl")
    with pytest.raises(DatasetError, match="Line 2 cannot be read"):
        convert_file(broken, tmp_path / "new.jsonl", Conversion(Format.EVALUATION), NOW)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken.jsonl", "data.jsonl"]


def test_the_safe_fixes_change_form_only_and_say_what_they_did(tmp_path):
    row = '{"messages": [{"role": "%s", "content": "Say \\"role\\": \\"Human\\""}, {"role": "%s", "content": "1.50"}]}'
    path, target = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    lines = [row % ("Human", "gpt"), "", row % ("user", "assistant"), row % ("Human", "gpt"), "{broken"]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    fixed = fix_file(path, target, NOW)
    assert target.read_text() == row % ("user", "assistant") + "\n" + row % ("user", "assistant") + "\n{broken\n"
    assert fixed.counts == {
        "bom": 1,
        "crlf": 4,
        "blank_lines": 1,
        "final_newline": 1,
        "duplicates": 1,
        "role_names": 1,
    }
    shown = list(diff(fixed, "old.jsonl", "new.jsonl"))
    assert "@@ line 4: duplicates @@" in shown and "@@ line 1: role_names @@" in shown
    again = fix_file(target, tmp_path / "again.jsonl", NOW)
    assert again.counts["role_names"] == again.counts["bom"] == 0


def test_a_fix_that_is_not_asked_for_is_not_made(tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 1}\r\n')
    fix_file(path, tmp_path / "new.jsonl", NOW, ("blank_lines",))
    assert (tmp_path / "new.jsonl").read_bytes() == b'\xef\xbb\xbf{"a": 1}\r\n{"a": 1}\r\n'


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=12))
def test_fixing_keeps_every_line_that_says_something_new(tmp_path_factory, lines: list[bytes]):
    folder = tmp_path_factory.mktemp("fix")
    (folder / "old").write_bytes(b"\n".join(lines))
    fix_file(folder / "old", folder / "new", NOW)
    read = [line.removeprefix(b"\xef\xbb\xbf") if not index else line for index, line in enumerate(lines)]
    kept = list({line.strip(): line for line in reversed(read) if line.strip()})
    assert {line.strip() for line in (folder / "new").read_bytes().split(b"\n") if line.strip()} == set(kept)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", 'question,answer,topic\r\n"What, then?","Yes\nindeed",x\r\nWho?,Me,y\r\n'),
        ("t.tsv", 'Question\tAnswer\ttopic\nWhat, then?\t"Yes\nindeed"\tx\nWho?\tMe\ty\n'),
        (
            "t.json",
            '[{"question": "What, then?", "answer": "Yes\\nindeed", "topic": "x"},'
            ' {"question": "Who?", "answer": "Me", "topic": "y"}]',
        ),
        (
            "t.txt",
            '\ufeff{"prompt": "What, then?", "completion": "Yes\\nindeed", "topic": "x"}\n'
            '{"prompt": "Who?", "completion": "Me", "topic": "y"}\n',
        ),
    ],
)
def test_tables_of_every_kind_become_the_same_rows(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content.encode())
    conversions = {
        "chat": Conversion(Format.CHAT, system="Be brief."),
        "rft": Conversion(Format.REINFORCEMENT),
        "eval": Conversion(Format.EVALUATION),
    }
    for kind, conversion in conversions.items():
        convert_file(path, tmp_path / f"{kind}.jsonl", conversion, NOW)
    chat, rft, evaluation = (json.loads(_lines(tmp_path / f"{kind}.jsonl")[0]) for kind in conversions)
    asked = {"role": "user", "content": "What, then?"}
    assert chat["messages"] == [
        {"role": "system", "content": "Be brief."},
        asked,
        {"role": "assistant", "content": "Yes\nindeed"},
    ]
    assert rft == {"messages": [asked], "reference": "Yes\nindeed", "topic": "x"}
    assert evaluation == {"item": {"question": "What, then?", "answer": "Yes\nindeed", "topic": "x"}}


def test_chat_rows_survive_the_way_to_reinforcement_and_back(write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(12))
    convert_file(path, tmp_path / "rft.jsonl", Conversion(Format.REINFORCEMENT), NOW)
    assert check_file(tmp_path / "rft.jsonl").format is Format.REINFORCEMENT
    convert_file(tmp_path / "rft.jsonl", tmp_path / "back.jsonl", Conversion(Format.CHAT), NOW)
    assert [json.loads(line) for line in _lines(tmp_path / "back.jsonl")] == [rows["chat"](n) for n in range(12)]


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="Parquet can be read here")
def test_parquet_without_its_reader_is_refused_in_plain_words(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1rest")
    with pytest.raises(DatasetError, match="pyarrow is not installed"):
        convert_file(path, tmp_path / "t.jsonl", Conversion(Format.CHAT), NOW)


def test_provenance_survives_the_way_to_disk_and_back(write, rows, tmp_path):
    path = write(rows["chat"](n) for n in range(12))
    made = sample_file(path, tmp_path / "s.jsonl", 5, 1, NOW)
    assert made.output == fingerprint(tmp_path / "s.jsonl")
    assert made.inputs == (fingerprint(path),)
    log = tmp_path / "store" / "datasets.jsonl"
    record(made, log)
    with log.open("a") as file:
        file.write("damaged\n")
    record(made, log)
    assert records(log) == [made, made]
    assert isinstance(records(log)[0], Provenance) and isinstance(records(log)[0].output, Content)
