"""Facts that need nobody else: names in the environment, the profile, proxies, trust, where secrets can be kept."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..azure.keyring_secrets import KeyringState
from ..settings import KEY_NAMES, Profile, find_names
from .fact import Fact, State, good

_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_BUNDLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_TRUST = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


def names(environment: Mapping[str, str]) -> Iterator[Fact]:
    """Which variables were found, in which spelling, and which contradict each other. No key's value is told."""
    for hit in find_names(environment):
        what = f"{hit.variable} gives {hit.setting}."
        if not hit.others:
            yield good("names", what, setting=hit.setting, variable=hit.variable)
            continue
        why = f"{', '.join(hit.others)} says something else and does not count."
        remedy = f"Unset {' '.join(hit.others)}, or give a profile the value."
        yield Fact("names", State.NOTE, what, why, remedy, {"setting": hit.setting, "variable": hit.variable})
    keys = [name for name in KEY_NAMES if environment.get(name)]
    if not keys:
        return
    differ = len({environment[name].strip() for name in keys}) > 1
    what = f"{keys[0]} holds a key."
    if differ:
        why = f"{', '.join(keys[1:])} holds another one and does not count."
        yield Fact("names", State.NOTE, what, why, f"Unset {' '.join(keys[1:])}.", {"variable": keys[0]})
    else:
        yield good("names", what, variable=keys[0])


def profile_facts(profile: Profile, file: Path) -> Iterator[Fact]:
    """What the profile says, where from, and what it lacks."""
    if not profile.endpoint:
        what = f"Profile {profile.name} has no endpoint."
        yield Fact("profile", State.BAD, what, "Nothing can be asked.", f"cupola profile add {profile.name}")
    else:
        origin = profile.origins.get("endpoint", "built in")
        what = f"Profile {profile.name} is at {urlsplit(profile.endpoint).netloc}, by {origin}."
        yield good("profile", what, endpoint=profile.endpoint, route=profile.route, origins=dict(profile.origins))
    missing = [name for name in ("subscription_id", "resource_group", "account") if not getattr(profile, name)]
    if missing and not profile.is_local:
        why = "Deployments, quota and roles are managed there; all else works without."
        remedy = f"cupola profile add {profile.name} --find --replace"
        yield Fact("profile", State.NOTE, f"{', '.join(missing)}: not given.", why, remedy, {"missing": missing})
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Fact("profile", State.NOTE, f"Others can read {file}.", "It holds no secret.", f"chmod 600 {file}")


def network(
    profile: Profile, environment: Mapping[str, str], trusts: tuple[str, ...] = _SYSTEM_TRUST
) -> Iterator[Fact]:
    """Proxies and the two places where trust in certificates comes from."""
    proxy = next((name for name in _PROXIES if environment.get(name)), None)
    if proxy is None:
        yield good("proxy", "No proxy is set.")
    else:
        # A proxy's address may hold a password; its host does not.
        host = urlsplit(environment[proxy]).hostname or "a proxy"
        what = f"{proxy} sends calls through {host}."
        if profile.is_local:
            what += " This machine's own service is reached without."
        elif _is_exempt(profile, environment):
            what += " NO_PROXY exempts the endpoint."
        yield Fact("proxy", State.NOTE, what, details={"variable": proxy, "host": host})
    bundles = {name: environment[name] for name in _BUNDLES if environment.get(name)}
    for name, path in bundles.items():
        if not Path(path).exists():
            yield Fact("tls", State.BAD, f"{name} names {path}, which is not there.", remedy=f"Mend or unset {name}.")
    one_sided = ("SSL_CERT_FILE" in bundles) != ("REQUESTS_CA_BUNDLE" in bundles)
    if one_sided and not profile.is_local:
        given = "SSL_CERT_FILE" if "SSL_CERT_FILE" in bundles else "REQUESTS_CA_BUNDLE"
        other = "REQUESTS_CA_BUNDLE" if given == "SSL_CERT_FILE" else "SSL_CERT_FILE"
        why = "The service is asked with SSL_CERT_FILE's trust, Entra's sign-in with REQUESTS_CA_BUNDLE's."
        yield Fact("tls", State.NOTE, f"Only {given} is set.", why, f"Set {other} to the same file.")
    elif not bundles and not any(Path(path).exists() for path in trusts):
        why = "The machine has no store of trusted certificates, as small containers do."
        yield Fact("tls", State.NOTE, "No certificates were found.", why, "Install ca-certificates.")
    elif not bundles:
        yield good("tls", "The machine's own certificates are trusted.")


def secrets(profile: Profile, state: KeyringState, environment: Mapping[str, str]) -> Fact:
    """Where a key would come from and could be kept."""
    details = {"keyring": state.kind, "backend": state.backend}
    if state.usable:
        return good("keyring", f"The keyring answers ({state.backend}).", **details)
    needed = profile.credential in ("key", "device-code") and not any(environment.get(name) for name in KEY_NAMES)
    remedy = state.choices if needed else ""
    what = f"The keyring is {state.kind} ({state.backend})."
    return Fact("keyring", State.NOTE, what, state.why, remedy, details)


def _is_exempt(profile: Profile, environment: Mapping[str, str]) -> bool:
    host = urlsplit(profile.endpoint).hostname or ""
    listed = (environment.get("NO_PROXY") or environment.get("no_proxy") or "").split(",")
    return any(
        entry == "*" or (entry and (host == entry or host.endswith(f".{entry}")))
        for raw in listed
        for entry in [raw.strip().lstrip(".")]
    )
