"""Having a job paused once its reward stands still: the card of giving the order or taking it back; how it stands."""

from __future__ import annotations

import shlex

from cupola.models import Job
from cupola.settings import Profile
from cupola.store import convergence_orders
from cupola.store.convergence_orders import Order

from ..lines import Line, wrapped
from .actions import Action, place
from .words import moment

KIND = "job.pause-when-converged"
_WHAT = (
    "The worker looks at every validation pass; once the last three cannot be told apart by more than a twentieth of"
    " the reward's range, it pauses the job, as x would, and tells why, what that saves and how to go on."
)


def actions(job: Job, order: Order | None, profile: Profile, now: float) -> list[Action]:
    """What may be done: the order is given, or taken back; nothing for a job that it does not fit."""
    if job.method != "reinforcement" or job.phase.ended:
        return []
    stands = order is not None and order.stands
    if stands:
        return [
            Action(
                KIND,
                job.id,
                f"No pause by itself any more: {job.name}",
                "Takes the order back: it trains on to its end, its budget or your own pause.",
                place(profile),
                "What training costs until then.",
                _command(job, profile, "--not-when-converged"),
                write=lambda database: convergence_orders.withdraw(database, job.id),
            )
        ]
    return [
        Action(
            KIND,
            job.id,
            f"Pause by itself once converged: {job.name}",
            _WHAT,
            place(profile),
            "Nothing more while it is paused; training until then is billed. It can be resumed.",
            _command(job, profile, "--when-converged"),
            write=lambda database: convergence_orders.give(database, job.id, now),
        )
    ]


def order_lines(job: Job, order: Order | None, now: float, width: int) -> list[Line]:
    """How the order stands, in a line; nothing where there is none."""
    if order is None or job.phase.ended:
        return []
    if order.stands:
        return wrapped(
            f"‖ is paused once it has converged, as you said {moment(order.asked_at, now)}", width, "info", "  "
        )
    return wrapped(f"‖ it had converged {moment(order.met_at or now, now)}: {order.why}", width, "warn", "  ")


def _command(job: Job, profile: Profile, flag: str) -> str:
    return shlex.join(["cupola", "job", "pause", job.id, flag, "--profile", profile.name])
