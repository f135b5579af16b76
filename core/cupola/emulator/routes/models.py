"""`/models`: base models and tuned ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cupola_data.models import BaseModel

from ..errors import not_found
from ..resource import Resource
from ..service import is_dated, resource_of
from ..state import models
from ..state.models import TunedModel


def _seconds(date: dt.date) -> int:
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC).timestamp())


def _capabilities(base: BaseModel) -> dict[str, bool]:
    return {
        # The service reports its open models as untunable though jobs on them are accepted.
        "fine_tune": bool(base.methods) and not base.open_weights,
        "inference": True,
        "completion": False,
        "chat_completion": base.chat,
        "embeddings": False,
    }


def _shared(base: BaseModel, created: int, dated: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "object": "model",
        "created_at": created,
        "status": "succeeded",
        "lifecycle_status": "generally-available",
        "capabilities": _capabilities(base),
    }
    if not dated:
        body |= {"created": created, "owned_by": "system"}
    return body


def render_base(base: BaseModel, dated: bool) -> dict[str, Any]:
    """The service's JSON of a base model."""
    body = {"id": base.id, **_shared(base, _seconds(base.created), dated)}
    if base.retires is not None:
        retires = _seconds(base.retires)
        body["deprecation"] = {"fine_tune": retires, "inference": retires} if base.methods else {"inference": retires}
    return body


def render_tuned(resource: Resource, model: TunedModel, dated: bool) -> dict[str, Any]:
    """The service's JSON of a tuned model."""
    base = resource.catalogue.find(model.base)
    assert base is not None
    body = {"id": model.id, **_shared(base, int(model.created_at), dated), "model": model.parent}
    body["fine_tune"] = model.job_id
    if base.retires is not None:
        body["deprecation"] = {"inference": _seconds(base.retires)}
    return body


async def index(request: Request) -> Response:
    """`GET /models`, a single page."""
    resource, dated = resource_of(request), is_dated(request)
    data = [render_base(base, dated) for base in resource.catalogue.models]
    data += [render_tuned(resource, model, dated) for model in models.listed_models(resource.database)]
    return JSONResponse({"object": "list", "data": data})


async def retrieve(request: Request) -> Response:
    """`GET /models/{id}`; aliases are known too."""
    resource, model_id = resource_of(request), request.path_params["model_id"]
    base = resource.catalogue.find(model_id)
    if base is not None:
        return JSONResponse(render_base(base, is_dated(request)))
    tuned = models.find_tuned(resource.database, model_id)
    if tuned is None:
        raise not_found("The specified model could not be found.")
    return JSONResponse(render_tuned(resource, tuned, is_dated(request)))


ROUTES = [
    Route("/models", index, methods=["GET"]),
    Route("/models/{model_id}", retrieve, methods=["GET"]),
]
