"""What the login may do, judged by the permissions that the control plane tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..azure.control_plane import ControlPlane
from ..azure.wire.reading import Json, objects
from ..errors import ServiceError
from .fact import Fact, State, good

_VERSION = "2022-04-01"
_SERVICES = "Microsoft.CognitiveServices"


@dataclass(frozen=True, slots=True)
class _Right:
    """Something that is done here, the action it needs, and the role that brings it."""

    about: str
    action: str
    data: bool
    role: str


_RIGHTS = (
    _Right("train", f"{_SERVICES}/accounts/OpenAI/fine-tunes/write", True, "Foundry User"),
    _Right("deploy", f"{_SERVICES}/accounts/deployments/write", False, "Foundry Owner"),
)


async def role_facts(plane: ControlPlane) -> AsyncIterator[Fact]:
    """Whether the login may train and deploy on this account. A key opens the data plane whatever the roles."""
    try:
        path = f"{plane.place.path}/providers/Microsoft.Authorization/permissions"
        permissions = objects((await plane.get(path, _VERSION)).get("value"))
    except ServiceError as error:
        yield Fact("role", State.UNKNOWN, "What the login may do cannot be seen.", error.why, error.remedy)
        return
    allowed = {right.about: may(permissions, right.action, data=right.data) for right in _RIGHTS}
    held = [about for about, has in allowed.items() if has]
    if held:
        yield good("role", f"The login may {' and '.join(held)}.", rights=allowed)
    for right in _RIGHTS:
        if not allowed[right.about]:
            remedy = f"Ask for the role {right.role} on the account; a new role takes up to five minutes."
            why = f"No role brings {right.action}."
            yield Fact("role", State.NOTE, f"The login may not {right.about}.", why, remedy, {"rights": allowed})


def may(permissions: Sequence[Json], action: str, *, data: bool) -> bool:
    """Whether any of the roles allows an action and does not take it back; actions are the same in any case."""
    kind = "dataActions" if data else "actions"
    without = "notDataActions" if data else "notActions"
    return any(
        _matches(permission, kind, action) and not _matches(permission, without, action) for permission in permissions
    )


def _matches(permission: Mapping[str, object], kind: str, action: str) -> bool:
    listed = permission.get(kind)
    patterns = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return any(fnmatchcase(action.casefold(), pattern.casefold()) for pattern in patterns)
