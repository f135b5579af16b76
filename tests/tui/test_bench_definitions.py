"""Benchmarks defined, copied and edited from the screen; what cannot be run is told before it is stored."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from cupola.benchmarks.definition import Arm, Benchmark, GraderUse, from_json
from cupola.benchmarks.files import Defined, read_benchmark
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.noise import with_second_run
from cupola.benchmarks.start import define, want_run
from cupola.errors import CupolaError, UsageError
from cupola.settings import Profile
from cupola.store import benchmarks
from cupola.store.benchmarks import RunState
from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp
from cupola_tui.benchmark_facts import BenchmarkFacts
from cupola_tui.panes.benchmarks.draft import (
    ArmChoice,
    Draft,
    GraderChoice,
    defined,
    draft_of,
    settings_of,
    with_pass_mark,
    with_settings,
    write_toml,
)
from cupola_tui.panes.benchmarks.editing import editor_command, file_stem
from cupola_tui.panes.benchmarks.known_parts import arm_choices, grader_choices
from cupola_tui.screens.bench_form import BenchmarkForm
from cupola_tui.widgets.table import Table

See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]

NOW = 1_800_000_000.0

EXACT = GraderUse(
    {
        "type": "string_check",
        "name": "exact",
        "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
        "operation": "eq",
    }
)


def _small(name: str = "small", **changes: object) -> Defined:
    rows = tuple(
        json.dumps({"answer": f"yes {n}", "question": f"Question {n}?"}, separators=(",", ":")) for n in range(6)
    )
    prompt = ({"role": "system", "content": "Be brief.\nBe kind."}, {"role": "user", "content": "{{item.question}}"})
    arms = (Arm("strong", "strong", "gpt-4.1", sampling={"temperature": 0.5}), Arm("weak", "weak", "gpt-4.1-nano"))
    benchmark = Benchmark(name, prompt, "", arms, (EXACT,), split_hash(rows), "items.jsonl")
    return Defined(replace(benchmark, **changes), rows)  # type: ignore[arg-type]  # Each test names fields of its own.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the person stands."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "bench.sqlite3")
    yield database
    database.close()


@pytest.fixture
def open_bench(database: Database, tmp_path: Path) -> Iterator[Callable[[], CupolaApp]]:
    """Makes apps over the store."""
    opened: list[Database] = []

    def make() -> CupolaApp:
        opened.append(open_store(tmp_path / "bench.sqlite3"))
        return CupolaApp(Profile("demo", endpoint="http://127.0.0.1:8080"), opened[-1], clock=lambda: NOW)

    yield make
    for one in opened:
        one.close()


def _write_dataset(folder: Path) -> None:
    rows = [{"question": f"What is {n}?", "answer": str(n)} for n in range(4)]
    (folder / "data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _field(pilot: Pilot[str], name: str) -> Input:
    return next(one for one in pilot.app.screen.query(Input) if one.name == name)


async def _type(pilot: Pilot[str], **texts: str) -> None:
    for name, text in texts.items():
        _field(pilot, name).value = text
    await pilot.pause()


async def _pick(pilot: Pilot[str], *names: str) -> None:
    """Pick arms or graders with the keys."""
    form = pilot.app.screen
    assert isinstance(form, BenchmarkForm)
    table = form.query_one("#parts", Table)
    table.focus()
    for name in names:
        at = next(n for n, key in enumerate(_keys(form)) if _named(form, key) == name)
        table.move_to(at)
        await pilot.press("space")


def _keys(form: BenchmarkForm) -> list[tuple[str, int]]:
    return [("arm", n) for n in range(len(form._arms))] + [("grader", n) for n in range(len(form._graders))]


def _named(form: BenchmarkForm, key: tuple[str, int]) -> str:
    return form._arms[key[1]].arm.name if key[0] == "arm" else form._graders[key[1]].use.name


async def test_a_benchmark_is_defined_in_the_form_and_stands_in_a_file_and_in_the_store(
    open_bench: Callable[[], CupolaApp], see: See, folder: Path, database: Database
) -> None:
    _write_dataset(folder)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "No benchmark yet")
        await pilot.press("a")
        await see(pilot, "Define a benchmark")
        await _type(pilot, name="mine", budget="2.5", file="mine.toml", engine="evals")
        await pilot.press("ctrl+o")
        await see(pilot, "a JSON Lines file")
        await pilot.press(*"da", "tab", "enter")
        await see(pilot, f"{folder.name}/data.jsonl")
        await _pick(pilot, "gpt-4.1-mini", "gpt-4.1-nano", "exact")
        await pilot.press("ctrl+s")
        await see(pilot, "Not run yet as it is defined now")
        await see(pilot, "4 prompts can show")
    found = read_benchmark(folder / "mine.toml")
    stored = benchmarks.get_benchmark(database, "mine")
    assert stored is not None
    known = from_json(stored.definition)
    assert known.digest == found.benchmark.digest
    assert [arm.deployment for arm in known.arms] == ["gpt-4.1-nano", "gpt-4.1-mini"], "as they are listed"
    assert (known.budget, known.engine, len(found.rows)) == (2.5, "evals", 4)
    assert benchmarks.runs(database) == [], "defining asks nobody"


async def test_the_form_stays_open_with_what_is_wrong_and_stores_nothing(
    open_bench: Callable[[], CupolaApp], see: See, folder: Path, database: Database
) -> None:
    _write_dataset(folder)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "No benchmark yet")
        await pilot.press("a")
        await see(pilot, "Define a benchmark")
        for typed, told in (
            ({"name": "mine"}, "It has no items"),
            ({"dataset": "nowhere.jsonl"}, "nowhere.jsonl"),
            ({"dataset": "data.jsonl"}, "mine has no arm"),
            ({"margin": "wide"}, "'wide' is not a number"),
            ({"margin": "0.05", "engine": "there"}, "no engine 'there'"),
        ):
            await _type(pilot, **typed)
            await pilot.press("ctrl+s")
            await see(pilot, told)
        await _type(pilot, engine="here", ask="{{item.nothing}}")
        await _pick(pilot, "o3", "exact")
        await pilot.press("ctrl+s")
        await see(pilot, "nothing")
        await pilot.press("escape")
        await see(pilot, "No benchmark yet")
    assert not (folder / "bench.toml").exists()
    assert benchmarks.all_benchmarks(database) == []


async def test_settings_of_an_arm_and_a_grader_are_asked_and_taken(
    open_bench: Callable[[], CupolaApp], see: See, folder: Path, database: Database
) -> None:
    define(database, _small(), NOW)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "Not run yet")
        await pilot.press(":", *"bench copy", "enter")
        await see(pilot, "A copy of small")
        assert "Be brief" in _field(pilot, "system").value
        pilot.app.screen.query_one("#parts", Table).focus()
        await pilot.press("enter")
        await see(pilot, "take it")
        await _type(pilot, effort="high", temperature="", tokens="300", repeats="3")
        await pilot.press("enter")
        await see(pilot, "effort high ≤300 tokens x3")
        await _type(pilot, file="other.toml", name="other")
        await pilot.press("ctrl+s")
        await see(pilot, "other 1/2")
    known = from_json(benchmarks.all_benchmarks(database)[0].definition)
    assert known.arms[0].sampling == {"reasoning_effort": "high", "max_completion_tokens": 300}
    assert known.arms[0].repeats == 3 and known.arms[1] == _small().benchmark.arms[1]
    assert known.prompt == _small().benchmark.prompt, "line ends come through the form"
    assert read_benchmark(folder / "other.toml").benchmark.digest == known.digest


async def test_a_file_that_is_there_is_never_written_over(
    open_bench: Callable[[], CupolaApp], see: See, folder: Path, database: Database
) -> None:
    define(database, _small(), NOW)
    (folder / "small.toml").write_text("mine")
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "Not run yet")
        await pilot.press(":", *"bench copy", "enter")
        await see(pilot, "A copy of small")
        await pilot.press("ctrl+s")
        await see(pilot, "is there already")
    assert (folder / "small.toml").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["small.toml"]


def _editor(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = folder / "an editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{path}'")


async def test_the_definition_goes_through_the_editor_and_earlier_runs_stay(
    open_bench: Callable[[], CupolaApp],
    see: See,
    folder: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(database, _small(), NOW - 9)
    run = want_run(database, _small().benchmark, NOW - 9)
    benchmarks.set_state(database, run.id, RunState.CANCELLED, NOW - 8)
    _editor(folder, monkeypatch, "sed -i 's/^margin.*/margin = 0.2/; s/^temperature.*/temperature = 0.9/' \"$1\"")
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "cancelled")
        await pilot.press("e")
        await see(pilot, "1 earlier run asked or judged otherwise")
        await pilot.press("R")
        await see(pilot, "Runs of small")
        await pilot.press("enter")
        await see(pilot, "cancelled")
    stored = benchmarks.get_benchmark(database, "small")
    assert stored is not None
    known = from_json(stored.definition)
    assert known.margin == 0.2
    assert known.split == _small().benchmark.split, "the items are the same"
    assert known.digest != run.digest
    assert [one.id for one in benchmarks.runs(database, "small")] == [run.id]


async def test_what_the_editor_leaves_behind_is_told_and_kept_until_it_is_mended(
    open_bench: Callable[[], CupolaApp],
    see: See,
    folder: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(database, _small(), NOW)
    before = benchmarks.get_benchmark(database, "small")
    _editor(folder, monkeypatch, "echo 'margin = [[red]' >> \"$1\"")
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "Not run yet")
        await pilot.press("e")
        await see(pilot, "is not valid TOML")
        assert benchmarks.get_benchmark(database, "small") == before
        _editor(folder, monkeypatch, "sed -i '/red/d; s/^margin.*/margin = 0.3/' \"$1\"")
        await pilot.press("e")
        await see(pilot, "small is defined anew")
    stored = benchmarks.get_benchmark(database, "small")
    assert stored is not None and from_json(stored.definition).margin == 0.3


async def test_an_arm_added_for_the_noise_floor_is_no_part_of_the_definition_that_is_edited(
    open_bench: Callable[[], CupolaApp],
    see: See,
    folder: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(database, _small(), NOW)
    run = want_run(database, with_second_run(_small().benchmark, "strong"), NOW)
    benchmarks.set_state(database, run.id, RunState.CANCELLED, NOW)
    _editor(folder, monkeypatch, f"cp \"$1\" '{folder}/seen.toml'")
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "cancelled")
        await pilot.press("e")
        await see(pilot, "Nothing was changed")
    assert "strong" in (text := (folder / "seen.toml").read_text()) and "(again)" not in text


async def test_an_editor_that_is_not_there_is_told(
    open_bench: Callable[[], CupolaApp],
    see: See,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(database, _small(), NOW)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "Not run yet")
        monkeypatch.setenv("VISUAL", "/no/such/editor --wait")
        await pilot.press("e")
        await see(pilot, "cannot be started")


async def test_hostile_names_are_shown_as_what_they_are(
    open_bench: Callable[[], CupolaApp], see: See, screen_text: ScreenText, database: Database, folder: Path
) -> None:
    arms = (Arm("[red]\x1b[31mbold[/]", "x\u202ey", "gpt-4.1"), Arm("$(rm -rf ~)", "w", "gpt-4.1"))
    define(database, _small("[b]../../etc[/b]", arms=arms, dataset="\x1b]0;owned\x07.jsonl"), NOW)
    app = open_bench()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "[b]../../etc[/b]")
        await pilot.press(":", *"bench copy", "enter")
        await see(pilot, "[red]␛[31mbold[/]")
        text = screen_text(app)
        assert "‹202E›" in text and "\x1b" not in text and "\u202e" not in text
        assert "$(rm -rf ~)" in text
        await pilot.press("ctrl+s")
        await see(pilot, "Not run yet")
    (written,) = folder.glob("*.toml")
    assert written.parent == folder and "/" not in written.name
    assert read_benchmark(written).benchmark.arms == arms


def test_a_draft_of_a_benchmark_defines_the_same_benchmark(folder: Path) -> None:
    small = _small()
    found = defined(draft_of(small.benchmark, small.rows, "x.toml"), folder)
    assert found.benchmark.digest == small.benchmark.digest
    assert found.benchmark.dataset == "items.jsonl"


def test_a_prompt_that_the_form_cannot_show_stays_as_it_is(folder: Path) -> None:
    prompt = (
        {"role": "user", "content": "{{item.question}}"},
        {"role": "assistant", "content": "Once more?"},
        {"role": "user", "content": "Yes."},
    )
    small = _small(prompt=prompt)
    draft = draft_of(small.benchmark, small.rows, "x.toml")
    assert draft.texts["ask"] == draft.texts["system"] == ""
    assert defined(draft, folder).benchmark.prompt == prompt


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="{}\r"), min_size=1, max_size=60))
def test_any_prompt_comes_through_the_form(text: str) -> None:
    small = _small(
        prompt=({"role": "system", "content": f"A {text} Z"}, {"role": "user", "content": "{{item.question}}"})
    )
    found = defined(draft_of(small.benchmark, small.rows, "x.toml"), Path())
    assert found.benchmark.prompt == small.benchmark.prompt


def test_items_that_were_drawn_are_written_beside_the_definition(folder: Path) -> None:
    _write_dataset(folder)
    small = _small()
    texts = {**draft_of(small.benchmark, (), "drawn.toml").texts, "dataset": "data.jsonl", "items": "2"}
    draft = Draft(texts, (ArmChoice(small.benchmark.arms[0], chosen=True),), (GraderChoice(EXACT, chosen=True),))
    found = defined(draft, folder)
    assert len(found.rows) == 2
    path = write_toml(found, draft, folder)
    assert read_benchmark(path).benchmark.digest == found.benchmark.digest
    with pytest.raises(UsageError, match="is there already"):
        write_toml(found, draft, folder)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"effort": "enormous"}, "no effort"),
        ({"temperature": "warm"}, "not a number"),
        ({"tokens": "-5"}, "not a whole number"),
        ({"repeats": "0"}, "not a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(said: dict[str, str], told: str) -> None:
    arm = _small().benchmark.arms[0]
    with pytest.raises(CupolaError, match=told):
        with_settings(arm, {**settings_of(arm), **said})


def test_settings_that_nobody_touched_stay(folder: Path) -> None:
    arm = Arm("a", "d", "m", sampling={"temperature": 0.2, "top_p": 0.9, "seed": 3, "max_tokens": 50}, repeats=2)
    assert with_settings(arm, settings_of(arm)) == arm


def test_a_graders_threshold_and_judge_can_be_set() -> None:
    judge = GraderUse(
        {
            "type": "score_model",
            "name": "kind",
            "model": "judge",
            "range": [0.0, 5.0],
            "pass_threshold": 3.0,
            "input": [{"role": "user", "content": "{{sample.output_text}}"}],
        }
    )
    found = with_pass_mark(judge, {"threshold": "4", "judge": "gpt-5"})
    assert (found.threshold, found.judges) == (4.0, ("gpt-5",))
    assert found.hash != judge.hash


def test_deployments_and_graders_that_are_known_can_be_picked(database: Database) -> None:
    define(database, _small(), NOW)
    arms = {choice.arm.deployment: choice.known_from for choice in arm_choices(database)}
    assert arms["strong"] == "asked by small" and "if deployed" in arms["o3"]
    names = [choice.use.name for choice in grader_choices(database)]
    assert names[0] == "exact" and {"contains", "similar", "helpful", "polite"} <= set(names)


def test_a_definition_newer_than_its_runs_is_shown_without_them(database: Database) -> None:
    small = _small()
    define(database, small, NOW)
    run = want_run(database, small.benchmark, NOW)
    benchmarks.set_state(database, run.id, RunState.DONE, NOW)
    changed = replace(small.benchmark, arms=small.benchmark.arms[:1])
    define(database, Defined(changed, small.rows), NOW + 5)
    (known,) = BenchmarkFacts(database).known()
    assert known.run is None and known.shown == changed and [one.id for one in known.runs] == [run.id]
    define(database, small, NOW + 9)
    (known,) = BenchmarkFacts(database).known()
    assert known.run is not None and known.run.id == run.id


def test_the_editors_words_come_from_the_environment() -> None:
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor_command({"VISUAL": "", "EDITOR": "'my editor' -n"}) == ["my editor", "-n"]
    for said in ({}, {"EDITOR": "'"}, {"EDITOR": " "}):
        with pytest.raises(UsageError):
            editor_command(said)


@given(st.text(max_size=80))
def test_a_files_name_never_leaves_its_folder(name: str) -> None:
    stem = file_stem(name)
    assert stem and os.sep not in stem and not stem.startswith(".") and "\x00" not in stem
