"""Post to grading endpoints, as the service does: 1 MB each way, ten minutes, three more tries after a 5xx."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from cupola.graders import EndpointReply, EndpointRequest

from ..strict_json import parse_json

MOST_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 600.0
TRIES = 4
_WAITS = (0.5, 1.0, 2.0)


class _NoRedirects(HTTPRedirectHandler):
    """A grader's secrets go to the address that was given and to no other."""

    def redirect_request(self, *_arguments: object, **_settings: object) -> None:
        return None


def _opener() -> OpenerDirector:
    return build_opener(_NoRedirects())


def _once(opener: OpenerDirector, request: Request, timeout: float) -> EndpointReply:
    with opener.open(request, timeout=timeout) as answer:
        content = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return EndpointReply(error="The endpoint's answer is larger than 1 MB.")
    try:
        return EndpointReply(parse_json(content))
    except ValueError:
        return EndpointReply(error="The endpoint's answer is not JSON.")


def post_to_endpoint(
    asked: EndpointRequest, *, timeout: float = TIMEOUT_SECONDS, sleep: Callable[[float], None] = time.sleep
) -> EndpointReply:
    """Post one sample. Never raises: why there is no answer stands in the reply."""
    if urlsplit(asked.url).scheme not in ("http", "https"):
        return EndpointReply(error="The endpoint's address is not an HTTP one.")
    body = json.dumps(asked.body).encode()
    if len(body) > MOST_BYTES:
        return EndpointReply(error="The sample is larger than the 1 MB that an endpoint takes.")
    request = Request(asked.url, body, {**asked.headers, "Content-Type": "application/json"}, method="POST")
    opener, reply = _opener(), EndpointReply(error="The endpoint was not reached.")
    for number in range(TRIES):
        try:
            return _once(opener, request, timeout)
        except HTTPError as error:
            error.close()
            reply = EndpointReply(error=f"The endpoint answered with status {error.code}.")
            if error.code < 500:
                return reply
        except (URLError, OSError, HTTPException, ValueError) as error:
            return EndpointReply(error=f"The endpoint could not be reached: {type(error).__name__}.")
        if number < len(_WAITS):
            sleep(_WAITS[number])
    return reply
