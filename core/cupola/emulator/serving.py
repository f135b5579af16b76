"""Which weights answer for a deployment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cupola_data.models import BaseModel

from . import instant
from .deployments import lifecycle
from .engines import ModelReference, WeightsReference
from .resource import Resource
from .state import models
from .state.deployments import Deployment


@dataclass(frozen=True, slots=True)
class Serving:
    """A deployment resolved to what answers for it."""

    model: str
    """The model id that answers report."""
    base: BaseModel
    engine: ModelReference
    deployment: Deployment | None = None
    """The deployment that was asked for; None for a model that was resolved by its own name."""


def base_engine(base: BaseModel) -> ModelReference:
    """The tiny engines that stand for a base model."""
    return ModelReference(
        WeightsReference("talker", base.emulator.talker), WeightsReference("reasoner", base.emulator.reasoner)
    )


def resolve_model(resource: Resource, model_id: str) -> Serving | None:
    """What answers for a base or tuned model; None when there is no such model."""
    base = resource.catalogue.find(model_id)
    if base is not None:
        return Serving(base.id, base, base_engine(base))
    tuned = models.find_tuned(resource.database, model_id)
    if tuned is None:
        return None
    root = resource.catalogue.find(tuned.base)
    return Serving(tuned.id, root, ModelReference.from_json(tuned.engine)) if root else None


_INSTANT = Serving(instant.NAME, instant.BASE, instant.REFERENCE, instant.DEPLOYMENT)


def find_serving(resource: Resource, name: str) -> Serving | None:
    """What answers under a deployment's name; None when there is no such deployment or it is not ready yet."""
    if name == instant.NAME:
        return _INSTANT
    deployment = lifecycle.find_ready(resource, name)
    serving = resolve_model(resource, deployment.model) if deployment is not None else None
    return replace(serving, deployment=deployment) if serving is not None else None
