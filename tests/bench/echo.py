"""A bare server that answers every chat request after a set time, streamed or whole, with as little work as it can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVER = """
import asyncio, json, sys
CHUNKS = [
    b'data: {"choices":[],"prompt_filter_results":[]}\\n\\n',
    b'data: {"model":"echo","choices":[{"index":0,"delta":{"role":"assistant","content":"yes"}}]}\\n\\n',
    b'data: {"model":"echo","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\\n\\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}\\n\\ndata: [DONE]\\n\\n',
]
WHOLE = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "echo",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
}

def answer(kind, body):
    head = b"HTTP/1.1 200 OK\\r\\ncontent-type: %b\\r\\ncontent-length: %d\\r\\n\\r\\n"
    return head % (kind, len(body)) + body

STREAMED = answer(b"text/event-stream", b"".join(CHUNKS))
PLAIN = answer(b"application/json", json.dumps(WHOLE).encode())

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        self.rest += data
        head, gap, body = self.rest.partition(b"\\r\\n\\r\\n")
        if gap and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\\r")[0]):
            self.rest = b""
            said = STREAMED if b'"stream":true' in body else PLAIN
            asyncio.get_running_loop().call_later(float(sys.argv[1]), self.transport.write, said)

async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@contextmanager
def echo_server(seconds: float) -> Iterator[str]:
    """Lend the endpoint of a server that takes so long for each answer."""
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(seconds)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.communicate()
