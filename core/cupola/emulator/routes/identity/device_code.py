"""`/{tenant}/oauth2/v2.0/devicecode`, and the page on which a person enters the code."""

from __future__ import annotations

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ...auth import is_key
from ...service import resource_of
from ...sign_ins import CODE_SECONDS, Decision
from .answers import NO_STORE, audience_of, read_form, refusal

POLL_SECONDS = 5

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in to the emulator</title>
<h1>Sign in to the emulator</h1><p>{words}</p>
<form method="post"><p><label>Code <input name="user_code" value="{code}" autocomplete="off"></label></p>
<p><label>Key of the account <input name="key" type="password"></label></p>
<p><button name="decision" value="approved">Sign in</button> <button name="decision" value="declined">Decline</button>
</p></form></html>
"""


async def begin(request: Request) -> Response:
    """Give a program a code for a person to enter."""
    resource, form = resource_of(request), await read_form(request)
    client_id, scope = form.get("client_id", ""), form.get("scope", "")
    for name, missing in (("client_id", not client_id), ("scope", not audience_of(scope))):
        if missing:
            words = f"The request body must contain the following parameter: '{name}'."
            return refusal(400, "invalid_request", 900144, words)
    entry = resource.sign_ins.begin(client_id, scope, resource.clock.now())
    page = f"http://{request.headers.get('host', '127.0.0.1')}/emulator/sign-in"
    words = (
        f"To sign in, use a web browser to open the page {page} and enter the code {entry.user_code} to authenticate."
    )
    body = {
        "user_code": entry.user_code,
        "device_code": entry.device_code,
        "verification_uri": page,
        "expires_in": CODE_SECONDS,
        "interval": max(1, round(resource.clock.real(POLL_SECONDS))),
        "message": words,
    }
    return JSONResponse(body, headers=NO_STORE)


def _page(words: str, code: str = "", status: int = 200) -> Response:
    headers = {**NO_STORE, "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"}
    return HTMLResponse(_PAGE.format(words=html.escape(words), code=html.escape(code)), status, headers=headers)


async def show(request: Request) -> Response:
    """Show the page."""
    return _page("Enter the code that your program shows.", request.query_params.get("user_code", ""))


async def decide(request: Request) -> Response:
    """Approve a code, or decline it; the account's key stands for the person's password."""
    resource, form = resource_of(request), await read_form(request)
    key, code = form.get("key") or request.headers.get("api-key", ""), form.get("user_code", "")
    if not is_key(resource.account, key):
        return _page("The key is not the account's.", code, 401)
    wish = form.get("decision", Decision.APPROVED)
    if wish not in (Decision.APPROVED, Decision.DECLINED):
        return _page("A code is approved or declined.", code, 400)
    if not resource.sign_ins.decide(code, Decision(wish), resource.clock.now()):
        return _page("Nobody waits for this code, or it has expired.", code, 404)
    return _page(f"The sign-in is {wish}. You may close this page.")


ROUTES = [
    Route("/{tenant}/oauth2/v2.0/devicecode", begin, methods=["POST"]),
    Route("/emulator/sign-in", show, methods=["GET"], include_in_schema=False),
    Route("/emulator/sign-in", decide, methods=["POST"], include_in_schema=False),
]
