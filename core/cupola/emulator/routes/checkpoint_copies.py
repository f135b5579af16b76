"""`/fine_tuning/jobs/{id}/checkpoints/{id}/copy`: copy a checkpoint to another resource, a preview of the v1 route.

The emulator is one resource only, so nothing arrives anywhere: it checks the request and tells the copy's progress.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import read_object, required_text
from ..errors import invalid_payload, not_found
from ..resource import Resource
from ..service import resource_of
from ..state import checkpoint_copies, progress
from ..state.checkpoint_copies import CheckpointCopy
from ..state.progress import Checkpoint
from .jobs import find_job

HEADER = "aoai-copy-ft-checkpoints"
COPY_SECONDS = 5.0
"""How long a copy takes, on the emulator's clock."""

_ACCOUNT = re.compile(
    r"/subscriptions/[^/]{1,64}/resourceGroups/[^/]{1,90}/providers/Microsoft\.CognitiveServices/accounts/[^/]{1,64}",
    re.IGNORECASE,
)


def _find(request: Request) -> Checkpoint:
    if request.headers.get(HEADER) != "preview":
        raise invalid_payload(f"This preview needs the header '{HEADER}: preview'.")
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    checkpoint_id = request.path_params["checkpoint_id"]
    for checkpoint in progress.checkpoints(resource.database, job.id):
        if checkpoint.id == checkpoint_id:
            return checkpoint
    raise not_found(f"The specified checkpoint '{checkpoint_id}' could not be found.")


def _render(resource: Resource, checkpoint: Checkpoint) -> dict[str, Any]:
    copies = checkpoint_copies.of_checkpoint(resource.database, checkpoint.id)
    return {
        "checkpointedModelName": checkpoint.model,
        "fineTuningJobId": checkpoint.job_id,
        "copiedAccountDetails": [
            {
                "destinationResourceId": copy.destination,
                "region": copy.region,
                "status": "Completed" if resource.clock.passed(copy.started_at) >= COPY_SECONDS else "InProgress",
            }
            for copy in copies
        ],
    }


async def create(request: Request) -> Response:
    """`POST .../copy`."""
    resource, checkpoint = resource_of(request), _find(request)
    body = await read_object(request)
    destination, region = required_text(body, "destinationResourceId"), required_text(body, "region")
    if not _ACCOUNT.fullmatch(destination):
        raise invalid_payload("Invalid value for destinationResourceId: expected the resource id of an account.")
    if destination.casefold().endswith(f"/accounts/{resource.account.name}".casefold()):
        raise invalid_payload("Invalid value for destinationResourceId: a checkpoint cannot be copied onto itself.")
    copy = CheckpointCopy(checkpoint.id, destination, region, resource.clock.now())
    checkpoint_copies.add(resource.database, copy)
    return JSONResponse(_render(resource, checkpoint))


async def retrieve(request: Request) -> Response:
    """`GET .../copy`: how far the copies of a checkpoint are."""
    return JSONResponse(_render(resource_of(request), _find(request)))


_COPY = "/fine_tuning/jobs/{job_id}/checkpoints/{checkpoint_id}/copy"

V1_ROUTES = [Route(_COPY, create, methods=["POST"]), Route(_COPY, retrieve, methods=["GET"])]
