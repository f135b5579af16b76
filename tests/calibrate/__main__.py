"""Simulate what the statistics promise and print it against its limits: `python -m tests.calibrate`."""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from .claims import claim_rows
from .coverage import coverage_rows

SEED = 20_240_229


def main() -> int:
    """Print the table; return 1 if a share lies outside its limits."""
    options = argparse.ArgumentParser(prog="python -m tests.calibrate", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--coverage-tables", type=int, default=40_000, help="simulated for one pass rate's coverage")
    options.add_argument("--claim-tables", type=int, default=2_000, help="simulated for one rate of false claims")
    chosen = options.parse_args()
    started = time.monotonic()
    out = sys.stdout
    out.write(
        f"Seed {chosen.seed}. Items of one prompt correlate with 0.5. Limits are judged at a tenth of a percent.\n\n"
    )
    broken = 0
    coverage = coverage_rows(np.random.default_rng([chosen.seed, 1]), chosen.coverage_tables)
    claims = claim_rows(np.random.default_rng([chosen.seed, 2]), chosen.claim_tables)
    for rows in (coverage, claims):
        for row in rows:
            out.write(f"{row}\n")
            out.flush()
            broken += not row.kept
        out.write("\n")
    out.write(f"{broken or 'None'} outside the limits. {time.monotonic() - started:.0f} s.\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
