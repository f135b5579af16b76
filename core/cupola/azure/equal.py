"""The `cupola` command line that does the same as a REST call, where there is one."""

from __future__ import annotations

import re

_EQUALS = (
    ("GET", re.compile(r"/fine_tuning/jobs$"), "cupola job list"),
    ("POST", re.compile(r"/fine_tuning/jobs$"), "cupola job submit"),
    ("GET", re.compile(r"/fine_tuning/jobs/([^/]+)$"), "cupola job show {}"),
    ("GET", re.compile(r"/fine_tuning/jobs/([^/]+)/(events|checkpoints)$"), "cupola job {1} {0}"),
    ("POST", re.compile(r"/fine_tuning/jobs/([^/]+)/(pause|resume|cancel)$"), "cupola job {1} {0}"),
    ("GET", re.compile(r"/files$"), "cupola file list"),
    ("POST", re.compile(r"/files$"), "cupola file upload"),
    ("GET", re.compile(r"/accounts/[^/]+/deployments$"), "cupola deploy list"),
    ("GET", re.compile(r"/accounts/[^/]+/deployments/([^/]+)$"), "cupola deploy show {}"),
    ("PUT", re.compile(r"/accounts/[^/]+/deployments/([^/]+)$"), "cupola deploy create {}"),
    ("PATCH", re.compile(r"/accounts/[^/]+/deployments/([^/]+)$"), "cupola deploy scale {}"),
    ("DELETE", re.compile(r"/accounts/[^/]+/deployments/([^/]+)$"), "cupola deploy remove {}"),
    ("GET", re.compile(r"/providers/Microsoft.CognitiveServices/locations/[^/]+/usages$"), "cupola deploy quota"),
)


def equal_command(method: str, path: str) -> str | None:
    """The equal command line of a call to `path` (without its query), or None."""
    for verb, pattern, command in _EQUALS:
        match = pattern.search(path)
        if verb == method and match:
            return command.format(*match.groups())
    return None
