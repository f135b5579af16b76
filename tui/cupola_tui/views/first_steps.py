"""What stands in the Jobs pane before there is a job: how to begin, or what keeps it empty."""

from __future__ import annotations

from cupola.models import Health
from cupola.settings import DEMO_PROFILE, KEY_NAMES, Profile

from ..lines import Line, line, wrapped
from .detail import problem_lines


def no_jobs_lines(profile: Profile, health: Health, config_file: str, width: int) -> list[Line]:
    """Connect a resource, mend what is wrong, or submit the first job; whichever comes first."""
    if not profile.endpoint:
        return _unconnected(profile, config_file, width)
    if health.problem is not None:
        connect = [] if profile.name == DEMO_PROFILE else [
            line(""),
            line((":connect", "key bold"), "  keeps a key, signs in, and tries what works"),
        ]  # fmt: skip
        return [line(("No jobs known yet", "accent bold")), line(""), *problem_lines(health.problem, width), *connect]
    return [
        line(("No jobs known yet", "accent bold")),
        line(""),
        *wrapped("Fine-tuning jobs of this profile stand here, with their curves as they learn.", width),
        line(""),
        *wrapped("a trains a model.  r asks the service now.", width, "muted"),
    ]


def _unconnected(profile: Profile, config_file: str, width: int) -> list[Line]:
    if profile.name == DEMO_PROFILE:
        return [
            line(("The demo has not been started", "accent bold")),
            line(""),
            *wrapped("Leave with q and type", width),
            line(("  cupola demo", "key")),
        ]
    return [
        line((f"Profile {profile.name} is not connected to a resource", "accent bold")),
        line(""),
        *wrapped("To look around first, without Azure: leave with q and type", width),
        line(("  cupola demo", "key")),
        line(""),
        *wrapped("To connect your Azure OpenAI or Foundry resource, leave and set", width),
        line(("  export AZURE_OPENAI_ENDPOINT=https://NAME.openai.azure.com", "key")),
        line((f"  export {KEY_NAMES[0]}=...", "key")),
        line(""),
        *wrapped("or write a profile into", width),
        *(line(f"  {part}") for part in _folded(config_file or "the configuration file", width - 2)),
        line((f"  [profiles.{profile.name}]", "key")),
        line(('  endpoint = "https://NAME.openai.azure.com"', "key")),
        line(('  credential = "entra"', "key"), ("    after `az login`; leave it out for a key", "muted")),
    ]


def _folded(path: str, width: int) -> list[str]:
    """A path over as many lines as it needs: one that is cut leads nowhere."""
    return [path[at : at + width] for at in range(0, len(path), max(1, width))]
