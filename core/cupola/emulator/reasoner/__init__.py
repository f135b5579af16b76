"""The reasoner: a log-linear policy for number puzzles that thinks, answers and learns from rewards."""

from __future__ import annotations

from .model import BASE_STAGES, BaseStage, Reasoner, load_base
from .puzzle import NumberPuzzle, recognise
from .reinforcement import ReinforcementTrainer

__all__ = ["BASE_STAGES", "BaseStage", "NumberPuzzle", "Reasoner", "ReinforcementTrainer", "load_base", "recognise"]
