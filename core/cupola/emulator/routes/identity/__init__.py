"""The emulator's stand-in for Microsoft Entra: tokens for programs, for people with a code, and for machines."""

from __future__ import annotations

from . import azure_cli, device_code, discovery, managed, settings, token

ROUTES = [
    *token.ROUTES,
    *device_code.ROUTES,
    *discovery.ROUTES,
    *managed.ROUTES,
    *azure_cli.ROUTES,
    *settings.ROUTES,
]
