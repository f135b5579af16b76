"""Serves the screen to browsers of this machine that carry the token; each gets a process of its own."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files

from aiohttp import web
from textual_serve.server import Server

HOST = "127.0.0.1"
_COOKIE = "cupola"
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The page loads nothing from elsewhere. The terminal's script sets styles on its elements."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BrowserServer(Server):
    """textual-serve's server, behind a token and for this machine alone."""

    def __init__(self, command: Sequence[str], port: int, token: str) -> None:
        super().__init__(
            shlex.join(command),
            host=HOST,
            port=port,
            title="Cupola",
            templates_path=str(files("cupola_tui.browser").joinpath("pages")),
        )
        self._token = token

    @property
    def address(self) -> str:
        """Where a browser begins; whoever has it has the screen."""
        return f"{self.public_url}/?token={self._token}"

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guarded)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the command has said the address, and textual-serve would say its own name."""

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._refuse_strangers(request)
        given = request.query.get("token")
        if given is not None and request.path == "/":
            # The token leaves the address bar, and so the history and the Referer.
            if not secrets.compare_digest(given.encode(), self._token.encode()):
                raise web.HTTPForbidden(text="This address is not valid any more. See what `cupola serve` printed.")
            redirect = web.HTTPSeeOther("/")
            redirect.set_cookie(_COOKIE, self._token, httponly=True, samesite="Strict", path="/")
            raise redirect
        if not secrets.compare_digest(request.cookies.get(_COOKIE, "").encode(), self._token.encode()):
            raise web.HTTPForbidden(text="Open the address that `cupola serve` printed.")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _refuse_strangers(self, request: web.Request) -> None:
        """Another page in the same browser must not reach in, by its own name for this machine or across origins."""
        origin = request.headers.get("Origin")
        if request.host != f"{HOST}:{self.port}" or origin not in (None, self.public_url):
            raise web.HTTPForbidden(text="Only pages of this address may ask.")


def serve(arguments: Sequence[str], port: int, say: Callable[[str], None]) -> int:
    """Serve the screen until interrupted; return the exit status.

    Args:
        arguments: Flags of the screen, such as `-p demo`.
        port: Where to listen on loopback.
        say: Tells the person the address.
    """
    server = BrowserServer([sys.executable, "-m", "cupola_tui", *arguments], port, secrets.token_urlsafe(24))
    asyncio.run(_serve(server, say))
    return 0


async def _serve(server: BrowserServer, say: Callable[[str], None]) -> None:
    runner = web.AppRunner(await server._make_app(), access_log=None, handle_signals=False)
    await runner.setup()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await web.TCPSite(runner, HOST, server.port).start()
        say(f"The screen is at {server.address}\nOnly this machine reaches it. Over SSH: ssh -L {server.port}:{HOST}:"
            f"{server.port} HOST\nStop with ctrl+c; what runs in the cloud and the worker go on.")  # fmt: skip
        await stopped.wait()
    finally:
        await runner.cleanup()
