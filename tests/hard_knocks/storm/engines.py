"""Quick engines for all workflows at once: models that know words and models that read, as the row asks."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.core.workflows import engines as words
from tests.core.workflows import reading_engines as reading

from cupola.emulator.engine import Answer, AnswerRequest, Weights
from cupola.emulator.engines import Training, WeightsReference

JUDGED = "Is this right:"
"""How a judge is asked."""


class Model(words.ShareModel):
    """Knows a share of all words, and gets the same share of what it reads right."""

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: AnswerRequest) -> Answer:
        asked = str(request.messages[-1].get("content"))
        if asked.startswith(JUDGED):
            text = json.dumps({"steps": [], "result": float("I do not know" not in asked)})
        else:
            text = (words.reply if asked.startswith("What is ") else reading.reply)(self.share, request.messages)
        return Answer(text=text, finish_reason="stop", prompt_tokens=20, completion_tokens=len(text.split()))


class Engines(words.ShareEngines):
    """The set."""

    def model(self, reference: WeightsReference) -> Model:
        return Model(self.weights(reference))

    def weights(self, reference: WeightsReference) -> Weights:
        return super().weights(reference)

    def trainer(self, training: Training) -> words.ShareTrainer | reading.ReadingTrainer:
        taught = str(training.train_rows[0]["messages"][-1].get("content"))
        return (reading.ReadingTrainer if taught.startswith("##") else words.ShareTrainer)(training)


ENGINES = Engines()
