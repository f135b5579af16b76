"""`python -m cupola.emulator.training PLAN`: one training run, told in JSON lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cupola.emulator.lock import wait_for_lock
from cupola.emulator.parent import listen, tell
from cupola.emulator.training.plan import read_plan
from cupola.emulator.training.run import CannotTrainError, Run, prepared


def main(path: Path) -> None:
    """Train as the plan says. Answers and pages are more urgent than steps, so it steps back for them."""
    inbox = listen()
    if hasattr(os, "nice"):
        os.nice(5)
    with wait_for_lock(path.with_name("lock")):
        plan = read_plan(path)
        try:
            with prepared(plan) as ready:
                Run(plan, ready, inbox).run()
        except CannotTrainError as error:
            tell({"type": "failed", "message": str(error)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
