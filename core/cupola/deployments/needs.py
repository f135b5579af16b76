"""What a profile must say before deployments can be listed or made."""

from __future__ import annotations

from ..azure.control_plane import missing_settings
from ..settings import Profile


def lacking(profile: Profile) -> str:
    """What to add to a profile, and how; "" where nothing is missing."""
    missing = missing_settings(profile)
    if not missing:
        return ""
    return (
        f"Profile {profile.name!r} does not say where its deployments are managed: {', '.join(missing)} missing. Add "
        "them to the profile, or set AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_AOAI_ACCOUNT; sign in with "
        "`az login --use-device-code`. All else works without."
    )
