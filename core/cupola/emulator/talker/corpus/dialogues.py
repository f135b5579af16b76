"""The mixture of dialogues that pretraining draws from."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from .records import extraction_dialogue, label_dialogue, repeat_dialogue, tool_dialogue
from .services import service_dialogue
from .tones import knowledge_dialogue, small_talk_dialogue
from .words import weighted

Dialogue = list[dict[str, Any]]

_MIXTURE: Final = (
    (service_dialogue, 0.62),
    (knowledge_dialogue, 0.05),
    (small_talk_dialogue, 0.05),
    (label_dialogue, 0.06),
    (extraction_dialogue, 0.07),
    (tool_dialogue, 0.06),
    (repeat_dialogue, 0.09),
)


def dialogue(rng: Random) -> Dialogue:
    """One dialogue in the service's message format."""
    return weighted(rng, _MIXTURE)(rng)


def dialogues(seed: int) -> Iterator[Dialogue]:
    """Endless dialogues, the same for the same seed."""
    rng = Random(seed)
    while True:
        yield dialogue(rng)
