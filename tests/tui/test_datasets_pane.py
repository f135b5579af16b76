"""The Datasets pane: files on disk and at the service in, lines on the screen, wishes and new files out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cupola.models import Job, Problem, ServiceFile, UploadState
from cupola.settings import Profile
from cupola.store import datasets, downloads, files, intents, jobs
from cupola.store.database import Database
from cupola.store.downloads import DownloadState
from cupola_tui.app import CupolaApp

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]
Opened = Callable[..., AbstractAsyncContextManager[Pilot[str]]]

NOW = 1_800_000_000.0
PROFILE = Profile("plain", endpoint="http://127.0.0.1:8080")
"""Not the demo: no samples stand on the list."""


def chat(question: str, answer: str = "Bring it to the desk, please.") -> dict[str, object]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


QUESTIONS = [f"How do I return article {number}, bought in week {number * 7}?" for number in range(20)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files: a good one, one with planted problems, one that holds rows of the first."""
    path = tmp_path / "rows"
    path.mkdir()
    write(path / "good_train.jsonl", [json.dumps(chat(question)) for question in QUESTIONS])
    bad = [json.dumps(chat(question)) for question in QUESTIONS]
    bad[4] = bad[4].replace('"user"', '"human"')
    bad[6] = '{"messages": ['
    bad[9] = json.dumps(chat("\x1b]0;owned\x07\x1b[2J [red]markup[/red] \u202egnp.exe"))
    write(path / "broken.jsonl", [*bad, bad[0]])
    write(path / "good_valid.jsonl", [json.dumps(chat(question)) for question in QUESTIONS[:12]])
    return path


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def opened(open_app: OpenApp, store: Database, folder: Path, see: See) -> Opened:
    """The pane with the folder's files, the cursor on the one that is named."""
    datasets.remember(store, str(folder), NOW)

    @asynccontextmanager
    async def open_(name: str = "good_train", size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[str]]:
        app = open_app(PROFILE)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.press("1")
            await see(pilot, f"rows/{name}")
            for _ in range(["broken", "good_train", "good_valid"].index(name)):
                await pilot.press("j")
            await see(pilot, f" {name}.jsonl ─")
            yield pilot

    return open_


async def test_an_empty_pane_says_what_it_is_for_and_the_key_that_fills_it(open_app: OpenApp, see: See) -> None:
    async with open_app(PROFILE).run_test(size=(120, 40)) as pilot:
        await pilot.press("1")
        await see(pilot, "No datasets known yet")
        await see(pilot, "adds a file or a folder")


