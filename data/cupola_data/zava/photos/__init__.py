"""Zava's product photos: small pictures drawn by a script, with questions about product, colour and article number."""

from .samples import DIRECTORY as DIRECTORY
from .samples import write_samples as write_samples
