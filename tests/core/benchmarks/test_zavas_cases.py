from __future__ import annotations

from pathlib import Path

import pytest

from cupola.benchmarks.files import read_benchmark
from cupola.benchmarks.items import items_of
from cupola.training.job_spec import checked, read_spec
from cupola_data.zava import photos, tone


@pytest.mark.parametrize(("directory", "items"), [(tone.DIRECTORY, 252), (photos.DIRECTORY, 32)])
def test_the_cases_that_ship_can_be_benchmarked(directory: Path, items: int) -> None:
    found = read_benchmark(directory / "bench.toml")

    assert len(found.rows) == items
    judges = {judge for use in found.benchmark.graders for judge in use.judges}
    assert not judges & {arm.deployment for arm in found.benchmark.arms}, "a judge must not judge itself"


def test_a_photo_reaches_the_model_as_an_image_and_its_answer_does_not() -> None:
    found = read_benchmark(photos.DIRECTORY / "bench.toml")

    for item in items_of(found.benchmark, found.rows):
        assert [message["role"] for message in item.messages] == ["system", "user"]
        text, image = item.messages[-1]["content"]
        assert text["type"] == "text"
        assert image["image_url"]["url"].startswith("data:image/png;base64,")
        assert item.fields["facts"][0] in item.fields["reference"]


def test_the_job_that_learns_the_tone_is_ready_to_submit() -> None:
    spec = checked(read_spec(tone.DIRECTORY / "job.yaml"))

    assert (spec.method, spec.hyperparameters["beta"]) == ("dpo", 0.1)
