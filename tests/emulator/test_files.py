"""Files: upload, states over time, lists, contents, refusals."""

from __future__ import annotations

import pytest
from openai import BadRequestError, NotFoundError, RateLimitError


async def test_an_upload_is_pending_then_running_then_processed(start, clock):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(file=("a.jsonl", b'{"a": 1}\n'), purpose="evals")
        seen = [file.status]
        for _ in range(3):
            clock.seconds += 0.6
            seen.append((await emulator.azure.files.retrieve(file.id)).status)
    assert seen == ["pending", "running", "running", "processed"]
    assert (file.bytes, file.created_at, file.filename, file.purpose) == (9, 1_750_000_000, "a.jsonl", "evals")
    assert file.id.startswith("file-")
    assert len(file.id) == len("file-") + 32


async def test_an_empty_file_ends_in_error(start, clock):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(file=("a.jsonl", b""), purpose="fine-tune")
        clock.seconds += 10
        file = await emulator.azure.files.retrieve(file.id)
    assert file.status == "error"
    assert file.status_details == "The file is empty."


async def test_a_large_upload_comes_back_byte_for_byte(emulator):
    content = bytes(range(256)) * 20_000
    file = await emulator.v1.files.create(file=("big.jsonl", content), purpose="batch")
    assert file.bytes == len(content)
    assert (await emulator.v1.files.content(file.id)).content == content


async def test_created_is_201_on_dated_routes_and_200_on_v1(emulator):
    azure = await emulator.azure.files.with_raw_response.create(file=("a.jsonl", b"{}"), purpose="evals")
    v1 = await emulator.v1.files.with_raw_response.create(file=("a.jsonl", b"{}"), purpose="evals")
    assert (azure.status_code, v1.status_code) == (201, 200)
    assert azure.headers["location"].endswith(f"/openai/files/{azure.parse().id}")


@pytest.mark.parametrize(
    ("name", "purpose", "message"),
    [
        ("a.txt", "fine-tune", "fileName contains an invalid filename: wrong suffix."),
        ("a.jsonl", "fine-tune-results", "Invalid value for purpose."),
        ("a.jsonl", "homework", "Invalid value for purpose."),
    ],
)
async def test_a_wrong_name_or_purpose_is_refused_in_the_services_words(emulator, name, purpose, message):
    with pytest.raises(BadRequestError) as caught:
        await emulator.azure.files.create(file=(name, b"{}"), purpose=purpose)
    assert caught.value.code == "invalidPayload"
    assert caught.value.body["message"] == message


async def test_a_name_with_a_path_leaves_the_state_directory_alone(emulator, tmp_path):
    before = {path for path in tmp_path.rglob("*") if "files" not in path.parts}
    file = await emulator.azure.files.create(file=("../../../evil.jsonl", b"{}"), purpose="evals")
    assert file.filename == "evil.jsonl"
    assert {path for path in tmp_path.rglob("*") if "files" not in path.parts} == before
    assert not list(tmp_path.rglob("evil*"))


async def test_the_list_is_paged_newest_first_and_filtered_by_purpose(emulator):
    ids = [
        (await emulator.azure.files.create(file=(f"{number}.jsonl", b"{}"), purpose=purpose)).id
        for number, purpose in enumerate(["evals", "batch", "evals", "evals"])
    ]
    first = await emulator.azure.files.list(limit=3)
    assert [file.id for file in first.data] == ids[:0:-1]
    assert first.has_more is True
    assert [file.id async for file in emulator.azure.files.list(limit=2)] == ids[::-1]
    assert [file.id async for file in emulator.azure.files.list(purpose="evals", order="asc")] == [ids[0], *ids[2:]]


async def test_a_page_after_an_unknown_id_or_with_a_bad_limit_is_refused(emulator):
    for query in ({"after": "file-nowhere"}, {"limit": 0}, {"limit": 10_001}, {"extra_query": {"limit": "many"}}):
        with pytest.raises(BadRequestError):
            await emulator.azure.files.list(**query)


async def test_a_deleted_file_is_gone(emulator):
    file = await emulator.azure.files.create(file=("a.jsonl", b"{}"), purpose="evals")
    deleted = await emulator.azure.files.delete(file.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (file.id, "file", True)
    for call in (emulator.azure.files.retrieve, emulator.azure.files.content, emulator.azure.files.delete):
        with pytest.raises(NotFoundError) as caught:
            await call(file.id)
        assert caught.value.code == "notFound"


async def test_an_expiring_file_is_gone_after_its_time(start, clock):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(
            file=("a.jsonl", b"{}"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 1_209_600}
        )
        assert file.expires_at == file.created_at + 1_209_600
        content = emulator.service.resource.folders.file(file.id)
        assert content.exists()
        clock.seconds += 1_209_601
        assert [kept.id async for kept in emulator.azure.files.list()] == []
        await emulator.azure.files.create(file=("b.jsonl", b"{}"), purpose="batch")
        assert not content.exists()


async def test_an_expiry_outside_the_dialects_range_is_refused(start):
    async with start() as emulator:
        with pytest.raises(BadRequestError):
            await emulator.azure.files.create(
                file=("a.jsonl", b"{}"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
            )


async def test_the_hundred_and_first_training_file_is_refused(emulator):
    for number in range(100):
        await emulator.azure.files.create(file=(f"{number}.jsonl", b"{}"), purpose="fine-tune")
    with pytest.raises(RateLimitError) as caught:
        await emulator.azure.files.create(file=("x.jsonl", b"{}"), purpose="fine-tune")
    assert caught.value.code == "quotaExceeded"


async def test_a_body_that_is_not_multipart_is_refused(emulator):
    answer = await emulator.http.post("/openai/v1/files", json={"purpose": "evals"}, headers={"api-key": emulator.key})
    assert answer.status_code == 400
