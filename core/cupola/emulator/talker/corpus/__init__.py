"""The pretraining corpus: small dialogues of many kinds, written by code."""

from .dialogues import Dialogue, dialogue, dialogues

__all__ = ["Dialogue", "dialogue", "dialogues"]
