"""What the demo asks of a distillation."""

from __future__ import annotations

from ...errors import UsageError
from ...settings import DEMO_PROFILE


def check_profile(name: str | None) -> None:
    """Refuse a demo against any other profile: it must never meet a real resource.

    Raises:
        UsageError: another profile is named.
    """
    if name not in (None, DEMO_PROFILE):
        raise UsageError(f"--demo runs on the profile {DEMO_PROFILE}.", remedy="Leave out --profile or --demo.")
