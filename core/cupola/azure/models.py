"""Models that the resource offers."""

from __future__ import annotations

from ..models import ServiceModel
from .client import Service
from .wire import files as wire
from .wire.reading import objects, parse


async def list_models(service: Service) -> list[ServiceModel]:
    """All models, base and fine-tuned, by name; the service tells them on one page."""
    listed = [wire.model(entry) for entry in objects(parse(await service.get("/models")).get("data"))]
    return sorted((model for model in listed if model), key=lambda model: model.id)
