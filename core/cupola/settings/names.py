"""The names of environment variables in use, and which of them are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEMO_PROFILE = "demo"
"""The profile that `cupola demo` uses; it points at the local emulator."""

ENVIRONMENT_NAMES: Mapping[str, tuple[str, ...]] = {
    "endpoint": (
        "AZURE_OPENAI_ENDPOINT",
        "AZURE_API_ENDPOINT",
        "AZURE_ENDPOINT",
        "OPENAI_BASE_URL",
        "AZURE_AI_PROJECT_ENDPOINT",
        "FOUNDRY_PROJECT_ENDPOINT",
        "AZURE_FINETUNING_ROUTE",
    ),
    "api_version": ("AZURE_API_VERSION", "API_VERSION", "OPENAI_API_VERSION"),
    "project": ("AZURE_PROJECT_NAME",),
    "tenant_id": ("AZURE_TENANT_ID",),
    "subscription_id": ("AZURE_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
    "resource_group": ("AZURE_RESOURCE_GROUP", "AZURE_RESOURCE_GROUP_NAME", "RESOURCE_GROUP"),
    "account": ("AZURE_AOAI_ACCOUNT", "AOAI_RESOURCE", "AZURE_ACCOUNT_NAME"),
    "region": ("AZURE_LOCATION",),
    "token_scope": ("AZURE_FINETUNING_TOKEN_SCOPE",),
}
"""By setting, the spellings in Microsoft's own samples and in azd; the first that is set wins."""

KEY_NAMES = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY", "AOAI_KEY")


@dataclass(frozen=True, slots=True)
class Found:
    """A setting that the environment names."""

    setting: str
    variable: str
    """The spelling that won."""
    value: str
    others: tuple[str, ...] = ()
    """Other spellings that are set too, to something else."""


def find_names(environment: Mapping[str, str]) -> list[Found]:
    """Every setting that the environment names; keys are not among them. An empty variable counts as not set."""
    found = []
    for setting, names in ENVIRONMENT_NAMES.items():
        hits = [name for name in names if environment.get(name)]
        if hits:
            value = environment[hits[0]]
            others = tuple(name for name in hits[1:] if environment[name] != value)
            found.append(Found(setting, hits[0], value, others))
    return found
