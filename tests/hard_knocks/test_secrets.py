"""Secrets are planted and then hunted: on the disk, in what is printed, on the screen, in every command line."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Session, environment

from cupola.cli import main
from cupola.cli.context import Context
from cupola.paths import default_paths
from cupola.worker import process

KEY = "planted4f1c9e0b7a2d48e3"
IN_CONFIG = "planted-in-config-77ab31"
CLIENT_SECRET = "plantedclient8e1~Qz"
IN_WEBHOOK = "plantedhook55c0de"
IN_PROXY = "plantedproxy91ab"
SECRETS = (KEY, IN_CONFIG, CLIENT_SECRET, IN_WEBHOOK, IN_PROXY)
PROFILE = "hunted"


class Echo(BaseHTTPRequestHandler):
    """Answers every request with a refusal that repeats the key; now and then with no HTTP at all."""

    def do_GET(self) -> None:
        said = self.headers.get("api-key") or self.headers.get("authorization") or "no key"
        body = json.dumps(
            {"error": {"code": "400", "message": f"Bad key {said}", "inner": {"api_key": said, "url": f"?sig={said}"}}}
        ).encode()
        self.send_response(400)
        for name, value in (
            ("content-type", "application/json"),
            ("apim-request-id", said),
            ("content-length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def planted(tmp_path: Path, endpoint: str) -> Iterator[dict[str, str]]:
    """An environment with a key in it, and a profile of an endpoint that repeats every key."""
    paths = default_paths({"CUPOLA_HOME": str(tmp_path)})
    paths.config.mkdir(parents=True)
    paths.config_file.write_text(f'[profiles.{PROFILE}]\nendpoint = "{endpoint}"\n', encoding="utf-8")
    yield {
        **environment(tmp_path),
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000001",
        "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000002",
        "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        "CUPOLA_WEBHOOK": f"http://127.0.0.1:9/hook?sig={IN_WEBHOOK}",
        "HTTPS_PROXY": f"http://me:{IN_PROXY}@127.0.0.1:9",
    }
    with contextlib.suppress(Exception):
        process.stop(PROFILE, paths)


def hunted(text: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in text]


def seen(session: Session) -> list[str]:
    """The secrets on the screen as a person sees it, were it only the beginning of one at a line's end."""
    return [secret for secret in SECRETS if secret[:12] in session.text]


def command_lines() -> bytes:
    """The command line of every process that can be seen."""
    found = b""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += file.read_bytes() + b"\n"
    return found


def cupola(words: tuple[str, ...], environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "cupola_tui", *words, "-p", PROFILE]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )


def gone(session: Session, text: str) -> None:
    """Wait until a text stands on the screen no more."""
    end = time.monotonic() + 60.0
    while text in session.text:
        assert time.monotonic() < end, session.text
        session.read(0.05)


HERE = (
    ("job", "list"),
    ("config", "show", "--origin"),
    ("profile", "show"),
    ("profile", "list"),
    ("notify", "test", "--away"),
)
"""Commands that are run in this process, with the planted environment as theirs."""


def test_no_secret_is_printed_stored_drawn_or_named_in_a_command_line(
    planted: dict[str, str], tmp_path: Path, endpoint: str
) -> None:
    for words in HERE:
        context = Context(environment=planted, out=io.StringIO(), err=io.StringIO(), input=io.StringIO())
        main([*words, "-p", PROFILE], context=context)
        printed = f"{context.out.getvalue()}{context.err.getvalue()}"  # type: ignore[attr-defined]  # Both are StringIO.
        assert printed and hunted(printed.encode()) == [], words
    for words in (("doctor",), ("worker", "start")):
        done = cupola(words, planted)
        assert hunted(done.stdout + done.stderr) == [], words
        assert b"Traceback" not in done.stderr, done.stderr.decode()
    session = Session((sys.executable, "-m", "cupola_tui", "-p", PROFILE), planted)
    try:
        session.wait_for("1 Datasets")
        session.press("@")
        session.wait_for("GET")
        assert seen(session) == [], "in what was sent"
        session.press("q")
        gone(session, "GET")
        for key, shown in ((":", "Commands"), ("connect", "Connect a resource"), ("\r", "AZURE_OPENAI_API_KEY")):
            session.press(key)
            session.wait_for(shown)
        assert seen(session) == [], "where a profile is connected"
        assert process.status(PROFILE, default_paths(planted)).running
        assert hunted(command_lines()) == []
        assert hunted(bytes(session.sent)) == []
    finally:
        session.close()
    process.stop(PROFILE, default_paths(planted))
    config = default_paths(planted).config_file
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file != config]
    assert any(file.suffix == ".log" for file in written), "the worker has written no log to hunt in"
    assert any(file.name == "store.sqlite3" for file in written)
    assert [(file.name, hunted(file.read_bytes())) for file in written if hunted(file.read_bytes())] == []
    assert all(file.stat().st_mode & 0o077 == 0 for file in written if file.suffix in (".sqlite3", ".log"))


def test_a_key_in_the_configuration_is_refused_and_not_repeated(planted: dict[str, str]) -> None:
    config = default_paths(planted).config_file
    config.write_text(f'{config.read_text("utf-8")}api_key = "{IN_CONFIG}"\n', encoding="utf-8")
    for words in (("config", "show"), ("job", "list"), ("profile", "show")):
        done = cupola(words, planted)
        assert done.returncode == 2, words
        assert b"unknown setting 'api_key'" in done.stderr
        assert hunted(done.stdout + done.stderr) == []


def test_a_crash_tells_no_local_variables(planted: dict[str, str], tmp_path: Path) -> None:
    program = (
        "from cupola.azure.credentials import KeyCredential\n"
        "from cupola_tui.app import CupolaApp\n"
        "from cupola.settings import Profile\n"
        "from cupola.store.database import open_store\n"
        "import pathlib, os, sys\n"
        "def broken():\n"
        "    secret = os.environ['AZURE_OPENAI_API_KEY']\n"
        "    credential = KeyCredential(secret, 'environment')\n"
        "    raise RuntimeError(f'broken with {credential}')\n"
        "database = open_store(pathlib.Path(sys.argv[1]))\n"
        "CupolaApp(Profile('p'), database, clock=broken).run()\n"
    )
    file = tmp_path / "program.py"
    file.write_text(program, encoding="utf-8")
    session = Session((sys.executable, str(file), str(tmp_path / "store.sqlite3")), planted)
    with contextlib.suppress(AssertionError):
        session.wait(20.0)
    assert b"broken with" in session.sent, session.text
    assert hunted(bytes(session.sent)) == []
