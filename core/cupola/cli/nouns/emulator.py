"""The local emulator: a service that speaks Azure OpenAI's REST API and whose fine-tuning is real learning."""

from __future__ import annotations

import argparse
import ipaddress
import math
from pathlib import Path

from ...errors import CupolaError, UsageError
from ...worker.detach import detached
from ..context import Context


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the flags; the noun has no verbs."""
    parser.add_argument("--host", default="127.0.0.1", help="a local address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="directory that holds its files and jobs")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than declared it works")
    parser.add_argument("--dialect", choices=("azure", "openai"), default="azure", help="how jobs are worded")
    parser.add_argument("--detach", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, context: Context) -> int:
    """Serve until stopped; one line of JSON on stdout says where once it answers."""
    _check(options)
    if options.detach and not detached():
        return 0
    from ...emulator.lock import StateInUseError
    from ...emulator.serve import serve

    state = options.state or context.paths.emulator_state
    try:
        serve(options.host, options.port, state, options.speed, options.dialect)
    except StateInUseError as error:
        raise CupolaError(str(error)) from error
    except OSError as error:
        raise CupolaError(
            f"The emulator cannot serve on {options.host}:{options.port}.", str(error.strerror)
        ) from error
    return 0


def _check(options: argparse.Namespace) -> None:
    if not 0 <= options.port <= 65_535:
        raise UsageError(f"There is no port {options.port}.", remedy="Give one up to 65535; 0 takes a free one.")
    check_speed(options.speed)
    if not _is_local(options.host):
        raise UsageError(
            f"The emulator serves this machine only, and {options.host!r} is not an address of it.",
            remedy="Leave --host out, or give 127.0.0.1, ::1 or localhost.",
        )


def check_speed(speed: float) -> None:
    """See that time can run at this speed.

    Raises:
        UsageError: it cannot.
    """
    if not (math.isfinite(speed) and speed > 0):
        raise UsageError(f"The speed must be a number above 0, not {speed:g}.")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
