"""Changing the configuration file: comments stay, nothing half written, readable by its owner only, no secrets."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .names import DEMO_PROFILE
from .profile import SETTINGS, checked
from .reading import Settings, parse_settings

_SECRET_NAMES = re.compile(r"(?i)(^|[-_.])(key|api[-_]?key|password|secret|token|credential_value|sas)$")
_SECRET_VALUES = (
    re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    re.compile(r"(?i)\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"(?i)[?&](sig|api-?key|token|code)="),
    re.compile(r"://[^/@\s]*:[^/@\s]+@"),
    # The two shapes of an Azure key; an id has dashes.
    re.compile(r"^[0-9a-fA-F]{32}$"),
    re.compile(r"^[A-Za-z0-9+/_~.=-]{80,100}$"),
)
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def save_profile(file: Path, name: str, values: Mapping[str, Any], *, replace: bool = False) -> Settings:
    """Write a profile's table; with `replace` what stood there goes.

    Raises:
        UsageError: the name is taken or unfit, a value is wrong or looks like a secret, or the file cannot be written.
    """
    if not _PROFILE_NAME.fullmatch(name) or name == DEMO_PROFILE:
        raise UsageError(
            f"{name[:64]!r} cannot be a profile's name.", "Names have letters, digits, dot, dash; demo is the demo's."
        )
    wanted = checked({key: value for key, value in values.items() if value not in ("", None)}, f"Profile {name}")
    _refuse_secrets(wanted)

    def change(document: MutableMapping[str, Any]) -> None:
        profiles = _table(document, "profiles")
        if name in profiles and not replace:
            raise UsageError(f"There is a profile {name!r} already.", remedy="Choose another name, or give --replace.")
        if not profiles:
            document["default"] = name
        profiles[name] = dict(wanted)

    return _edit(file, change)


def remove_profile(file: Path, name: str) -> Settings:
    """Take a profile out of the file; what is stored under its name stays.

    Raises:
        UsageError: there is none of that name.
    """

    def change(document: MutableMapping[str, Any]) -> None:
        profiles = document.get("profiles", {})
        if name not in profiles:
            raise UsageError(f"There is no profile {name!r}.", f"Known profiles: {', '.join(profiles) or 'none'}.")
        del profiles[name]
        if document.get("default") == name:
            del document["default"]

    return _edit(file, change)


def use_profile(file: Path, name: str) -> Settings:
    """Make a profile the one that counts where none is named.

    Raises:
        UsageError: there is none of that name.
    """

    def change(document: MutableMapping[str, Any]) -> None:
        if name not in (*document.get("profiles", {}), DEMO_PROFILE):
            raise UsageError(f"There is no profile {name!r}.", remedy=f"Add it: cupola profile add {name}")
        document["default"] = name

    return _edit(file, change)


def set_value(file: Path, path: Sequence[str], value: str) -> Settings:
    """Set one value by its path, such as ("profiles", "prod", "region"); words become what the setting takes.

    Raises:
        UsageError: the value is wrong or looks like a secret, or a part of the path is not a table.
    """
    if path[0] != "keys":
        _refuse_secrets({path[-1]: value})

    def change(document: MutableMapping[str, Any]) -> None:
        table = document
        for part in path[:-1]:
            table = _table(table, part)
        table[path[-1]] = _typed(path, value)

    return _edit(file, change)


def unset_value(file: Path, path: Sequence[str]) -> Settings:
    """Take one value or table out.

    Raises:
        UsageError: it is not there.
    """

    def change(document: MutableMapping[str, Any]) -> None:
        table: Any = document
        for part in path[:-1]:
            table = table.get(part, {}) if isinstance(table, MutableMapping) else {}
        if not isinstance(table, MutableMapping) or path[-1] not in table:
            raise UsageError(f"{'.'.join(path)} is not set in {file}.")
        del table[path[-1]]

    return _edit(file, change)


def path_of(dotted: str) -> list[str]:
    """The parts of a name such as `profiles.prod.region`; parts with dots of their own are quoted.

    Raises:
        UsageError: it cannot be read.
    """
    parts = re.findall(r'"((?:[^"\\])*)"|([A-Za-z0-9_-]+)', dotted)
    found = [quoted or bare for quoted, bare in parts]
    if not found or not re.fullmatch(r'("[^"\\]*"|[A-Za-z0-9_-]+)(\.("[^"\\]*"|[A-Za-z0-9_-]+))*', dotted):
        raise UsageError(f"{dotted[:80]!r} is not a setting's name.", remedy="Write it as profiles.NAME.region.")
    return found


def _edit(file: Path, change: Callable[[MutableMapping[str, Any]], None]) -> Settings:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        with _alone(file) as target:
            text = target.read_bytes().decode("utf-8-sig") if target.exists() else ""
            parse_settings(text, file)
            document = tomlkit.parse(text)
            change(document)
            after = tomlkit.dumps(document)
            settings = parse_settings(after, file)
            _check(settings)
            _replace(target, after)
            return settings
    except TOMLKitError as error:
        raise UsageError(f"{file} cannot be changed.", str(error), "Mend it by hand.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be written.", str(error), "Check the disk and its rights.") from error


@contextmanager
def _alone(file: Path) -> Iterator[Path]:
    """Hold the file against another writer; yields where it really lies, which a link may hide."""
    target = file.resolve()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(file.parent / ".config.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield target
    finally:
        os.close(lock)


def _replace(target: Path, text: str) -> None:
    # mkstemp makes it 0600.
    descriptor, part = tempfile.mkstemp(prefix=".config-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _check(settings: Settings) -> None:
    """See that what is about to be written can be read."""
    checked(settings.defaults, "[defaults]")
    for name, table in settings.profiles.items():
        checked(table, f"Profile {name}")


def _table(document: MutableMapping[str, Any], name: str) -> MutableMapping[str, Any]:
    import tomlkit

    if name not in document:
        # A table of tables needs no line of its own.
        document[name] = tomlkit.table(is_super_table=name == "profiles")
    table = document[name]
    if not isinstance(table, MutableMapping):
        raise UsageError(f"{name} is a value, not a table.")
    return table


def _typed(path: Sequence[str], value: str) -> Any:
    kind = SETTINGS.get(path[-1], "str") if path[0] in ("profiles", "defaults") else "str"
    if kind == "bool" and value in ("true", "false"):
        return value == "true"
    if kind == "float":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _refuse_secrets(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        text = value if isinstance(value, str) else ""
        if _SECRET_NAMES.search(name) or any(pattern.search(text) for pattern in _SECRET_VALUES):
            raise UsageError(
                f"{name} is, or looks like, a secret; the configuration holds none.",
                remedy="Keep a key with `cupola profile key NAME`, or in the environment.",
            )
