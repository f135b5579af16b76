"""Keyrings: absent, locked, silent, lying, or there; and what is said where a secret cannot be kept."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from cupola.azure.keyring_secrets import SERVICE, forget_secret, keep_secret, look, read_secret
from cupola.errors import NotAllowedError

SECRET = "planted-9f8e7d6c5b4a"


class FileKeyring:
    """Keeps secrets in a file, as a real backend would, so that another process finds them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _all(self) -> dict[str, str]:
        return dict(json.loads(self.path.read_text())) if self.path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.path.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        self.path.write_text(json.dumps({k: v for k, v in self._all().items() if k != f"{service}/{username}"}))


class LockedKeyring(FileKeyring):
    """Refuses, with a secret in the refusal's words."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"Failed to unlock with {SECRET}")


class ForgetfulKeyring(FileKeyring):
    """Takes a secret and loses it without a word."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class ChangingKeyring(FileKeyring):
    """Gives back something else."""

    def get_password(self, service: str, username: str) -> str | None:
        found = super().get_password(service, username)
        return found[:-1] if found else None


class WaitingKeyring(FileKeyring):
    """Waits for a prompt on a screen that nobody sees."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait(30)
        return None


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "ring.json")


def test_a_secret_is_kept_read_back_and_forgotten(ring: FileKeyring) -> None:
    assert look(ring).usable
    keep_secret("prod", SECRET, ring)
    assert ring.get_password(SERVICE, "prod") == SECRET
    assert read_secret("prod", ring) == SECRET
    assert read_secret("test", ring) is None
    assert forget_secret("prod", ring)
    assert not forget_secret("prod", ring)
    assert read_secret("prod", ring) is None


def test_where_no_keyring_runs_the_choices_are_said() -> None:
    from keyring.backends.fail import Keyring

    state = look(Keyring())
    assert (state.kind, state.usable) == ("absent", False)
    for choice in ("az login --use-device-code", "AZURE_OPENAI_API_KEY", "cryptfile", "as long as its worker lives"):
        assert choice in state.choices
    with pytest.raises(NotAllowedError) as caught:
        keep_secret("prod", SECRET, Keyring())
    assert caught.value.remedy == state.choices
    assert SECRET not in str(caught.value)


def test_a_keyring_that_loses_secrets_without_a_word_is_not_used() -> None:
    from keyring.backends.null import Keyring

    assert look(Keyring()).kind == "unsafe"
    with pytest.raises(NotAllowedError, match="unsafe"):
        keep_secret("prod", SECRET, Keyring())


@pytest.mark.parametrize("kind", [LockedKeyring, ForgetfulKeyring, ChangingKeyring])
def test_a_keyring_that_does_not_keep_a_secret_is_found_out(kind: type[FileKeyring], tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError) as caught:
        keep_secret("prod", SECRET, kind(tmp_path / "ring.json"))
    assert SECRET not in str(caught.value), "neither ours nor what a backend says"
    assert "AZURE_OPENAI_API_KEY" in caught.value.remedy


def test_a_locked_keyring_is_told_from_none(tmp_path: Path) -> None:
    state = look(LockedKeyring(tmp_path / "ring.json"))
    assert (state.kind, "Unlock" in state.choices) == ("locked", True)


def test_a_keyring_that_waits_for_a_prompt_is_given_up(tmp_path: Path) -> None:
    state = look(WaitingKeyring(tmp_path / "ring.json"), seconds=0.05)
    assert state.kind == "hung"
    assert "prompt" in state.why
