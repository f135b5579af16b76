from __future__ import annotations

from cupola.models import Job
from cupola.store import jobs
from cupola.store.database import Database
from cupola_data.zava.photos import DIRECTORY

from .conftest import Shell

TRAIN = DIRECTORY / "train.jsonl"


def test_images_are_counted_by_the_models_formula(shell: Shell) -> None:
    (tiles,) = shell.json("images", "tokens", str(TRAIN))
    (patches,) = shell.json("images", "tokens", str(TRAIN), "--model", "gpt-4.1-nano")

    assert (tiles["images"], tiles["tokens_low"], tiles["tokens_high"]) == (64, 64 * 85, 64 * 85)
    # 96 x 96 pixels are nine patches.
    assert patches["tokens_high"] == 64 * 23
    assert shell.run("images", "tokens", str(TRAIN), "--model", "Qwen3-32B") != 0
    assert "No formula" in shell.err


def test_what_a_job_was_billed_tells_how_much_it_left_out(shell: Shell, store: Database) -> None:
    job = Job("ftjob-1", "gpt-4.1", "supervised", "succeeded", 1, hyperparameters={"n_epochs": 1}, trained_tokens=1_000)
    jobs.save(store, [job])

    assert shell.run("images", "skipped", str(TRAIN), "--job", "ftjob-1", "-o", "json") == 0
    assert '"not_trained_low": 0.' in shell.out
    assert "people, faces, children or CAPTCHAs" in shell.err
    assert shell.run("images", "skipped", str(TRAIN), "--job", "ftjob-9") != 0
