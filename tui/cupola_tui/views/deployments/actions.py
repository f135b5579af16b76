"""What may be done about deployments, and the cards that say what it means before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cupola.deployments.durations import duration_text
from cupola.deployments.orphans import Orphan, wish_away
from cupola.deployments.plan import Plan, create_command
from cupola.deployments.tiers import hosting
from cupola.settings import Profile
from cupola.store import deployments
from cupola.store.database import Database
from cupola.store.deployments import Deployment, State

from ..actions import Action, place
from .rows import model_words, money

ASKS = "ask."
"""Actions that ask for more before their card begin so."""

_THEIRS = " Others have made it, and may need it as it is."


def menu(row: Deployment | None, profile: Profile, orphans: int, refusal: str) -> list[Action]:
    """All actions; `refusal` says why nothing can be asked of the control plane."""
    where, later = place(profile), "shown before anything is done"
    out = [_asking("deploy", "", "Deploy a model", "Asks which model, tier, capacity, fuse.", where, later, refusal)]
    if row is not None:
        not_now = refusal or _not_now(row)
        absent = not_now or ("nothing of it stands" if row.state is State.FAILED and not row.stands else "")
        name = row.name
        out += [
            _asking("extend", name, f"Set the fuse of {name}", "Asks when it is to go.", where, later, absent),
            _asking("scale", name, f"Scale {name}", "Asks for its new capacity.", where, later, absent),
            _asking("remove", name, f"Remove {name}", "Asks you to type its name.", where, later, not_now),
        ]
    none = refusal or ("" if orphans else "nothing that Cupola made is left over")
    what = f"Lists {orphans} that Cupola made and nothing needs." if orphans else "Lists what nothing needs any more."
    return [*out, _asking("sweep", "", "Sweep orphans", what, where, "none", none)]


def create_action(takes: Plan, profile: Profile, now: float) -> Action:
    """Making a deployment."""
    wanted = takes.wanted
    free = "" if takes.quota is None else f" {takes.quota.free:,.0f} of its quota is free."
    end = "stays until somebody removes it" if wanted.fuse_seconds is None else "goes by its fuse after "
    end += "" if wanted.fuse_seconds is None else duration_text(wanted.fuse_seconds)
    size = f"capacity {wanted.capacity:,} ({takes.tier.unit})"
    what = f"{model_words(wanted.model)} on {takes.tier.name}, {size}. It {end}.{free}"
    return Action(
        "deployment.create",
        wanted.name,
        f"Deploy {wanted.name}",
        " ".join([what, *takes.warnings]),
        place(profile),
        takes.cost(),
        create_command(wanted, profile.name),
        write=lambda database: deployments.want(database, wanted, now),
    )


def extend_action(row: Deployment, seconds: float | None, profile: Profile, now: float) -> Action:
    """Setting the fuse anew, from now on."""
    at = None if seconds is None else now + seconds
    hourly = hosting(row.model, row.sku).usd_per_hour
    if hourly is None:
        cost = "its price by the hour is not known"
    elif hourly == 0:
        cost = "nothing by the hour; tokens as they are used"
    else:
        whole = f"{money(hourly * seconds / 3_600)} until then" if seconds is not None else "without end"
        cost = f"{money(hourly)} an hour, {whole}"
    goes = "Nothing removes it by itself any more."
    if at is not None:
        goes = f"It is removed {duration_text(seconds)} from now."
    return Action(
        "deployment.extend",
        row.name,
        f"Set the fuse of {row.name}",
        goes,
        place(profile),
        cost,
        _command("extend", row.name, profile, "--fuse", duration_text(seconds)),
        write=lambda database: deployments.extend_fuse(database, row.name, at, now),
    )


def scale_action(row: Deployment, capacity: int, profile: Profile, now: float) -> Action:
    """Giving it another capacity."""
    return Action(
        "deployment.scale",
        row.name,
        f"Scale {row.name}",
        f"From capacity {row.capacity:,} to {capacity:,}; it goes on answering.{'' if row.ours else _THEIRS}",
        place(profile),
        "The same by the hour; more capacity can spend more tokens a minute.",
        _command("scale", row.name, profile, str(capacity)),
        write=lambda database: deployments.want_capacity(database, row.name, capacity, now),
    )


def remove_action(row: Deployment, profile: Profile, now: float) -> Action:
    """Removing it."""
    made = "" if row.ours else _THEIRS
    return Action(
        "deployment.remove",
        row.name,
        f"Remove {row.name}",
        f"Whoever asks it is refused from then on. The model {row.model} stays and can be deployed again.{made}",
        place(profile),
        "none; its hourly cost ends",
        _command("remove", row.name, profile),
        write=lambda database: deployments.want_gone(database, row.name, now),
    )


def sweep_action(chosen: Sequence[Orphan], profile: Profile, now: float) -> Action:
    """Removing the marked orphans."""

    def write(database: Database) -> None:
        wish_away(database, chosen, now)

    names = ", ".join(f"{one.kind} {one.name}" for one in chosen[:6])
    more = f" and {len(chosen) - 6} more" if len(chosen) > 6 else ""
    return Action("deployment.sweep", "", "Sweep orphans", f"Removes {names}{more} for good.", place(profile), "none",
                  _command("sweep", "", profile), write=write)  # fmt: skip


def show_command(row: Deployment, profile: Profile) -> str:
    """The command line that shows a deployment."""
    return _command("show", row.name, profile)


def _asking(kind: str, target: str, title: str, what: str, where: str, cost: str, refusal: str) -> Action:
    return Action(f"{ASKS}{kind}", target, title, what, where, cost, "", refusal)


def _not_now(row: Deployment) -> str:
    return {State.GONE: "it is gone", State.REMOVING: "it is being removed"}.get(row.state, "")


def _command(verb: str, name: str, profile: Profile, *more: str) -> str:
    return shlex.join(["cupola", "deploy", verb, *([name] if name else []), *more, "--profile", profile.name])
