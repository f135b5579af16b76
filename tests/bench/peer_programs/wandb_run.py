"""A finished run of ten metrics for wandb leet to show, in an environment of its own: `python wandb_run.py FOLDER`."""

from __future__ import annotations

import math
import sys

import wandb

METRICS, STEPS = 10, 1_000


def run(folder: str) -> None:
    """Write it, without a network."""
    made = wandb.init(project="peers", mode="offline", dir=folder, settings=wandb.Settings(console="off"))
    for step in range(STEPS):
        made.log({f"metric{number}": math.sin(step / 50 + number) for number in range(METRICS)})
    made.finish()


if __name__ == "__main__":
    run(sys.argv[1])
