"""The service's own evaluations: created once, watched, and fetched to the last page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UnreachableError
from .client import Service, path_segment
from .pages import every, pages
from .wire.reading import Json, identifier, mapping, not_understood, parse, text

NONCE_KEY = "cupola_nonce"
ENDED = ("completed", "failed", "canceled", "cancelled")


async def create(
    service: Service, name: str, item_schema: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]], nonce: str
) -> str:
    """Create an evaluation exactly once for a nonce; return its id. Errors as for `create_run`."""
    body = {
        "name": name,
        "metadata": {NONCE_KEY: nonce},
        "data_source_config": {"type": "custom", "item_schema": dict(item_schema), "include_sample_schema": True},
        "testing_criteria": [dict(criterion) for criterion in criteria],
    }
    return _id(await _created(service, "/evals", body, nonce))


async def create_run(service: Service, eval_id: str, name: str, data_source: Mapping[str, Any], nonce: str) -> Json:
    """Start a run exactly once for a nonce.

    Raises:
        UnreachableError: it is not known whether it was started; starting it again with the same nonce is safe.
        ServiceError: the service refused it.
    """
    body = {"name": name, "metadata": {NONCE_KEY: nonce}, "data_source": dict(data_source)}
    return await _created(service, f"/evals/{path_segment(eval_id)}/runs", body, nonce)


async def find_run(service: Service, eval_id: str, nonce: str) -> Json | None:
    """The run that was started with this nonce."""
    return await _find(service, f"/evals/{path_segment(eval_id)}/runs", nonce)


async def get_run(service: Service, eval_id: str, run_id: str) -> Json:
    """A run as it is now, in the service's JSON."""
    return parse(await service.get(f"/evals/{path_segment(eval_id)}/runs/{path_segment(run_id)}"))


async def cancel_run(service: Service, eval_id: str, run_id: str) -> None:
    """Stop a run; what it has graded stays."""
    await service.post(f"/evals/{path_segment(eval_id)}/runs/{path_segment(run_id)}")


async def output_items(service: Service, eval_id: str, run_id: str) -> list[Json]:
    """Every item of a run, all pages."""
    return await every(service, f"/evals/{path_segment(eval_id)}/runs/{path_segment(run_id)}/output_items", 100)


def status_of(run: Json) -> str:
    """A run's status in lower case."""
    return (text(run.get("status")) or "unknown").lower()


async def _created(service: Service, path: str, body: Mapping[str, Any], nonce: str) -> Json:
    found = await _find(service, path, nonce)
    if found is not None:
        return found
    try:
        return parse(await service.post(path, body))
    except UnreachableError:
        found = await _find(service, path, nonce)
        if found is not None:
            return found
        raise


async def _find(service: Service, path: str, nonce: str) -> Json | None:
    async for page in pages(service, path, 100):
        for entry in page:
            if identifier(entry) and mapping(entry.get("metadata")).get(NONCE_KEY) == nonce:
                return entry
    return None


def _id(value: Json) -> str:
    found = identifier(value)
    if found is None:
        raise not_understood("The evaluation has no id.")
    return found