async def test_the_demo_shows_the_samples_that_ship(open_app: OpenApp, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await pilot.press("1")
        await see(pilot, "cora/train.jsonl")
        await see(pilot, "countdown/train.jsonl")


async def test_a_good_file_would_be_accepted_and_a_broken_one_says_line_path_and_fix(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        await pilot.press("k")
        for words in ("would be refused", "Not valid JSON", "line 7", "messages[0].role", "human", "Use system"):
            await see(pilot, words)


async def test_opening_a_problem_goes_to_its_row(opened: Opened, see: See) -> None:
    async with opened("broken") as pilot:
        await see(pilot, "messages[0].role")
        await pilot.press("enter", "g", "j")
        await see(pilot, "where")
        await pilot.press("enter")
        await see(pilot, "This row cannot be read")
        await see(pilot, "line 7")


async def test_hostile_text_in_a_row_reaches_the_screen_as_symbols(
    opened: Opened, see: See, screen_text: ScreenText
) -> None:
    async with opened("broken") as pilot:
        await see(pilot, "would be refused")
        await pilot.press("enter", "]", "]", "number_sign")
        await pilot.press("1", "0", "enter")
        await see(pilot, "[red]markup[/red]")
        text = screen_text(pilot.app)  # type: ignore[arg-type]  # The pilot's app is Cupola's.
    assert "␛]0;owned␇␛[2J" in text
    assert "‹202E›gnp.exe" in text
    assert not set(text) & {"\x1b", "\x07", "\u202e"}


async def test_raw_json_nested_past_all_bounds_is_shown_as_it_is(opened: Opened, see: See, folder: Path) -> None:
    (folder / "broken.jsonl").write_text('{"messages": []}\n' + "[" * 50_000 + "]" * 50_000 + "\n")
    async with opened("broken") as pilot:
        await see(pilot, "Nested too deeply")
        await pilot.press("enter", "]", "]", "l")
        await see(pilot, "row 2 of 2")
        await pilot.press("v")
        await see(pilot, "broken.jsonl, row 2")
        await see(pilot, "[[[[[[[[")


async def test_a_search_goes_through_all_rows_and_round(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await pilot.press("enter", "]", "]")
        await see(pilot, "row 1 of 20")
        await pilot.press("slash", *"week 133", "enter")
        await see(pilot, "row 20 of 20")
        await pilot.press("slash", *["backspace"] * 8, *"week 7", "enter")
        await see(pilot, "row 2 of 20")
        await pilot.press("n")
        await see(pilot, "row 11 of 20")
        await pilot.press("N")
        await see(pilot, "row 2 of 20")
        await pilot.press("G", "h")
        await see(pilot, "row 19 of 20")


async def test_tokens_and_prices_have_their_tabs(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await pilot.press("]")
        await see(pilot, "tokens a row")
        await see(pilot, "assistant 20")
        await see(pilot, "answer en 20")
        await see(pilot, "every row has the same number of tokens")
        await pilot.press("[", "[")
        await see(pilot, "epochs")
        await see(pilot, "not published")
        await see(pilot, "gpt-4.1")


async def test_rows_that_leak_from_one_split_into_another_are_named(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await pilot.press("]", "]", "]")
        await see(pilot, "12 pairs across files")
        await see(pilot, "…_train:1")
        await see(pilot, "…_valid:1")


async def test_a_shape_that_does_not_fit_scrolls(opened: Opened, see: See) -> None:
    async with opened("good_train", (80, 24)) as pilot:
        await pilot.press("enter", "]")
        await see(pilot, "more lines")
        await pilot.press("G")
        await see(pilot, "█")
        await pilot.press("g")
        await see(pilot, "tokens a row")


async def test_a_pair_of_twins_is_told_in_full_and_opened(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await pilot.press("enter", "]", "]", "]")
        await see(pilot, "line 1 of good_valid.jsonl")
        await pilot.press("j")
        await see(pilot, "line 2 of good_train.jsonl")
        await pilot.press("enter")
        await see(pilot, "row 2 of 20")


async def test_a_made_file_says_what_it_was_made_from(opened: Opened, see: See) -> None:
    async with opened("good_train", (200, 60)) as pilot:
        await _split(pilot, see)
        await see(pilot, "rows/good_train.validation.jsonl")
        await pilot.press("j", "j")
        await see(pilot, "by split from good_train.jsonl")


async def test_a_model_brings_its_own_limits_and_tokens(opened: Opened, see: See) -> None:
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        await pilot.press("m")
        await see(pilot, "Model to be trained")
        await pilot.press(*"4.1-nano")
        await pilot.press("enter")
        await see(pilot, "for gpt-4.1-nano")
        await see(pilot, "tokens ·")


async def test_an_upload_shows_a_card_with_hash_and_clash_and_writes_one_wish(
    opened: Opened, see: See, store: Database, folder: Path
) -> None:
    files.save_files(store, [ServiceFile("file-other", "good_train.jsonl", "fine-tune", "processed", 9, 1)])
    sha256 = hashlib.sha256((folder / "good_train.jsonl").read_bytes()).hexdigest()
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        await pilot.press("x")
        await see(pilot, "Upload good_train.jsonl")
        await pilot.press("enter")
        await see(pilot, "cupola dataset upload")
        await see(pilot, sha256[:16])
        await see(pilot, "another content")
        assert intents.newest(store) == []
        await pilot.press("y")
        await see(pilot, "asked for")
    wish = intents.newest(store)[0]
    assert (wish.kind, wish.target) == ("file.upload", str(folder / "good_train.jsonl"))
    assert wish.arguments == {"sha256": sha256, "purpose": "fine-tune"}


async def test_an_upload_under_way_shows_its_progress_and_a_failed_one_why(
    opened: Opened, see: See, store: Database, folder: Path
) -> None:
    path = folder / "good_train.jsonl"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        upload = datasets.want_upload(store, str(path), path.name, sha256, 1_000, "fine-tune", NOW)
        await see(pilot, "waits for its turn")
        datasets.save_upload(store, replace(upload, state=UploadState.SENDING, sent=400))
        await see(pilot, "↑ 40%")
        problem = Problem("The service refused it.", remedy="Mend the rows.")
        datasets.save_upload(store, replace(upload, state=UploadState.FAILED, problem=problem))
        await see(pilot, "failed: The service refused it.")


async def test_the_same_content_on_disk_and_at_the_service_stands_on_one_line(
    opened: Opened, see: See, store: Database, folder: Path
) -> None:
    sha256 = hashlib.sha256((folder / "good_valid.jsonl").read_bytes()).hexdigest()
    files.save_files(store, [ServiceFile("file-1", "renamed.jsonl", "fine-tune", "processed", 9, 1)])
    datasets.save_content(store, "file-1", sha256)
    jobs.save(store, [Job("ftjob-9", "m", "supervised", "succeeded", 1, suffix="first-try", training_file="file-1")])
    async with opened("good_valid") as pilot:
        for words in ("both", "file-1", "renamed.jsonl", "first-try"):
            await see(pilot, words)
        await pilot.press("x")
        await see(pilot, "the service has this content already")
        await see(pilot, "Delete renamed.jsonl at the service")


async def test_deleting_at_the_service_shows_a_card_and_writes_one_wish(
    open_app: OpenApp, see: See, store: Database
) -> None:
    files.save_files(store, [ServiceFile("file-1", "old.jsonl", "fine-tune", "processed", 9, 1)])
    async with open_app(PROFILE).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("1")
        await see(pilot, "Only the service holds this file")
        await pilot.press("x")
        await see(pilot, "Delete old.jsonl")
        await pilot.press("down", "enter")
        await see(pilot, "cannot be brought back")
        assert intents.newest(store) == []
        await pilot.press("y")
        await see(pilot, "asked for")
    assert [(wish.kind, wish.target) for wish in intents.newest(store)] == [("file.delete", "file-1")]


async def test_a_download_asks_for_a_folder_shows_a_card_and_its_progress(
    open_app: OpenApp, see: See, store: Database, folder: Path
) -> None:
    files.save_files(store, [ServiceFile("file-1", "../old.jsonl", "fine-tune", "processed", 1_000, 1)])
    async with open_app(PROFILE).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("1")
        await see(pilot, "Only the service holds this file")
        await pilot.press("x", "enter")
        await see(pilot, "Folder for ../old.jsonl")
        await pilot.press("ctrl+u", *str(folder), "enter")
        await see(pilot, "cupola file download file-1 --to")
        assert intents.newest(store) == []
        await pilot.press("y")
        await see(pilot, "asked for")
        wish = intents.newest(store)[0]
        assert (wish.kind, wish.target, wish.arguments) == ("file.download", "file-1", {"folder": str(folder)})
        begun = downloads.want_download(store, "file-1", str(folder), "old.jsonl", 1_000, NOW)
        downloads.save_download(store, replace(begun, state=DownloadState.RECEIVING, received=250))
        await see(pilot, "↓ 25%")
        problem = Problem("The file is gone.")
        downloads.save_download(store, replace(begun, state=DownloadState.FAILED, problem=problem))
        await see(pilot, "failed: The file is gone.")
        downloads.save_download(store, replace(begun, state=DownloadState.DONE, path=str(folder / "old.jsonl")))
        await see(pilot, "fetched")


async def test_marked_files_of_one_format_are_merged_into_a_new_one(opened: Opened, see: See, folder: Path) -> None:
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        await pilot.press("space", "space", "x", *["down"] * 5)
        await see(pilot, "Merge 2 marked files")
        await pilot.press("enter")
        await see(pilot, "good_train.jsonl, good_valid.jsonl")
        await pilot.press("enter")
        await see(pilot, "Wrote good_train.merged.jsonl (20 rows)")
    train = (folder / "good_train.jsonl").read_bytes()
    assert (folder / "good_train.merged.jsonl").read_bytes() == train


async def test_a_fix_goes_into_a_new_file_and_shows_what_it_changed(opened: Opened, see: See, folder: Path) -> None:
    before = (folder / "broken.jsonl").read_bytes()
    async with opened("broken") as pilot:
        await see(pilot, "would be refused")
        await pilot.press("x")
        await see(pilot, "Fix broken.jsonl")
        await pilot.press("down", "down", "down", "down", "enter")
        await see(pilot, "broken.fixed.jsonl")
        await pilot.press("enter")
        await see(pilot, "+++ broken.fixed.jsonl")
        await see(pilot, "role_names")
        await pilot.press("escape")
        await see(pilot, "rows/broken.fixed")
    assert (folder / "broken.jsonl").read_bytes() == before
    assert b'"role": "human"' not in (folder / "broken.fixed.jsonl").read_bytes()


async def _split(pilot: Pilot[str], see: See) -> None:
    await see(pilot, "good_train.jsonl ─")
    await pilot.press("x")
    await see(pilot, "Split good_train.jsonl")
    await pilot.press("down", "enter")
    await see(pilot, "shares")
    await pilot.press("enter")


async def test_a_split_writes_every_row_once(opened: Opened, see: See, folder: Path) -> None:
    async with opened("good_train") as pilot:
        await _split(pilot, see)
        await see(pilot, "Wrote good_train.train.jsonl")
    parts = [(folder / f"good_train.{name}.jsonl").read_bytes().splitlines() for name in ("train", "validation")]
    assert sorted([*parts[0], *parts[1]]) == sorted((folder / "good_train.jsonl").read_bytes().splitlines())
    assert all(parts)


async def test_a_split_never_writes_over_a_file(opened: Opened, see: See, folder: Path) -> None:
    async with opened("good_train") as pilot:
        (folder / "good_train.train.jsonl").write_text("mine\n")
        await _split(pilot, see)
        # One word: the path before it is as long as the folder, so that the sentence may break anywhere.
        await see(pilot, "already")
    assert (folder / "good_train.train.jsonl").read_text() == "mine\n"


async def test_a_folder_is_added_by_its_path_with_completion(
    open_app: OpenApp, see: See, store: Database, folder: Path
) -> None:
    async with open_app(PROFILE).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("1")
        await see(pilot, "adds a file")
        await pilot.press("a")
        await see(pilot, "tab complete")
        await pilot.press("ctrl+u", *f"{folder.parent}/no-such")
        await pilot.press("enter")
        await see(pilot, "There is no such file")
        await pilot.press("ctrl+u", *f"{folder.parent}/ro")
        await see(pilot, "rows/")
        await pilot.press("tab")
        await see(pilot, "good_train.jsonl")
        await pilot.press("enter")
        await see(pilot, "rows/good_valid.jsonl")
    assert [path.rstrip("/") for path in datasets.sources(store)] == [str(folder)]


async def test_a_file_that_goes_away_is_told_and_keys_go_on(opened: Opened, see: See, folder: Path) -> None:
    async with opened("good_train") as pilot:
        await see(pilot, "would be accepted")
        (folder / "good_train.jsonl").unlink()
        await pilot.press("enter", "]", "]")
        await see(pilot, "cannot be read")
        await pilot.press("[", "[")
        await see(pilot, "would be accepted")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_every_tab_stands_in_every_size(opened: Opened, see: See, size: tuple[int, int]) -> None:
    async with opened("good_train", size) as pilot:
        for words in ("would be accepted", "tokens a row", "row 1 of 20", "pairs across", "epochs"):
            await see(pilot, words)
            await pilot.press("]")
