"""Zava's preferences of tone: of two answers with the same fact, which one Cora should give."""

from .samples import DIRECTORY as DIRECTORY
from .samples import write_samples as write_samples
