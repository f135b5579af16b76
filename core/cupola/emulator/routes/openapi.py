"""`/openapi.json`: the emulator's own description, read off the routes that it serves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from .schemas import ANSWERS, BODIES, ERROR, MULTIPART

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_VERSIONED = {
    "/openai": "2025-04-01-preview",
    "/subscriptions": "2025-09-01",
}
_PAGING = ("after", "limit", "order")
_QUERIES = {"GET /batches": ("$filter", "$orderby"), "GET /responses/{response_id}": ("stream", "starting_after")}


def _flat(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str, Route]]:
    """Every route with the prefix of the surface that it is served on and its path below it."""
    for route in routes:
        if isinstance(route, Mount):
            yield from _flat(route.routes, prefix + route.path)
        elif isinstance(route, Route) and route.include_in_schema:
            yield prefix, route.path, route


def _query(prefix: str, path: str, method: str) -> list[dict[str, Any]]:
    version = _VERSIONED.get(prefix) or ("2025-09-01" if path.startswith("/subscriptions") else None)
    found = []
    if version:
        found.append(
            {"name": "api-version", "in": "query", "required": True, "schema": {"type": "string"}, "example": version}
        )
    if ANSWERS.get(f"{method} {path}", {}).get("properties", {}).get("has_more"):
        found += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PAGING]
    for name in _QUERIES.get(f"{method} {path}", ()):
        found.append({"name": name, "in": "query", "schema": {"type": "string"}})
    return found


def _body(key: str, method: str) -> dict[str, Any] | None:
    if key in MULTIPART:
        return {"required": True, "content": {"multipart/form-data": {"schema": MULTIPART[key]}}}
    if method not in ("POST", "PUT", "PATCH") or key.endswith(("/cancel", "/pause", "/resume")):
        return None
    return {"required": True, "content": {"application/json": {"schema": BODIES.get(key, {"type": "object"})}}}


def _operation(prefix: str, path: str, method: str, route: Route) -> dict[str, Any]:
    key = f"{method} {path}"
    named = re.sub(r"\W+", "_", f"{method.lower()}{prefix}{path}").strip("_")
    schema = ANSWERS.get(key)
    good = {"description": "Done.", **({"content": {"application/json": {"schema": schema}}} if schema else {})}
    operation: dict[str, Any] = {
        "operationId": named,
        "summary": (route.endpoint.__doc__ or named).strip().splitlines()[0],
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in _PARAMETER.findall(prefix + path)
            ),
            *_query(prefix, path, method),
        ],
        "responses": {
            "2XX": good,
            "4XX": {
                "description": "A refusal in the service's words.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    body = _body(key, method)
    if body is not None:
        operation["requestBody"] = body
    return operation


def describe(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for prefix, path, route in _flat(routes):
        whole = _PARAMETER.sub(r"{\1}", prefix + path)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(whole, {})[method.lower()] = _operation(prefix, path, method, route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cupola emulator",
            "version": "1",
            "description": "Azure OpenAI's fine-tuning, evaluation and inference API as the emulator serves it.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"key": []}, {"bearer": []}],
    }


async def show(request: Request) -> Response:
    """`GET /openapi.json`, which needs no key."""
    return JSONResponse(describe(request.app.routes))


ROUTES = [Route("/openapi.json", show, methods=["GET"], include_in_schema=False)]
