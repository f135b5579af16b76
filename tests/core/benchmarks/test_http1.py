from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.http1 import Connections
from cupola.azure.http1_response import NotHttpError, ResponseReader
from cupola.errors import ServiceError, UnreachableError

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def chunked(pieces: list[bytes], trailer: bytes = b"") -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailer + b"\r\n"


def read(content: bytes, cuts: list[int] | None = None) -> ResponseReader:
    reader = ResponseReader()
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts or ())})
    for start, end in itertools.pairwise(places):
        reader.feed(content[start:end])
    return reader


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 10_000), max_size=12))
def test_chunks_are_put_together_wherever_the_bytes_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    reader = read(chunked(pieces, b"X-Trailer: 1\r\n"), cuts)

    assert b"".join(reader.pieces) == b"".join(pieces)
    assert reader.ended and reader.kept


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=12))
def test_a_body_of_known_length_is_read_wherever_the_bytes_are_cut(body: bytes, cuts: list[int]) -> None:
    reader = read(
        b"HTTP/1.1 404 Not Found\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body), cuts
    )

    assert (reader.status, reader.headers["x-a"], b"".join(reader.pieces)) == (404, "1, 2", body)
    assert reader.ended and reader.kept


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(noise: bytes) -> None:
    for content in (noise, PLAIN[:20] + noise, chunked([b"a"])[:50] + noise):
        try:
            read(content).feed_end()
        except NotHttpError:
            continue


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\n\r\nall of ")
    reader.feed(b"it")
    assert not reader.ended
    reader.feed_end()
    assert (b"".join(reader.pieces), reader.ended, reader.kept) == (b"all of it", True, False)


def test_an_interim_answer_is_passed_over() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN).status == 200


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        PLAIN + b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000,
    ],
)
def test_what_is_no_clean_answer_is_refused(content: bytes) -> None:
    with pytest.raises(NotHttpError):
        read(content)


@pytest.mark.parametrize("content", [PLAIN[:-1], PLAIN[:30], chunked([b"abc"])[:-1], b""])
def test_an_answer_that_breaks_off_is_no_answer(content: bytes) -> None:
    with pytest.raises(NotHttpError):
        read(content).feed_end()


def test_a_connection_that_shall_close_is_not_kept() -> None:
    reader = read(PLAIN.replace(b"Content-Type: text/plain", b"Connection: close"))
    assert reader.ended and not reader.kept


@asynccontextmanager
async def served(
    *answers: bytes, silence: float = 5.0, tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None
) -> AsyncIterator[tuple[Connections, list[int]]]:
    """A server that gives each connection these answers in turn, and then says nothing; counts its connections."""
    opened: list[int] = []
    ended = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(len(opened))
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
            await reader.read()
        writer.close()
        ended.release()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls[0] if tls else None)
    port = server.sockets[0].getsockname()[1]
    endpoint = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    connections = Connections(endpoint, tls[1] if tls else None, silence_seconds=silence)
    try:
        yield connections, opened
    finally:
        await connections.close()
        for _ in opened:
            await ended.acquire()
        server.close()
        await server.wait_closed()


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for localhost, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


async def asked(connections: Connections, headers: dict[str, str] | None = None) -> bytes:
    async with connections.post("/", headers or {}, b"") as response:
        return b"".join([piece async for piece in response.body])


async def test_a_connection_is_used_again() -> None:
    async with served(PLAIN, chunked([b"a", b"b"]), PLAIN) as (connections, opened):
        assert [await asked(connections) for _ in range(3)] == [b"hello", b"ab", b"hello"]
        assert len(opened) == 1


async def test_a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again() -> None:
    async with served(PLAIN[:-1], PLAIN) as (connections, opened):
        async with connections.post("/", {}, b"") as response:
            assert response.status == 200
        assert len(opened) == 1
        async with connections.post("/", {}, b""):
            pass
        assert len(opened) == 2


async def test_silence_is_given_up() -> None:
    async with served(PLAIN[:-1], silence=0.2) as (connections, _):
        with pytest.raises(UnreachableError, match="in time"):
            await asked(connections)


async def test_a_header_with_a_line_break_is_not_sent() -> None:
    async with served(PLAIN) as (connections, opened):
        with pytest.raises(ServiceError, match="cannot be sent"):
            await asked(connections, {"api-key": "a\r\nhost: elsewhere"})
        assert not opened


async def test_connections_under_tls_are_used_again_and_checked_for_their_name(tmp_path: Path) -> None:
    contexts = certified(tmp_path)
    async with served(PLAIN, PLAIN, tls=contexts) as (connections, opened):
        assert [await asked(connections) for _ in range(2)] == [b"hello", b"hello"]
        assert len(opened) == 1
        elsewhere = Connections(connections.endpoint.replace("localhost", "127.0.0.1"), contexts[1])
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            await asked(elsewhere)


def test_the_key_is_not_shown() -> None:
    connections = Connections("http://127.0.0.1:1", None)
    connections._request("/", {"api-key": "k-secret"}, b"")
    assert "k-secret" not in repr(connections)
