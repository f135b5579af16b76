"""The talker: a tiny language model that answers, and learns, any text."""

from .preference import PreferenceTrainer
from .reinforcement import ReinforcementTrainer
from .run import NothingToLearnError
from .supervised import SupervisedTrainer
from .talker import Size, Talker, base_weights, load, load_base

__all__ = [
    "NothingToLearnError",
    "PreferenceTrainer",
    "ReinforcementTrainer",
    "Size",
    "SupervisedTrainer",
    "Talker",
    "base_weights",
    "load",
    "load_base",
]
