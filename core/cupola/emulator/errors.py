"""What the service answers when it refuses, in its own words and shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class ApiError(Exception):
    """A refusal that becomes an HTTP answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON that the service would send."""
        return {"error": {"code": self.code, "message": self.message, **self.fields}}

    def response(self) -> Response:
        """The HTTP answer."""
        return JSONResponse(self.body(), self.status, headers=self.headers)


def invalid_payload(message: str) -> ApiError:
    """A body or query that the authoring routes cannot accept."""
    return ApiError(400, "invalidPayload", message)


def not_found(message: str) -> ApiError:
    """An id that the authoring routes do not know."""
    return ApiError(404, "notFound", message)


def unexpected_state(message: str) -> ApiError:
    """An act that the object's present state does not allow."""
    return ApiError(400, "unexpectedEntityState", message)


def quota_exceeded(message: str) -> ApiError:
    """One object more than the resource may hold."""
    return ApiError(429, "quotaExceeded", message)


def unknown_path() -> ApiError:
    """A path that the service does not serve, or a dated path without an api-version."""
    return ApiError(404, "404", "Resource not found")


def bad_request(message: str, param: str | None, code: str | None = None) -> ApiError:
    """A parameter that the inference routes cannot accept."""
    fields = {"type": "invalid_request_error", "param": param}
    return ApiError(400, code or "invalid_request_error", message, fields=fields)


def deployment_not_found() -> ApiError:
    """A deployment name that the resource does not have."""
    return ApiError(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes,"
        " please wait a moment and try again.",
    )


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Starlette's handler for `ApiError`."""
    if not isinstance(error, ApiError):
        raise error
    return error.response()


async def answer_unknown_path(_request: Request, _error: Exception) -> Response:
    """Starlette's handler for a path or method that no route serves."""
    return unknown_path().response()


async def answer_nobody(_request: Request, _error: Exception) -> Response:
    """Starlette's handler for a client that is gone before its body has come whole: nobody reads this."""
    return Response(status_code=400)


async def answer_failure(_request: Request, _error: Exception) -> Response:
    """Starlette's handler for what nobody expected; the server's log has the traceback."""
    message = "The server had an error while processing your request. Sorry about that!"
    return ApiError(500, "internalFailure", message).response()
