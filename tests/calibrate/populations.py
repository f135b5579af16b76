"""Simulated graded answers whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WITHIN = 0.5
"""The correlation of items that hold the same prompt."""


def prompt_rates(source: np.random.Generator, rate: float, shape: tuple[int, ...]) -> Floats:
    """Return the chance to pass of prompts whose items correlate with WITHIN: a beta distribution with mean `rate`."""
    mass = 1 / WITHIN - 1
    return source.beta(rate * mass, (1 - rate) * mass, shape)


def passes(source: np.random.Generator, rate: float, tables: int, prompts: int, repeats: int) -> Floats:
    """Return tables of passes as (tables, prompts, repeats); without repeats the items are independent."""
    if repeats == 1:
        return (source.random((tables, prompts, 1)) < rate).astype(np.float64)
    chances = prompt_rates(source, rate, (tables, prompts, 1))
    return (source.random((tables, prompts, repeats)) < chances).astype(np.float64)


def scores(source: np.random.Generator, mean: float, tables: int, prompts: int, repeats: int) -> Floats:
    """Return tables of scores from 0 to 1 as (tables, prompts, repeats), beta between and within prompts.

    Between prompts the variance is m(1-m)/9, within them it is the same: items correlate with a half.
    """
    between = source.beta(8 * mean, 8 * (1 - mean), (tables, prompts, 1)).clip(1e-9, 1 - 1e-9)
    return source.beta(7 * between, 7 * (1 - between), (tables, prompts, repeats))


def rival(source: np.random.Generator, first: Floats, rate: float, drop: float) -> Floats:
    """Return a second arm of passes whose rate is lower by `drop` and whose items correlate with the first's.

    Half of its answers copy the first arm's verdict, half are its own; then passes fail until the rate is met.
    """
    own = passes(source, rate, *first.shape)
    copied = np.where(source.random(first.shape) < 0.5, first, own)
    return copied * (source.random(first.shape) < 1 - drop / rate)


def copies(source: np.random.Generator, arms: int, prompts: int, repeats: int) -> Floats:
    """Return arms that are one and the same model as (arms, prompts, repeats): same chances, other answers."""
    chances = source.beta(2.0, 1.0, (1, prompts, 1))
    return (source.random((arms, prompts, repeats)) < chances).astype(np.float64)


def scored_copies(source: np.random.Generator, arms: int, prompts: int, repeats: int) -> Floats:
    """Return arms that are one and the same model, with scores from 0 to 1, as (arms, prompts, repeats)."""
    usual = source.beta(4.0, 2.0, (1, prompts, 1))
    return (usual + source.normal(0.0, 0.15, (arms, prompts, repeats))).clip(0.0, 1.0)


def ranked(source: np.random.Generator, rates: Floats, prompts: int) -> Floats:
    """Return arms of given pass rates as (arms, prompts); prompts are hard or easy for all arms alike."""
    shared = source.standard_normal(prompts)
    own = source.standard_normal((len(rates), prompts))
    latent = np.sqrt(0.6) * shared + np.sqrt(0.4) * own
    # The rank of a standard normal by its own distribution is uniform, so each arm keeps its rate.
    return (_normal_rank(latent) < rates[:, None]).astype(np.float64)


def _normal_rank(values: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(values), dtype=np.float64)
