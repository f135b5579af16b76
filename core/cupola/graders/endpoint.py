"""Endpoint graders: the POST they send and the score they read."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from .calls import EndpointRequest
from .records import Endpoint


class EndpointReplyError(ValueError):
    """An endpoint's answer that holds no finite number `score`."""


def endpoint_request(grader: Endpoint, item: Mapping[str, Any], sample: Mapping[str, Any]) -> EndpointRequest:
    """Return the POST for one sample; its `trace_id` follows from item and sample."""
    content = json.dumps([item, sample], sort_keys=True, default=str)
    trace_id = hashlib.sha256(content.encode()).hexdigest()[:32]
    body = {"sample": dict(sample), "item": dict(item), "trace_id": trace_id}
    return EndpointRequest(grader.url, grader.headers, body)


def endpoint_score(body: Any) -> float:
    """Return the number `score` of an endpoint's answer.

    Raises:
        EndpointReplyError: There is none, or it is not finite.
    """
    score = body.get("score") if isinstance(body, Mapping) else None
    if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) < math.inf:
        raise EndpointReplyError("The endpoint's answer holds no finite number `score`.")
    try:
        return float(score)
    except OverflowError as error:
        raise EndpointReplyError("The endpoint's `score` is too large.") from error
