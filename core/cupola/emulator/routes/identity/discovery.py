"""What identity libraries read before they ask for a token: the OpenID configuration, its keys, the known hosts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...service import resource_of
from .answers import address


async def openid_configuration(request: Request) -> Response:
    """Where the endpoints of a tenant are; the well-known tenants stand for the emulator's one."""
    tenant = request.path_params["tenant"]
    if tenant in ("common", "organizations", "consumers"):
        tenant = resource_of(request).account.tenant_id
    root = f"{address(request)}/{tenant}"
    return JSONResponse(
        {
            "issuer": f"{root}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{root}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["HS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }
    )


async def keys(request: Request) -> Response:
    """No public keys: the emulator's tokens are signed with a secret of its own."""
    return JSONResponse({"keys": []})


async def instance(request: Request) -> Response:
    """The host that was asked is known, and goes by no other name."""
    host = request.headers.get("host", "127.0.0.1")
    tenant = resource_of(request).account.tenant_id
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"{address(request)}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


ROUTES = [
    Route("/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration, methods=["GET"]),
    Route("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
    Route("/common/discovery/instance", instance, methods=["GET"]),
]
