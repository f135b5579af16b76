"""Secrets in the operating system's keyring: found in time, kept only where they stay secret, and read back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import NotAllowedError
from ..settings import KEY_NAMES

SERVICE = "cupola"
"""Under which name secrets lie in the keyring; the user is the profile."""

_SECONDS = 3.0
_PROBE = "is anybody there"
_SAFE = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""Backends that keep secrets secret."""
_NEVER = ("backends.null", "backends.fail", "alt.file.Plaintext", "PlaintextKeyring")
"""Those that lose them without a word, or write them in the open."""
_CHOSEN_BY = "PYTHON_KEYRING_BACKEND"
_ENCRYPTED_FILE = "keyrings.cryptfile.cryptfile.CryptFileKeyring"

_T = TypeVar("_T")


class Backend(Protocol):
    """The part of `keyring`'s backends that is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class KeyringState:
    """Whether secrets can be kept on this machine."""

    kind: str
    """present, absent, locked, hung (it waits for a prompt that nobody sees) or unsafe."""
    backend: str
    why: str = ""

    @property
    def usable(self) -> bool:
        """A secret kept there stays there."""
        return self.kind == "present"

    @property
    def choices(self) -> str:
        """What to do where there is none."""
        if self.usable:
            return ""
        first = "Unlock the keyring; or set" if self.kind in ("locked", "hung") else "Set"
        return (
            f"{first} {KEY_NAMES[0]}; or sign in with Entra, which needs no key (`az login --use-device-code`); "
            f"or {_encrypted_file()}; or type the key in the screen, for as long as its worker lives."
        )


def look(
    backend: Backend | None = None, environment: Mapping[str, str] = os.environ, seconds: float = _SECONDS
) -> KeyringState:
    """Try whether the keyring answers; gives up after so many seconds.

    Args:
        backend: The keyring to use; the machine's if left out.
        environment: A backend that PYTHON_KEYRING_BACKEND names was a person's choice and is taken as such.
    """
    try:
        chosen = backend or _machine_keyring()
    except Exception as error:  # noqa: BLE001  # a backend may fail in any way as it is loaded
        return KeyringState("absent", "none", f"{type(error).__name__} as it was loaded.")
    name = f"{type(chosen).__module__}.{type(chosen).__name__}"
    if "backends.fail" in name:
        return KeyringState("absent", name, "This machine runs no keyring, as is usual over SSH.")
    trusted = backend is not None or any(safe in name for safe in _SAFE) or bool(environment.get(_CHOSEN_BY))
    if any(bad in name for bad in _NEVER) or not trusted:
        return KeyringState("unsafe", name, "It keeps secrets in the open, or loses them.")
    if "cryptfile" in name and not environment.get("KEYRING_CRYPTFILE_PASSWORD"):
        return KeyringState("locked", name, "KEYRING_CRYPTFILE_PASSWORD is not set, and nobody can be asked.")
    outcome = _in_time(lambda: chosen.get_password(SERVICE, _PROBE), seconds)
    if outcome is None:
        return KeyringState("hung", name, "It does not answer; it may wait for a prompt on a screen that nobody sees.")
    problem = outcome[1]
    if problem is not None:
        absent = type(problem).__name__ == "NoKeyringError"
        return KeyringState("absent" if absent else "locked", name, f"It refused with {type(problem).__name__}.")
    return KeyringState("present", name)


def read_secret(user: str, backend: Backend | None = None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The secret of that name, or None where there is none or no keyring that answers."""
    if not look(backend, environment).usable:
        return None
    outcome = _in_time(lambda: (backend or _machine_keyring()).get_password(SERVICE, user))
    return outcome[0] if outcome else None


def keep_secret(
    user: str, secret: str, backend: Backend | None = None, environment: Mapping[str, str] = os.environ
) -> None:
    """Keep a secret, and see that it is there.

    Raises:
        NotAllowedError: there is no keyring that keeps it; says what else can be done.
    """
    state = look(backend, environment)
    if state.usable:
        chosen = backend or _machine_keyring()
        outcome = _in_time(lambda: chosen.set_password(SERVICE, user, secret))
        if outcome is not None and outcome[1] is None and read_secret(user, backend, environment) == secret:
            return
        state = KeyringState("locked", state.backend, "It did not give back what was put in.")
    raise NotAllowedError(f"The secret was not kept: the keyring is {state.kind}.", state.why, state.choices)


def forget_secret(user: str, backend: Backend | None = None, environment: Mapping[str, str] = os.environ) -> bool:
    """Take a secret out; False where there is none or no keyring that answers."""
    if read_secret(user, backend, environment) is None:
        return False
    outcome = _in_time(lambda: (backend or _machine_keyring()).delete_password(SERVICE, user))
    return outcome is not None and outcome[1] is None


def _machine_keyring() -> Backend:
    import keyring

    found = keyring.get_keyring()
    # The chain stops at the first backend that fails; the first safe one is asked directly.
    inner = getattr(found, "backends", None) if "chainer" in type(found).__module__ else None
    safe = [one for one in inner or () if any(name in type(one).__module__ for name in _SAFE)]
    return safe[0] if safe else found


def _in_time(ask: Callable[[], _T], seconds: float = _SECONDS) -> tuple[_T | None, Exception | None] | None:
    """What a call gave or raised; None if it took too long. A locked keyring may wait for a prompt nobody sees."""
    outcome: list[tuple[_T | None, Exception | None]] = []

    def run() -> None:
        try:
            outcome.append((ask(), None))
        except Exception as error:  # noqa: BLE001  # backends let errors of their own transports through
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return outcome[0] if outcome else None


def _encrypted_file() -> str:
    from importlib.util import find_spec

    try:
        installed = find_spec("keyrings.cryptfile") is not None
    except ModuleNotFoundError:
        installed = False
    use = f"{_CHOSEN_BY}={_ENCRYPTED_FILE} and KEYRING_CRYPTFILE_PASSWORD"
    return f"set {use} for an encrypted file" if installed else f"install keyrings.cryptfile and set {use}"
