"""Deleting what Cupola has made at the service for one purpose and needs no more."""

from __future__ import annotations

from .client import Service, path_segment


async def delete_eval(service: Service, eval_id: str) -> None:
    """Delete an evaluation with its runs.

    Raises:
        NotFoundError: it is gone already.
        ServiceError: the service refused it.
    """
    async with service.telling():
        await service.client.evals.delete(path_segment(eval_id))
