"""`/chat/completions` as a shelf: the completions that were asked to be stored."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import metadata_field, read_object
from ..errors import invalid_payload, not_found
from ..paging import Page, fetch_page, list_body, read_page
from ..service import resource_of
from ..state import stored_completions
from ..state.stored_completions import StoredCompletion

_ECHOED = ("tools", "tool_choice", "seed", "response_format")
_NUMBERS = {"temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}


def render_stored(stored: StoredCompletion) -> dict[str, Any]:
    """The service's JSON of a stored completion."""
    return {
        **stored.completion,
        **{name: stored.request.get(name) for name in _ECHOED},
        **{name: default if (n := stored.request.get(name)) is None else n for name, default in _NUMBERS.items()},
        "input_user": stored.request.get("user"),
        "metadata": stored.metadata,
    }


def _find(request: Request) -> StoredCompletion:
    completion_id = request.path_params["completion_id"]
    stored = stored_completions.find(resource_of(request).database, completion_id)
    if stored is None:
        raise not_found(f"The specified completion '{completion_id}' could not be found.")
    return stored


def metadata_query(request: Request) -> dict[str, str]:
    """The `metadata[key]=value` pairs of a list's query."""
    return {
        key.removeprefix("metadata[").removesuffix("]"): value
        for key, value in request.query_params.items()
        if key.startswith("metadata[") and key.endswith("]")
    }


async def index(request: Request) -> Response:
    """`GET /chat/completions`, oldest first unless asked otherwise."""
    page = read_page(request, default=20, most=100, descending=False)
    where, arguments = stored_completions.matching(metadata_query(request), request.query_params.get("model"))
    rows, has_more = fetch_page(resource_of(request).database, "stored_completions", where, arguments, page)
    data = [render_stored(stored_completions.from_row(row)) for row in rows]
    return JSONResponse(list_body(data, has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET /chat/completions/{id}`."""
    return JSONResponse(render_stored(_find(request)))


async def update(request: Request) -> Response:
    """`POST /chat/completions/{id}`: new metadata."""
    stored, metadata = _find(request), metadata_field(await read_object(request))
    if metadata is None:
        raise invalid_payload("The metadata field is required.")
    stored_completions.relabel(resource_of(request).database, stored.id, metadata)
    return JSONResponse(render_stored(_find(request)))


async def delete(request: Request) -> Response:
    """`DELETE /chat/completions/{id}`."""
    stored = _find(request)
    stored_completions.remove(resource_of(request).database, stored.id)
    return JSONResponse({"id": stored.id, "object": "chat.completion.deleted", "deleted": True})


def _message(stored: StoredCompletion, number: int, message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    parts = content if isinstance(content, list) else None
    text = "".join(str(part.get("text", "")) for part in parts) if parts is not None else content
    return {
        "refusal": None,
        "name": None,
        **message,
        "id": f"{stored.id}-{number}",
        "content": text,
        "content_parts": parts,
    }


async def messages(request: Request) -> Response:
    """`GET /chat/completions/{id}/messages`: what was asked, in order."""
    stored = _find(request)
    page = read_page(request, default=20, most=100, descending=False)
    shown = [_message(stored, number, entry) for number, entry in enumerate(stored.request["messages"])]
    data = _after(shown if not page.descending else shown[::-1], page)
    return JSONResponse(list_body(data[: page.limit], len(data) > page.limit, ends=True))


def _after(entries: list[dict[str, Any]], page: Page) -> list[dict[str, Any]]:
    if page.after is None:
        return entries
    ids = [entry["id"] for entry in entries]
    if page.after not in ids:
        raise invalid_payload("Invalid value for after: no such object.")
    return entries[ids.index(page.after) + 1 :]


_ONE = "/chat/completions/{completion_id}"

ROUTES = [
    Route("/chat/completions", index, methods=["GET"]),
    Route(_ONE, retrieve, methods=["GET"]),
    Route(_ONE, update, methods=["POST"]),
    Route(_ONE, delete, methods=["DELETE"]),
    Route(f"{_ONE}/messages", messages, methods=["GET"]),
]
