"""Writes of one turn of the loop leave together, in order, and none is lost at a close."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.gathering import GatheringTransport


class Wire:
    """Notes what a transport is asked to do."""

    def __init__(self):
        self.written = []
        self.ended = None

    def write(self, data):
        self.written.append(data)

    def close(self):
        self.ended = "closed"

    def abort(self):
        self.ended = "aborted"

    def is_closing(self):
        return self.ended is not None

    def get_extra_info(self, name):
        return f"{name}!"


@given(turns=st.lists(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), max_size=5))
def test_each_turn_is_one_write_and_the_bytes_are_the_same(turns):
    async def send():
        wire = Wire()
        gathering = GatheringTransport(wire)
        for turn in turns:
            for data in turn:
                gathering.write(data)
            await asyncio.sleep(0)
        return wire.written

    assert asyncio.run(send()) == [b"".join(turn) for turn in turns]


async def test_a_close_sends_what_is_pending_and_an_abort_does_not():
    wire = Wire()
    gathering = GatheringTransport(wire)
    gathering.write(b"last words")
    gathering.close()
    assert (wire.written, wire.ended) == ([b"last words"], "closed")
    wire = Wire()
    gathering = GatheringTransport(wire)
    gathering.write(b"never sent")
    gathering.abort()
    await asyncio.sleep(0)
    assert (wire.written, wire.ended) == ([], "aborted")
    assert gathering.get_extra_info("socket") == "socket!"
