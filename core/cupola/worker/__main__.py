"""The worker's process: `python -m cupola.worker --profile NAME [--detach]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from .detach import detached
from .process import PASSED_ON


def main() -> int:
    """Run the worker, or with `--detach` a child of nobody that runs it."""
    parser = argparse.ArgumentParser(prog="cupola worker run")
    parser.add_argument("--profile", required=True)
    parser.add_argument("--detach", action="store_true")
    for name in PASSED_ON:
        parser.add_argument(f"--{name.replace('_', '-')}", default="")
    options = parser.parse_args()
    if options.detach and not detached():
        return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    from ..errors import CupolaError
    from ..paths import default_paths
    from ..settings import read_settings, resolve_profile
    from .run import run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    # The HTTP client would log every request.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    paths = default_paths()
    flags = {name: getattr(options, name) for name in PASSED_ON}
    try:
        # The starter has resolved the profile's name already; one that only the environment describes is in no file.
        environment = {**os.environ, "CUPOLA_PROFILE": options.profile}
        run(resolve_profile(read_settings(paths.config_file), None, environment, **flags), paths)
    except CupolaError as error:
        logging.getLogger("cupola.worker").error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
