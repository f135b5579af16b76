"""Large files in parts."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import BadRequestError, NotFoundError
from openai.types import Upload
from openai.types.uploads import UploadPart

from .strict import check_strictly

CONTENT = b"\n".join(json.dumps({"messages": [], "n": n}).encode() for n in range(40))


SIZE = len(CONTENT)


async def begin(client, size=SIZE, **changes):
    wanted = {"purpose": "fine-tune", "filename": "big.jsonl", "bytes": size, "mime_type": "application/jsonl"}
    return await client.uploads.create(**{**wanted, **changes})


async def put(client, upload, data):
    return await client.uploads.parts.create(upload.id, data=data)


def cut(content, size):
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.fixture(params=["azure", "v1"])
def client(emulator, request):
    return emulator.azure if request.param == "azure" else emulator.v1


async def test_parts_that_come_in_any_order_become_one_file(client, emulator):
    upload = await begin(client)
    pieces = cut(CONTENT, 300)
    parts = await asyncio.gather(*(put(client, upload, piece) for piece in reversed(pieces)))
    ids = [part.id for part in reversed(parts)]
    done = await client.uploads.complete(upload.id, part_ids=ids, md5=hashlib.md5(CONTENT).hexdigest())
    assert (done.status, done.bytes, done.file.bytes) == ("completed", len(CONTENT), len(CONTENT))
    assert (await client.files.content(done.file.id)).content == CONTENT
    assert list((emulator.service.resource.folders.root / "parts").iterdir()) == []


async def test_raw_answers_are_what_the_sdk_declares(emulator):
    raw = emulator.azure.uploads.with_raw_response
    made = await raw.create(purpose="batch", filename="b.jsonl", bytes=2, mime_type="application/jsonl")
    body = made.http_response.json()
    check_strictly(Upload, body)
    assert body["id"].startswith("batch-")
    assert body["expires_at"] - body["created_at"] == 7200
    part = (await emulator.azure.uploads.parts.with_raw_response.create(body["id"], data=b"{}")).http_response.json()
    check_strictly(UploadPart, part)
    done = (await raw.complete(body["id"], part_ids=[part["id"]])).http_response.json()
    # Azure's own states of a file that is being taken in are unknown to the SDK's type.
    assert done["file"]["status"] in ("pending", "running", "processed")
    check_strictly(Upload, {**done, "file": {**done["file"], "status": "uploaded"}})
    assert done["file"]["purpose"] == "batch"


async def test_the_openai_dialect_names_uploads_its_own_way(start):
    async with start(dialect="openai") as emulator:
        upload = await begin(emulator.v1)
        assert upload.id.startswith("upload-")
        assert upload.expires_at - upload.created_at == 3600


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0], "bytes together"),
        ([0, 1, 1], "only once"),
        ([1, 0], "md5"),
    ],
)
async def test_a_completion_that_does_not_fit_is_refused_and_may_be_tried_again(client, order, message):
    upload = await begin(client)
    half = len(CONTENT) // 2
    parts = [await put(client, upload, piece) for piece in (CONTENT[:half], CONTENT[half:])]
    md5 = hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(BadRequestError, match=message):
        await client.uploads.complete(upload.id, part_ids=[parts[n].id for n in order], md5=md5)
    done = await client.uploads.complete(upload.id, part_ids=[part.id for part in parts], md5=md5)
    assert done.status == "completed"


async def test_more_bytes_than_announced_are_refused(client):
    upload = await begin(client, size=10)
    await put(client, upload, b"12345678")
    with pytest.raises(BadRequestError, match="more bytes"):
        await put(client, upload, b"9012")


async def test_a_part_of_another_upload_is_not_found(client):
    first, second = await begin(client, size=1), await begin(client, size=1)
    part = await put(client, first, b"1")
    with pytest.raises(NotFoundError):
        await client.uploads.complete(second.id, part_ids=[part.id])


async def test_a_cancelled_upload_takes_no_more_and_keeps_nothing(client, emulator):
    upload = await begin(client)
    await put(client, upload, b"123")
    assert (await client.uploads.cancel(upload.id)).status == "cancelled"
    assert list((emulator.service.resource.folders.root / "parts").iterdir()) == []
    for act in (put(client, upload, b"1"), client.uploads.complete(upload.id, part_ids=[])):
        with pytest.raises(BadRequestError, match="cancelled"):
            await act


async def test_an_upload_expires_after_two_hours(start, clock):
    async with start(clock=clock) as emulator:
        upload = await begin(emulator.azure)
        await put(emulator.azure, upload, b"123")
        clock.seconds += 7201
        with pytest.raises(BadRequestError, match="expired"):
            await put(emulator.azure, upload, b"4")
        await begin(emulator.azure)
        assert list((emulator.service.resource.folders.root / "parts").iterdir()) == []


async def test_parts_outlive_a_restart(start):
    async with start() as emulator:
        upload = await begin(emulator.azure)
        first = await put(emulator.azure, upload, CONTENT[:100])
    async with start() as emulator:
        second = await put(emulator.azure, upload, CONTENT[100:])
        done = await emulator.azure.uploads.complete(upload.id, part_ids=[first.id, second.id])
        assert (await emulator.azure.files.content(done.file.id)).content == CONTENT


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "fine-tune-results"},
        {"filename": "big.txt"},
        {"size": 0},
        {"size": 9 * 1024**3 + 1},
        {"extra_body": {"expires_after": {"anchor": "created_at", "seconds": 5}}},
        {"extra_body": {"expires_after": "soon"}},
    ],
)
async def test_what_the_service_would_not_take_is_refused_at_once(client, changes):
    with pytest.raises(BadRequestError):
        await begin(client, **changes)


async def test_a_life_given_to_the_upload_is_the_files(client):
    upload = await begin(client, size=1, expires_after={"anchor": "created_at", "seconds": 1_209_600})
    part = await put(client, upload, b"x")
    file = (await client.uploads.complete(upload.id, part_ids=[part.id])).file
    assert file.expires_at - file.created_at == 1_209_600


async def test_the_project_v1_route_has_no_uploads(emulator):
    answer = await emulator.http.post(
        "/api/projects/zava/openai/v1/uploads", json={}, headers={"api-key": emulator.key}
    )
    assert answer.status_code == 404


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=6), data=st.data())
async def test_any_pieces_in_any_order_of_arrival_give_their_join(emulator, pieces, data):
    whole = b"".join(pieces)
    upload = await begin(emulator.azure, size=len(whole), purpose="assistants", filename="a.bin")
    arrival = data.draw(st.permutations(range(len(pieces))))
    ids = {number: (await put(emulator.azure, upload, pieces[number])).id for number in arrival}
    done = await emulator.azure.uploads.complete(upload.id, part_ids=[ids[n] for n in range(len(pieces))])
    assert (await emulator.azure.files.content(done.file.id)).content == whole
