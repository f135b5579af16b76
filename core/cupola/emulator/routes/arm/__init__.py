"""The control plane as Azure Resource Manager serves it: discovery, quota, deployments."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from . import authorization, catalogue, deployments, discovery, operations

ROUTES: Sequence[BaseRoute] = (
    *discovery.ROUTES,
    *catalogue.ROUTES,
    *deployments.ROUTES,
    *operations.ROUTES,
    *authorization.ROUTES,
)
