"""Running through the service's own Evals: it asks and grades, and its items become the same answers and grades."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...azure import evals, files
from ...azure.client import Service
from ...azure.wire.reading import Json, identifier, integer, mapping, number, objects, raw, text
from ...errors import CupolaError, ServiceError
from ...models import Problem
from ...store import benchmarks
from ...store.answers import Answer, AnswerState
from ...store.benchmarks import Ask, Run
from ...store.database import Database
from ...store.grades import Grade
from ..definition import Arm, Benchmark, GraderUse
from ..estimate import estimate
from ..items import Item
from ..prices import price_of
from ..schedule import asks_of
from .records import journal, nonce_of, open_asks, part_of, refuse_beyond, remember, remote_of, take_in
from .waiting import until

_CALLED_OFF = ("canceled", "cancelled")
_DEFAULTS: Mapping[str, Any] = {"seed": 42, "temperature": 1.0, "top_p": 1.0}
"""What the service samples with unless it is told otherwise; said aloud, so that the same request has the same hash."""


def as_the_service_asks(benchmark: Benchmark) -> Benchmark:
    """The same benchmark with the sampling that the service would add by itself."""
    arms = tuple(replace(arm, sampling={**_DEFAULTS, **arm.sampling}) for arm in benchmark.arms)
    return replace(benchmark, arms=arms, engine="evals")


async def fill(
    database: Database,
    service: Service,
    run: Run,
    benchmark: Benchmark,
    items: Sequence[Item],
    wanted: Callable[[], bool],
) -> None:
    """Have the service ask and grade, one run for each arm and repeat; may be called again after any interruption.

    Raises:
        NotWantedError: the run was cancelled; the service's runs are cancelled too.
        BudgetSpentError: it may cost more than is left; nothing new was begun.
        ServiceError: the service refused.
    """
    benchmarks.save_asks(database, run.id, asks_of(benchmark, items))
    _refuse_beyond_budget(database, run, benchmark, items)
    nonce = nonce_of(database, run)
    remote = remote_of(database, run)
    if "eval" not in remote:
        criteria = [use.definition for use in benchmark.graders]
        schema = {"type": "object", "properties": {name: {} for name in items[0].fields}}
        eval_id = await evals.create(service, benchmark.name, schema, criteria, nonce)
        benchmarks.set_remote(database, run.id, {**remote, "eval": eval_id})
    for index, arm in enumerate(benchmark.arms):
        for repeat in range(arm.repeats):
            await _one(database, service, run, benchmark, items, index, repeat, wanted)


async def _one(
    database: Database,
    service: Service,
    run: Run,
    benchmark: Benchmark,
    items: Sequence[Item],
    index: int,
    repeat: int,
    wanted: Callable[[], bool],
) -> None:
    """One arm's repeat from its start to its stored items; one that ended earlier is begun anew for its open rows."""
    name = f"{index}/{repeat}"
    asks = open_asks(database, run, index, repeat)
    if not asks:
        return
    eval_id = str(remote_of(database, run)["eval"])
    run_id = await _started(database, service, run, benchmark, items, asks, eval_id, name)

    async def look() -> Json:
        return await evals.get_run(service, eval_id, run_id)

    try:
        ended = await until(service, look, lambda now: evals.status_of(now) in evals.ENDED, wanted)
    except CupolaError:
        if not wanted():
            await evals.cancel_run(service, eval_id, run_id)
        raise
    asked = part_of(database, run, name)["places"]
    found = {
        asked[place]: entry
        for entry in await evals.output_items(service, eval_id, run_id)
        if (place := integer(entry.get("datasource_item_id"))) is not None and 0 <= place < len(asked)
    }
    _take_in(database, service, run, name, benchmark, items, asks, ended, found)
    if evals.status_of(ended) in _CALLED_OFF:
        await _one(database, service, run, benchmark, items, index, repeat, wanted)


async def _started(
    database: Database,
    service: Service,
    run: Run,
    benchmark: Benchmark,
    items: Sequence[Item],
    asks: Sequence[Ask],
    eval_id: str,
    name: str,
) -> str:
    """The id of the service's run for these rows, one that is under way or a new one."""
    known = part_of(database, run, name)
    if known.get("done") or "places" not in known:
        # Which rows its file holds is stored first: found again by its nonce, the run must be read rightly.
        go = int(known.get("go") or 0) + (1 if known.get("done") else 0)
        remember(database, run, name, id=None, go=go, places=[ask.place for ask in asks], done=False)
        known = part_of(database, run, name)
    if known.get("id"):
        return str(known["id"])
    arm = benchmark.arms[asks[0].arm]
    nonce = f"{nonce_of(database, run)}-{name}-{known['go']}"
    begun = await evals.find_run(service, eval_id, nonce)
    if begun is None:
        journal(database, service, arm, asks)
        file_id = await _file(database, service, run, items, known["places"])
        title = f"{arm.name} {asks[0].repeat + 1}"
        begun = await evals.create_run(service, eval_id, title, _source(benchmark, arm, file_id), nonce)
    run_id = identifier(begun)
    if run_id is None:
        raise ServiceError("The service's run has no id.")
    remember(database, run, name, id=run_id)
    return run_id


async def _file(database: Database, service: Service, run: Run, items: Sequence[Item], places: Sequence[int]) -> str:
    """The id of a file of these items; that of all items is uploaded once for all arms."""
    whole = len(places) == len(items)
    known = remote_of(database, run).get("file") if whole else None
    if known:
        return str(known)
    with tempfile.TemporaryDirectory(prefix="cupola-evals-") as folder:
        path = Path(folder) / f"cupola-{run.id}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for place in places:
                file.write(json.dumps({"item": dict(items[place].fields)}, ensure_ascii=False) + "\n")
        file_id = (await files.processed(service, (await files.upload(service, path, "evals")).id)).id
    if whole:
        benchmarks.set_remote(database, run.id, {**remote_of(database, run), "file": file_id})
    return file_id


