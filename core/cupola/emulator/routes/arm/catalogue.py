"""What may be deployed and how much of it: models, usages, capacities."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cupola_data.models import BaseModel

from ...deployments.quota import Quota, quota, quotas, usage_name
from ...deployments.request import TUNED_VERSION
from ...deployments.skus import SKUS, Sku, capacity_steps, supports
from ...errors import ApiError
from ...resource import Resource
from ...service import resource_of
from ...state import models
from ...state.models import TunedModel
from .route import ACCOUNT, PROVIDER, arm_route, page_of, values


def _day(date: dt.date) -> str:
    return f"{date.isoformat()}T00:00:00Z"


def _sku(sku: Sku, base: BaseModel, tuned: bool) -> dict[str, Any]:
    least, step = capacity_steps(sku, base)
    most = sku.tuned_quota if tuned else sku.base_quota
    usual = least if sku.kind == "units" else min(50, most)
    capacity = {"minimum": least, "maximum": most, "step": step, "default": usual}
    return {"name": sku.name, "usageName": usage_name(sku, base, tuned), "capacity": capacity}


def _model(base: BaseModel, tuned: TunedModel | None, location: str) -> dict[str, Any]:
    tunable = bool(base.methods) and not base.open_weights
    is_tuned = tuned is not None
    skus = [_sku(sku, base, is_tuned) for sku in SKUS if supports(sku, base, is_tuned, location)]
    body: dict[str, Any] = {
        "format": base.format,
        "name": base.name if tuned is None else tuned.id,
        "version": base.version if tuned is None else TUNED_VERSION,
        "isDefaultVersion": True,
        "maxCapacity": max((sku["capacity"]["maximum"] for sku in skus), default=0),
        "capabilities": {
            "fineTune": str(tunable).lower(),
            "inference": "true",
            "completion": "false",
            "chatCompletion": str(base.chat).lower(),
            "embeddings": "false",
        },
        "skus": skus,
        "lifecycleStatus": "GenerallyAvailable",
    }
    if base.retires is not None:
        retires = _day(base.retires)
        body["deprecation"] = (
            {"inference": retires} if tuned or not tunable else dict.fromkeys(("fineTune", "inference"), retires)
        )
    if tuned is not None:
        body["baseModel"] = {"format": base.format, "name": base.name, "version": base.version}
    return body


def _models(resource: Resource) -> list[dict[str, Any]]:
    location = resource.account.location
    found = [_model(base, None, location) for base in resource.catalogue.models]
    for tuned in models.listed_models(resource.database):
        base = resource.catalogue.find(tuned.base)
        if base is not None:
            found.append(_model(base, tuned, location))
    return found


def _usage(entry: Quota) -> dict[str, Any]:
    return {
        "name": {"value": entry.usage, "localizedValue": entry.text},
        "currentValue": float(entry.used),
        "limit": float(entry.limit),
        "unit": "Count",
    }


def _location(request: Request) -> str | None:
    """The region that a request is about, by default the account's; None for one that the service does not have."""
    resource = resource_of(request)
    given = request.path_params.get("location", resource.account.location).replace(" ", "").casefold()
    known = (resource.account.location, *resource.catalogue.global_regions)
    return given if given in known else None


async def list_account_models(request: Request) -> Response:
    """`GET .../accounts/{account}/models`: base models and tuned ones, a page at a time."""
    return page_of(request, _models(resource_of(request)))


async def list_location_models(request: Request) -> Response:
    """`GET .../locations/{location}/models`: base models, each with the SKUs that the region has."""
    resource, location = resource_of(request), _location(request)
    if location is None:
        return values([])
    return values(
        [
            {"kind": "AIServices", "skuName": "S0", "model": _model(base, None, location)}
            for base in resource.catalogue.models
        ]
    )


async def list_usages(request: Request) -> Response:
    """`GET .../usages` of the location or the account: each region has quotas of its own, elsewhere all unused."""
    location = _location(request)
    return values([_usage(entry) for entry in quotas(resource_of(request), location)] if location else [])


def _wanted(request: Request) -> tuple[BaseModel, bool] | None:
    query, resource = request.query_params, resource_of(request)
    if not all(query.get(name) for name in ("modelFormat", "modelName", "modelVersion")):
        message = "The query parameters modelFormat, modelName and modelVersion are required."
        raise ApiError(400, "InvalidRequestParameter", message)
    tuned = models.find_tuned(resource.database, query["modelName"])
    base = resource.catalogue.find(tuned.base if tuned else query["modelName"])
    version = TUNED_VERSION if tuned else base.version if base else None
    if base is None or query["modelFormat"] != base.format or query["modelVersion"] != version:
        return None
    return base, tuned is not None


def _capacity(request: Request, sku: Sku, base: BaseModel, location: str) -> dict[str, Any]:
    resource, query = resource_of(request), request.query_params

    def left(of_tuned: bool) -> float:
        if not supports(sku, base, of_tuned, location):
            return 0.0
        return float(quota(resource, sku, base, of_tuned, location=location).available)

    path = f"/subscriptions/{resource.account.subscription_id}/providers/Microsoft.CognitiveServices"
    return {
        "id": f"{path}/locations/{location}/models/{query['modelName']}/skus/{sku.name}",
        "name": sku.name,
        "type": "Microsoft.CognitiveServices/locations/models/skus",
        "location": location,
        "properties": {
            "model": {name: query[f"model{name.capitalize()}"] for name in ("format", "name", "version")},
            "skuName": sku.name,
            "availableCapacity": left(False),
            "availableFinetuneCapacity": left(True),
        },
    }


async def list_capacities(request: Request) -> Response:
    """`GET .../modelCapacities` of the subscription or a location: what is left of a model's quota, by SKU.

    The subscription's list is the account's region's; the service has one entry for each region there.
    """
    wanted, location = _wanted(request), _location(request)
    if wanted is None or location is None:
        return values([])
    base, tuned = wanted
    return values([_capacity(request, sku, base, location) for sku in SKUS if supports(sku, base, tuned, location)])


_LOCATION = f"{PROVIDER}/locations/{{location}}"

ROUTES = [
    arm_route(f"{ACCOUNT}/models", "GET", list_account_models, "accounts/models"),
    arm_route(f"{ACCOUNT}/usages", "GET", list_usages, "accounts/usages"),
    arm_route(f"{_LOCATION}/models", "GET", list_location_models, "locations/models"),
    arm_route(f"{_LOCATION}/usages", "GET", list_usages, "locations/usages"),
    arm_route(f"{PROVIDER}/modelCapacities", "GET", list_capacities, "modelCapacities"),
    arm_route(f"{_LOCATION}/modelCapacities", "GET", list_capacities, "locations/modelCapacities"),
]
