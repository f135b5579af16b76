"""How soon to look at what: a pure schedule, without clock or network."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Profile


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks."""

    moving: float
    """While some job changes by itself."""
    idle: float
    """While nothing does."""
    details: float
    """At most, between looks at the checkpoints and results of a moving job that says nothing new."""
    seldom: float
    """Files and models."""
    settle: float
    """How long after its end a job may still get last events."""
    first_retry: float
    longest_retry: float


LOCAL = Pace(moving=1.0, idle=30.0, details=2.0, seldom=60.0, settle=6.0, first_retry=0.5, longest_retry=3.0)
REMOTE = Pace(moving=5.0, idle=60.0, details=30.0, seldom=900.0, settle=180.0, first_retry=2.0, longest_retry=300.0)


def pace_of(profile: Profile) -> Pace:
    """The pace that suits where the service is."""
    return LOCAL if profile.is_local else REMOTE


def after_success(pace: Pace, moving: bool) -> float:
    """Seconds to the next look."""
    return pace.moving if moving else pace.idle


def after_failure(pace: Pace, failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds to the next look after the `failures`th failure in a row.

    Doubles up to the longest, spread by a quarter each way (`chance` in 0..1) so that many workers do not return
    in step; the service's own Retry-After is never undercut.
    """
    doubled = pace.first_retry * 2.0 ** min(failures - 1, 30)
    spread = min(doubled, pace.longest_retry) * (0.75 + 0.5 * chance)
    return max(spread, retry_after or 0.0)