def _refuse_beyond_budget(database: Database, run: Run, benchmark: Benchmark, items: Sequence[Item]) -> None:
    """Hold what is not begun yet against the budget; errors as for `refuse_beyond`."""
    parts = [
        [part_of(database, run, f"{index}/{repeat}") for repeat in range(arm.repeats)]
        for index, arm in enumerate(benchmark.arms)
    ]
    fresh = [
        arm
        for arm, repeats in zip(benchmark.arms, parts, strict=True)
        if any(not part.get("id") or part.get("done") for part in repeats)
    ]
    if fresh:
        takes = estimate(database, replace(benchmark, arms=tuple(fresh)), items)
        refuse_beyond(run.budget, run.progress.usd, takes)


def _source(benchmark: Benchmark, arm: Arm, file_id: str) -> dict[str, Any]:
    sampling = dict(arm.sampling)
    most = sampling.pop("max_completion_tokens", None) or sampling.pop("max_tokens", None)
    if most is not None:
        # The service's own samples spell it so.
        sampling["max_completions_tokens"] = most
    if arm.response_format is not None:
        sampling["response_format"] = dict(arm.response_format)
    if arm.tools:
        sampling["tools"] = [dict(tool) for tool in arm.tools]
    messages: dict[str, Any] = {"type": "item_reference", "item_reference": f"item.{benchmark.messages_field}"}
    if benchmark.prompt:
        messages = {"type": "template", "template": [dict(message) for message in benchmark.prompt]}
    return {
        "type": "completions",
        "model": arm.deployment,
        "source": {"type": "file_id", "id": file_id},
        "input_messages": messages,
        "sampling_params": sampling,
    }


def _take_in(
    database: Database,
    service: Service,
    run: Run,
    name: str,
    benchmark: Benchmark,
    items: Sequence[Item],
    asks: Sequence[Ask],
    ended: Json,
    found: Mapping[int, Json],
) -> None:
    """Store the service's items as answers and grades; rows that it does not tell of have failed."""
    error = mapping(ended.get("error"))
    why = Problem(
        f"The service's run is {evals.status_of(ended)} and tells nothing of this row.",
        text(error.get("message")) or "",
    )
    answered: list[Answer] = []
    graded: list[Grade] = []
    for ask in asks:
        entry = found.get(ask.place)
        answered.append(_answer(benchmark.arms[ask.arm], ask, entry, why, service.clock()))
        if entry is not None and answered[-1].state is AnswerState.ANSWERED:
            graded += _grades(benchmark, items[ask.place], ask, entry, service.clock())
    take_in(database, run, name, answered, graded)


def _answer(arm: Arm, ask: Ask, entry: Json | None, why: Problem, now: float) -> Answer:
    sample = mapping(entry.get("sample")) if entry is not None else {}
    error = mapping(sample.get("error"))
    output = objects(sample.get("output"))
    if entry is None or error or not output:
        if text(error.get("code")) == "content_filter":
            return Answer(ask.request, ask.number, AnswerState.ANSWERED, now, text="", filtered=True, usd=0.0)
        problem = Problem("The service could not get an answer.", str(error.get("message") or "")[:500])
        return Answer(ask.request, ask.number, AnswerState.FAILED, now, problem=problem if error else why)
    usage = mapping(sample.get("usage"))
    prompt, completion = integer(usage.get("prompt_tokens")), integer(usage.get("completion_tokens"))
    cached = integer(usage.get("cached_tokens"))
    price = price_of(arm.model, arm.tier)
    usd = None if price is None or prompt is None or completion is None else price.usd(prompt, completion, cached or 0)
    finish = text(sample.get("finish_reason"))
    return Answer(
        request=ask.request,
        number=ask.number,
        state=AnswerState.ANSWERED,
        answered_at=now,
        text=text(output[0].get("content")) or "",
        finish_reason=finish,
        filtered=finish == "content_filter",
        tools=json.dumps(output[0]["tool_calls"]) if output[0].get("tool_calls") else None,
        model=text(sample.get("model")),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        usd=usd,
        price=price.source if price and usd is not None else None,
        raw=raw(entry),
    )


def _grades(benchmark: Benchmark, item: Item, ask: Ask, entry: Json, now: float) -> list[Grade]:
    found = []
    for result in objects(entry.get("results")):
        use = _use_of(benchmark, text(result.get("name")) or "")
        if use is not None:
            found.append(_grade(use, item, ask, result, now))
    return found


def _grade(use: GraderUse, item: Item, ask: Ask, result: Json, now: float) -> Grade:
    """A result of the service; a grader that failed there has no score here either, though the service counts 0."""
    reward, passed = number(result.get("score")), result.get("passed")
    error = mapping(mapping(result.get("sample")).get("error")) or mapping(result.get("error"))
    failed = bool(error) or reward is None
    return Grade(
        request=ask.request,
        number=ask.number,
        item=item.hash,
        grader=use.hash,
        reward=None if failed else reward,
        passed=None if failed or not isinstance(passed, bool) else passed,
        errors=("model_grader_server_error",) if failed else (),
        details=(text(error.get("message")) or "The service gave no score.")[:500] if failed else "",
        graded_at=now,
    )


def _use_of(benchmark: Benchmark, name: str) -> GraderUse | None:
    """The grader of a result: its name, to which the service adds an id."""
    fitting = [use for use in benchmark.graders if name == use.name or name.startswith(f"{use.name}-")]
    return max(fitting, key=lambda use: len(use.name), default=None)
