"""Read the body that creates a job, refusing what the service would refuse."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cupola_data.models import BaseModel

from ..body import metadata_field, required_text, text_field
from ..errors import ApiError, invalid_payload, not_found
from ..file_import import file_status
from ..resource import Resource
from ..serving import resolve_model
from ..state import files
from .graders import check_grader
from .hyperparameters import read_hyperparameters

METHODS = ("supervised", "dpo", "reinforcement")
MOST_SEED = 2_147_483_647
_SUFFIX = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = {
    "standard": "standard",
    "globalstandard": "globalStandard",
    "developertier": "developerTier",
    "1": "standard",
    "2": "globalStandard",
    "3": "developerTier",
}
"""The spellings of `trainingType`; the numbers are what some clients send."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A checked create body."""

    model: str
    """The id of the model to start from, aliases resolved."""
    base: BaseModel
    method: str
    training_type: str
    seed: int
    hyperparameters: Mapping[str, Any]
    """Without those left to auto."""
    body: Mapping[str, Any]
    """What was sent."""


def _method(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    method = body.get("method")
    if method is None:
        return "supervised", {}
    kind = method.get("type") if isinstance(method, dict) else None
    if kind not in METHODS:
        raise invalid_payload("Invalid value for method.type. Supported values are: supervised, dpo, reinforcement.")
    settings = method.get(kind)
    if settings is not None and not isinstance(settings, dict):
        raise invalid_payload(f"Invalid type for method.{kind}: expected an object.")
    return kind, settings or {}


def _given_hyperparameters(method: str, settings: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    legacy = read_hyperparameters(method, body.get("hyperparameters"))
    own = read_hyperparameters(method, settings.get("hyperparameters"))
    # One page of the documentation shows these two outside of `hyperparameters`.
    loose = {name: settings[name] for name in ("beta", "l2_multiplier") if method == "dpo" and name in settings}
    return {**legacy, **read_hyperparameters(method, loose), **own}


def _training_type(body: Mapping[str, Any], base: BaseModel) -> str:
    given = body.get("trainingType")
    training_type = "standard" if given is None else _TYPES.get(str(given).casefold())
    if training_type is None:
        raise invalid_payload("Invalid value for trainingType.")
    if training_type not in base.tiers:
        spelled = training_type[0].upper() + training_type[1:]
        raise invalid_payload(
            f"The specified model '{base.id}' does not support fine-tuning with {spelled} TrainingType."
        )
    return training_type


def _check_suffix(body: Mapping[str, Any], dated: bool) -> None:
    suffix = text_field(body, "suffix")
    if suffix is None:
        return
    most = 40 if dated else 64
    if not 1 <= len(suffix) <= most:
        raise invalid_payload(f"Invalid value for suffix. It must have between 1 and {most} characters.")
    if not _SUFFIX.fullmatch(suffix):
        raise invalid_payload("Invalid value for suffix. Only letters, digits, '-' and '_' are allowed.")


def _seed(body: Mapping[str, Any]) -> int:
    seed = body.get("seed")
    if seed is None:
        return secrets.randbelow(MOST_SEED)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise invalid_payload(f"Invalid value for seed. It must be an integer between 0 and {MOST_SEED}.")
    return seed


def _check_file(resource: Resource, field: str, file_id: str) -> None:
    file = files.find(resource.database, file_id, resource.clock.now())
    if file is None:
        raise not_found(f"The specified file '{file_id}' could not be found.")
    if file.purpose != "fine-tune":
        raise invalid_payload(f"The {field} '{file_id}' must have purpose 'fine-tune', not '{file.purpose}'.")
    status = file_status(resource, file)
    if status != "processed":
        raise invalid_payload(f"The {field} '{file_id}' is not ready to be used: its status is '{status}'.")


def _check_integrations(body: Mapping[str, Any]) -> None:
    integrations = body.get("integrations")
    if integrations is None:
        return
    known = isinstance(integrations, list) and all(
        isinstance(entry, dict) and entry.get("type") == "wandb" and isinstance(entry.get("wandb"), dict)
        for entry in integrations
    )
    if not known:
        raise invalid_payload("Invalid value for integrations. Only type 'wandb' is supported.")


def _check_response_format(settings: Mapping[str, Any]) -> None:
    wanted = settings.get("response_format")
    if wanted is None:
        return
    named = wanted.get("json_schema") if isinstance(wanted, dict) and wanted.get("type") == "json_schema" else None
    if not isinstance(named, dict) or not isinstance(named.get("schema"), dict):
        raise invalid_payload("Invalid value for response_format. Only type 'json_schema' with a schema is supported.")


def _check_tools(settings: Mapping[str, Any]) -> None:
    """Check the tool servers of an agentic job and the number of turns that an answer may take."""
    tools, steps = settings.get("tools"), settings.get("max_episode_steps")
    for index, tool in enumerate(tools if isinstance(tools, list) else () if tools is None else (tools,)):
        named = isinstance(tool, dict) and all(isinstance(tool.get(key), str) for key in ("name", "server_url"))
        if not named or not isinstance(tool.get("headers"), dict | None):
            raise invalid_payload(f"Invalid value for tools[{index}]. It must have a name and a server_url.")
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise invalid_payload("Invalid value for max_episode_steps. It must be an integer of at least 1.")


def _untunable() -> ApiError:
    return invalid_payload("The specified base model does not support fine-tuning.")


def read_job_request(resource: Resource, body: Mapping[str, Any], dated: bool) -> JobRequest:
    """Check a create body. Raises ApiError in the service's words."""
    name, training_file = required_text(body, "model"), required_text(body, "training_file")
    serving = resolve_model(resource, name)
    if serving is None or not serving.base.methods:
        raise _untunable()
    method, settings = _method(body)
    if method not in serving.base.methods:
        raise _untunable()
    training_type = _training_type(body, serving.base)
    _check_suffix(body, dated)
    metadata_field(body)
    _check_integrations(body)
    hyperparameters = _given_hyperparameters(method, settings, body)
    validation_file = text_field(body, "validation_file")
    if method == "reinforcement":
        check_grader(settings)
        _check_response_format(settings)
        _check_tools(settings)
        if validation_file is None:
            raise invalid_payload("The validation_file field is required for reinforcement fine-tuning.")
    _check_file(resource, "training_file", training_file)
    if validation_file is not None:
        _check_file(resource, "validation_file", validation_file)
    return JobRequest(serving.model, serving.base, method, training_type, _seed(body), hyperparameters, dict(body))
