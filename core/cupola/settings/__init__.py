"""Profiles and preferences: read from TOML and environment with where each value came from, and written back."""

from .names import DEMO_PROFILE, ENVIRONMENT_NAMES, KEY_NAMES, Found, find_names
from .profile import CREDENTIALS, DATED_API_VERSION, Profile
from .reading import Settings, read_settings
from .resolving import resolve_profile

__all__ = [
    "CREDENTIALS",
    "DATED_API_VERSION",
    "DEMO_PROFILE",
    "ENVIRONMENT_NAMES",
    "KEY_NAMES",
    "Found",
    "Profile",
    "Settings",
    "find_names",
    "read_settings",
    "resolve_profile",
]
