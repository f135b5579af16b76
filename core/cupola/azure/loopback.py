"""Signing in at a service on this machine: identity libraries insist on https, which stops here."""

from __future__ import annotations

from typing import Any


def loopback_transport(host: str) -> Any:
    """A transport for azure-identity that speaks plain http to this one host and refuses every other.

    Args:
        host: Name and port, on this machine.
    """
    from azure.core.pipeline.transport import RequestsTransport

    class Loopback(RequestsTransport):  # type: ignore[misc]  # azure-core's lazy exports have no types
        def send(self, request: Any, **settings: Any) -> Any:
            if not request.url.startswith(f"https://{host}/"):
                raise ValueError("A local sign-in leads elsewhere.")
            request.url = f"http{request.url.removeprefix('https')}"
            return super().send(request, **settings)

    # A proxy has no way to this machine's own services.
    return Loopback(use_env_settings=False)
