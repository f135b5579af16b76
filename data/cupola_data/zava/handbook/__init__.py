"""Zava's care-and-returns handbook, and questions about it with answers and the words that prove them."""

from .samples import DIRECTORY as DIRECTORY
from .samples import write_samples as write_samples
