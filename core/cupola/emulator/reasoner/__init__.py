"""The reasoner: a log-linear policy for number puzzles that thinks, answers and learns from rewards."""

from __future__ import annotations

from .model import STAGES, Reasoner, Stage, base_weights, load, load_base
from .puzzle import NumberPuzzle, recognise
from .reinforcement import ReinforcementTrainer

__all__ = [
    "STAGES",
    "NumberPuzzle",
    "Reasoner",
    "ReinforcementTrainer",
    "Stage",
    "base_weights",
    "load",
    "load_base",
    "recognise",
]
