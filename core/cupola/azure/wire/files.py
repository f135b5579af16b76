"""Files and models."""

from __future__ import annotations

from ...models import ServiceFile, ServiceModel
from .reading import Json, identifier, integer, mapping, moment, not_understood, raw, text


def file(value: Json, as_of: float) -> ServiceFile:
    """Read a file.

    Raises:
        ServiceError: it has no id.
    """
    file_id = identifier(value)
    if file_id is None:
        raise not_understood("A file in it has no id.")
    return ServiceFile(
        id=file_id,
        filename=text(value.get("filename")) or "",
        purpose=text(value.get("purpose")) or "",
        status=text(value.get("status")) or "unknown",
        bytes=integer(value.get("bytes")),
        created_at=moment(value.get("created_at")) or 0,
        raw=raw(value),
        as_of=as_of,
    )


def model(value: Json) -> ServiceModel | None:
    """Read a model; None if it has no id."""
    model_id = identifier(value)
    if model_id is None:
        return None
    can_fine_tune = mapping(value.get("capabilities")).get("fine_tune")
    deprecation = mapping(value.get("deprecation"))
    created_at = moment(value.get("created_at"))
    return ServiceModel(
        id=model_id,
        created_at=(moment(value.get("created")) if created_at is None else created_at) or 0,
        base_model=text(value.get("model")),
        can_fine_tune=can_fine_tune if isinstance(can_fine_tune, bool) else None,
        lifecycle=text(value.get("lifecycle_status")),
        fine_tune_until=moment(deprecation.get("fine_tune")),
        inference_until=moment(deprecation.get("inference")),
        raw=raw(value),
    )
