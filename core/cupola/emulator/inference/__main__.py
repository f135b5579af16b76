"""The process that answers prompts: batches come in on standard input, answers go out on standard output."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cupola.emulator.engine import Answer, AnswerRequest, Model
from cupola.emulator.engines import Engines, ModelReference, WeightsReference, load_engines
from cupola.emulator.judge import asks_for_verdict, verdict
from cupola.emulator.parent import listen, tell

MOST_MODELS = 12


class ModelShelf:
    """The models in memory, the longest unused one leaving first."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._models: OrderedDict[WeightsReference, Model] = OrderedDict()

    def take(self, reference: WeightsReference) -> Model:
        """The model of these weights, loaded if need be."""
        if reference not in self._models:
            self._models[reference] = self._engines.model(reference)
            if len(self._models) > MOST_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end(reference)
        return self._models[reference]


def read_request(body: Mapping[str, Any]) -> AnswerRequest:
    """Read what `dataclasses.asdict` wrote."""
    return AnswerRequest(**{**body, "stop": tuple(body["stop"])})


def answer_batch(
    engines: Engines, shelf: ModelShelf, model: ModelReference, requests: Sequence[AnswerRequest]
) -> list[Answer]:
    """Answer every request by the engine it belongs to, each engine's in one batch; the judge gives the verdicts."""
    by_engine: dict[WeightsReference, list[int]] = {}
    answers: dict[int, Answer] = {}
    for index, request in enumerate(requests):
        if asks_for_verdict(request.json_schema):
            answers[index] = verdict(request)
            continue
        puzzle = model.reasoner is not None and engines.is_puzzle(request.messages)
        reference = model.reasoner if puzzle and model.reasoner is not None else model.talker
        by_engine.setdefault(reference, []).append(index)
    for reference, indices in by_engine.items():
        batch = shelf.take(reference).answer([requests[index] for index in indices])
        answers.update(zip(indices, batch, strict=True))
    return [answers[index] for index in range(len(requests))]


def main(place: str) -> None:
    """Serve batches until the parent ends."""
    inbox = listen()
    engines = load_engines(place)
    shelf = ModelShelf(engines)
    while True:
        message = inbox.get()
        requests = [read_request(body) for body in message["requests"]]
        answers = answer_batch(engines, shelf, ModelReference.from_json(message["model"]), requests)
        tell({"answers": [asdict(answer) for answer in answers]})


if __name__ == "__main__":
    main(sys.argv[1])
