from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from cupola_tui.browser.server import HOST

STRANGE = [{"Origin": "https://elsewhere.example"}, {"Host": "cupola.example"}]


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    serving = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "cupola_tui", "-p", "demo", "serve", "--port", str(unused_port())],
        env={"PATH": "", "CUPOLA_HOME": str(tmp_path), "LANG": "C.UTF-8"},
        stderr=asyncio.subprocess.PIPE,
    )
    assert serving.stderr is not None
    told = (await asyncio.wait_for(serving.stderr.readline(), 30)).decode()
    yield re.search(r"http\S+", told).group()  # type: ignore[union-attr]
    serving.terminate()
    await asyncio.wait_for(serving.communicate(), 30)
    assert serving.returncode == 0


async def until_shown(socket: aiohttp.ClientWebSocketResponse, words: str) -> None:
    seen = b""
    while words.encode() not in seen:
        message = await asyncio.wait_for(socket.receive(), 30)
        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
        seen += message.data if isinstance(message.data, bytes) else b""


def jar() -> aiohttp.CookieJar:
    return aiohttp.CookieJar(unsafe=True)  # it is addressed by number


async def test_a_browser_with_the_token_sees_the_screen_and_drives_it(address: str) -> None:
    root = address.split("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=jar()) as browser:
        async with browser.get(address) as page:
            text = await page.text()
            assert "token" not in str(page.url)
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert re.findall(r"https?://(?!127\.0\.0\.1)[^\"' ]+", text) == []
        async with browser.ws_connect(f"{root}/ws?width=120&height=40", headers={"Origin": root}) as socket:
            await until_shown(socket, "Jobs")
            await socket.send_json(["stdin", "?"])
            await until_shown(socket, "Help")


async def test_nobody_without_the_token_gets_anything(address: str) -> None:
    root = address.split("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=jar()) as stranger:
        for path in ("/", "/?token=guess", "/ws", "/static/js/textual.js", "/download/1"):
            async with stranger.get(root + path) as refused:
                assert refused.status == 403, path


@pytest.mark.parametrize("headers", STRANGE)
async def test_other_pages_of_the_same_browser_are_kept_out(address: str, headers: dict[str, str]) -> None:
    root = address.split("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=jar()) as browser:
        async with browser.get(address) as page:
            assert page.status == 200
        async with browser.get(f"{root}/ws", headers=headers) as refused:
            assert refused.status == 403
    assert HOST in root
