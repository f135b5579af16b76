"""Cora, Zava's customer assistant: her sheet of facts, and questions with good answers."""

from .samples import DIRECTORY, system_prompt, write_samples

__all__ = ["DIRECTORY", "system_prompt", "write_samples"]
