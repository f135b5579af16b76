"""What may be deployed and how much of it: models, usages, capacities."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cupola_data.models import BaseModel

from ...deployments.quota import Quota, quota, quotas, usage_name
from ...deployments.request import TUNED_VERSION
from ...deployments.skus import SKUS, Sku, supports
from ...errors import ApiError
from ...resource import Resource
from ...service import resource_of
from ...state import models
from ...state.models import TunedModel
from .route import ACCOUNT, PROVIDER, arm_route, values


def _day(date: dt.date) -> str:
    return f"{date.isoformat()}T00:00:00Z"


def _skus(resource: Resource, base: BaseModel, tuned: bool) -> list[dict[str, Any]]:
    return [
        {
            "name": sku.name,
            "usageName": usage_name(sku, base, tuned),
            "capacity": {
                "minimum": 1,
                "maximum": sku.tuned_quota if tuned else sku.base_quota,
                "step": 1,
                "default": min(50, sku.tuned_quota if tuned else sku.base_quota),
            },
        }
        for sku in SKUS
        if supports(sku, base, tuned, resource.account.location)
    ]


def _model(resource: Resource, base: BaseModel, tuned: TunedModel | None) -> dict[str, Any]:
    tunable = bool(base.methods) and not base.open_weights
    skus = _skus(resource, base, tuned is not None)
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
    found = [_model(resource, base, None) for base in resource.catalogue.models]
    for tuned in models.listed_models(resource.database):
        base = resource.catalogue.find(tuned.base)
        if base is not None:
            found.append(_model(resource, base, tuned))
    return found


def _usage(entry: Quota) -> dict[str, Any]:
    return {
        "name": {"value": entry.usage, "localizedValue": entry.text},
        "currentValue": float(entry.used),
        "limit": float(entry.limit),
        "unit": "Count",
    }


def _is_here(request: Request) -> bool:
    location = request.path_params.get("location")
    return location is None or location.replace(" ", "").casefold() == resource_of(request).account.location


async def list_account_models(request: Request) -> Response:
    """`GET .../accounts/{account}/models`: base models and tuned ones."""
    return values(_models(resource_of(request)))


async def list_location_models(request: Request) -> Response:
    """`GET .../locations/{location}/models`: base models."""
    resource = resource_of(request)
    if not _is_here(request):
        return values([])
    return values(
        [
            {"kind": "AIServices", "skuName": "S0", "model": _model(resource, base, None)}
            for base in resource.catalogue.models
        ]
    )


async def list_usages(request: Request) -> Response:
    """`GET .../usages` of the location or the account; elsewhere nothing is used and nothing is to be had."""
    return values([_usage(entry) for entry in quotas(resource_of(request))] if _is_here(request) else [])


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


def _capacity(request: Request, sku: Sku, base: BaseModel, tuned: bool) -> dict[str, Any]:
    resource, query = resource_of(request), request.query_params

    def left(of_tuned: bool) -> float:
        if not supports(sku, base, of_tuned, resource.account.location):
            return 0.0
        return float(quota(resource, sku, base, of_tuned).available)

    path = f"/subscriptions/{resource.account.subscription_id}/providers/Microsoft.CognitiveServices"
    return {
        "id": f"{path}/locations/{resource.account.location}/models/{query['modelName']}/skus/{sku.name}",
        "name": sku.name,
        "type": "Microsoft.CognitiveServices/locations/models/skus",
        "location": resource.account.location,
        "properties": {
            "model": {name: query[f"model{name.capitalize()}"] for name in ("format", "name", "version")},
            "skuName": sku.name,
            "availableCapacity": left(False),
            "availableFinetuneCapacity": left(True),
        },
    }


async def list_capacities(request: Request) -> Response:
    """`GET .../modelCapacities` of the subscription or a location: what is left of a model's quota, by SKU."""
    wanted, resource = _wanted(request), resource_of(request)
    if wanted is None or not _is_here(request):
        return values([])
    base, tuned = wanted
    return values(
        [_capacity(request, sku, base, tuned) for sku in SKUS if supports(sku, base, tuned, resource.account.location)]
    )


_LOCATION = f"{PROVIDER}/locations/{{location}}"

ROUTES = [
    arm_route(f"{ACCOUNT}/models", "GET", list_account_models, "accounts/models"),
    arm_route(f"{ACCOUNT}/usages", "GET", list_usages, "accounts/usages"),
    arm_route(f"{_LOCATION}/models", "GET", list_location_models, "locations/models"),
    arm_route(f"{_LOCATION}/usages", "GET", list_usages, "locations/usages"),
    arm_route(f"{PROVIDER}/modelCapacities", "GET", list_capacities, "modelCapacities"),
    arm_route(f"{_LOCATION}/modelCapacities", "GET", list_capacities, "locations/modelCapacities"),
]
