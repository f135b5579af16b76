"""Read what a client wants deployed, refusing what the control plane would refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from cupola_data.models import BaseModel

from ..errors import ApiError
from ..resource import Resource
from ..state import models
from .skus import Sku, capacity_steps, find_sku, supports

TUNED_VERSION = "1"
"""The version of every tuned model."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_CAPACITY = 10**9
_COMMON_FORMAT = "OpenAI-OSS"
"""A format under which the service takes every open model, beside its publisher's own."""

_OTHER_FORMATS = {"Mistral AI": ("Ministral AI",)}
_UPGRADES = ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade")
_ECHOED = ("raiPolicyName", "parentDeploymentName", "spilloverDeploymentName")


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """A checked wish for a deployment."""

    model: str
    """The id of a base or tuned model that exists."""
    version: str
    format: str
    base: BaseModel
    tuned: bool
    sku: Sku
    capacity: int
    options: Mapping[str, Any]


class BareFailure(ApiError):
    """The service's answer to an open model under a wrong format: 500 and nothing else."""

    def __init__(self) -> None:
        super().__init__(500, "", "")

    def response(self) -> Response:
        """An empty 500."""
        return Response(status_code=500)


def invalid(message: str, code: str = "InvalidRequestContent") -> ApiError:
    """A body that the control plane cannot accept."""
    return ApiError(400, code, message)


def check_name(name: str) -> str:
    """A deployment's name. Raises ApiError when the control plane would not take it."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"The deployment name '{name[:80]}' is invalid: it must be 1 to 64 letters, digits, '-', '.' or '_', and"
            " begin with a letter or digit.",
            "InvalidResourceName",
        )
    return name


def _object(body: Mapping[str, Any], name: str, *, required: bool = False) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"The request content was invalid: '{name}' must be an object.")
    return value


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"The request content was invalid: '{name}' must be a string.")
    return value


def read_capacity(wanted: Mapping[str, Any], sku: Sku, base: BaseModel, default: int | None = None) -> int:
    """The capacity of a `sku` object; the SKU's least where neither it nor a default says one. Raises ApiError."""
    least, step = capacity_steps(sku, base)
    value = wanted.get("capacity")
    if value is None:
        value = least if default is None else default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_CAPACITY:
        raise invalid("The capacity of a deployment must be a whole number of at least 1.", "InvalidCapacity")
    if value < least or (value - least) % step:
        raise invalid(
            f"The capacity {value} is not valid for the SKU '{sku.name}' of model '{base.name}': it must be at least"
            f" {least} and grow in steps of {step}.",
            "InvalidCapacity",
        )
    return value


def read_tags(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The tags of a resource, None when there are none in the body. Raises ApiError."""
    tags = body.get("tags")
    if tags is None:
        return None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()) or len(tags) > 50:
        raise invalid("The request content was invalid: 'tags' must be an object of at most 50 strings.")
    return tags


def read_sku(wanted: Mapping[str, Any], base: BaseModel, version: str, tuned: bool, location: str) -> Sku:
    """The SKU of a `sku` object, if the model can be had under it. Raises ApiError in the service's words."""
    name = _text(wanted, "name") or "Standard"
    sku = find_sku(name)
    if sku is None or not supports(sku, base, tuned, location):
        raise invalid(
            f"The specified SKU '{name[:80]}' for model '{base.name} {version}' is not supported in this region"
            f" '{location}'.",
            "InvalidResourceProperties",
        )
    return sku


def _unsupported(format_: str | None, name: str, version: str | None) -> ApiError:
    return invalid(
        f"The model 'Format: {format_}, Name: {name[:200]}, Version: {version or ''}' of account deployment is not"
        " supported.",
        "DeploymentModelNotSupported",
    )


def _check_format(base: BaseModel, format_: str | None, name: str, version: str | None) -> str:
    taken = (base.format, _COMMON_FORMAT, *_OTHER_FORMATS.get(base.format, ())) if base.open_weights else (base.format,)
    if format_ is not None and format_ in taken:
        return format_
    if base.open_weights and format_:
        raise BareFailure()
    raise _unsupported(format_, name, version)


def _check_source(resource: Resource, source: str | None) -> None:
    if source is None or source.rstrip("/").casefold().endswith(f"/accounts/{resource.account.name}".casefold()):
        return
    raise invalid(f"The source account '{source[:300]}' could not be found.", "InvalidResourceProperties")


def _model(resource: Resource, wanted: Mapping[str, Any]) -> tuple[str, str, str, BaseModel, bool]:
    name, version, format_ = _text(wanted, "name"), _text(wanted, "version"), _text(wanted, "format")
    if not name:
        raise invalid("The model of a deployment must have a name.", "InvalidResourceProperties")
    _check_source(resource, _text(wanted, "sourceAccount"))
    tuned = models.find_tuned(resource.database, name)
    base = resource.catalogue.find(tuned.base if tuned else name)
    own_name = base is not None and name.casefold() == base.name.casefold()
    if base is None or (tuned is None and not own_name):
        raise _unsupported(format_, name, version)
    expected = base.version if tuned is None else TUNED_VERSION
    if version not in (None, "", expected):
        raise _unsupported(format_, name, version)
    checked = _check_format(base, format_, name, version)
    return tuned.id if tuned else base.id, expected, checked, base, tuned is not None


def _options(body: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {name: value for name in _ECHOED if (value := _text(properties, name)) is not None}
    upgrade = _text(properties, "versionUpgradeOption")
    if upgrade is not None:
        known = {option.casefold(): option for option in _UPGRADES}
        if upgrade.casefold() not in known:
            raise invalid(f"The versionUpgradeOption '{upgrade[:80]}' is not one of {', '.join(_UPGRADES)}.")
        options["versionUpgradeOption"] = known[upgrade.casefold()]
    source = _text(_object(properties, "model"), "sourceAccount")
    if source is not None:
        options["sourceAccount"] = source
    tags = read_tags(body)
    if tags is not None:
        options["tags"] = tags
    return options


def read_deployment_request(resource: Resource, body: Mapping[str, Any]) -> DeploymentRequest:
    """Check the body of a PUT. Raises ApiError in the service's words."""
    properties = _object(body, "properties", required=True)
    model, version, format_, base, tuned = _model(resource, _object(properties, "model", required=True))
    wanted = _object(body, "sku")
    sku = read_sku(wanted, base, version, tuned, resource.account.location)
    return DeploymentRequest(
        model=model,
        version=version,
        format=format_,
        base=base,
        tuned=tuned,
        sku=sku,
        capacity=read_capacity(wanted, sku, base),
        options=_options(body, properties),
    )
