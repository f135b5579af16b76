"""Evaluations: which there are, their runs, and what became of every item."""

from __future__ import annotations

from ..errors import NotFoundError
from ..models import Evaluation, EvaluationItem, EvaluationRun
from .client import Service, is_path_segment, path_segment
from .pages import every
from .wire import evaluations as wire
from .wire.reading import parse

_EVALS = "/evals"


async def get(service: Service, eval_id: str, job_id: str, link: str) -> Evaluation | None:
    """One evaluation, or None if there is none of that id."""
    try:
        return wire.evaluation(parse(await service.get(f"{_EVALS}/{path_segment(eval_id)}")), job_id, link)
    except NotFoundError:
        return None


async def list_all(service: Service) -> list[Evaluation]:
    """All evaluations of the resource, of no job yet, the oldest first."""
    try:
        listed = [wire.evaluation(entry, "", "") for entry in await every(service, _EVALS, 100)]
    except NotFoundError:
        # A resource that knows no evaluations.
        return []
    return [one for one in listed if one is not None and is_path_segment(one.id)]


async def runs(service: Service, eval_id: str) -> list[EvaluationRun]:
    """All runs of an evaluation, the oldest first."""
    listed = await every(service, f"{_EVALS}/{path_segment(eval_id)}/runs", 100)
    found = (wire.run(entry, eval_id) for entry in listed)
    return [run for run in found if run is not None and is_path_segment(run.id)]


async def items(service: Service, run: EvaluationRun) -> list[EvaluationItem]:
    """All output items of a run; one that is told twice counts once."""
    path = f"{_EVALS}/{path_segment(run.eval_id)}/runs/{path_segment(run.id)}/output_items"
    listed = await every(service, path, 100)
    found = (wire.item(entry, run.id, place) for place, entry in enumerate(listed))
    return list({item.id: item for item in found if item is not None}.values())
