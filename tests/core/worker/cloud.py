"""A small service in memory that a test arranges and watches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass
class Cloud:
    """A small service that a test arranges and watches."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False
    lose_answers_to: str = ""
    """Calls whose path ends so take effect, but their answer is lost."""
    evals: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id; `runs` by id hold their `items`."""
    refuse: httpx2.Response | None = None
    refused_paths: dict[str, int] = field(default_factory=dict)
    """Paths that are answered with this status."""

    def add(self, job_id: str, status: str = "running", **fields: Any) -> None:
        self.jobs[job_id] = {"id": job_id, "model": "m", "status": status, "created_at": len(self.jobs), **fields}
        self.events.setdefault(job_id, [])

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("refused")
        if self.refuse is not None:
            return self.refuse
        path = request.url.path.removeprefix("/openai")
        self.asked.append(f"{request.method} {path}")
        if path in self.refused_paths:
            return httpx2.Response(self.refused_paths[path], json={"error": {"code": "x", "message": "refused"}})
        answer = self._answer(path, request.url.params)
        if self.lose_answers_to and path.endswith(self.lose_answers_to):
            raise httpx2.ReadTimeout("lost")
        return answer

    def _answer(self, path: str, parameters: httpx2.QueryParams) -> httpx2.Response:
        match path.strip("/").split("/"):
            case ["fine_tuning", "jobs"]:
                return _page(list(self.jobs.values())[::-1], parameters)
            case ["fine_tuning", "jobs", job_id]:
                return httpx2.Response(200, json=self.jobs[job_id])
            case ["fine_tuning", "jobs", job_id, "events"]:
                told = [
                    {"id": f"{job_id}-e{n}", "created_at": n, "message": message}
                    for n, message in enumerate(self.events[job_id])
                ]
                return _page(told[::-1], parameters)
            case ["fine_tuning", "jobs", _, "checkpoints"]:
                return _page([], parameters)
            case ["fine_tuning", "jobs", job_id, action]:
                self.jobs[job_id]["status"] = {"pause": "pausing", "resume": "resuming", "cancel": "cancelled"}[action]
                return httpx2.Response(200, json=self.jobs[job_id])
            case ["evals"]:
                return _page([_without(entry, "runs") for entry in self.evals.values()], parameters)
            case ["evals", eval_id, *rest] if eval_id in self.evals:
                return self._evaluation(eval_id, rest, parameters)
            case ["files", file_id, "content"] if file_id in self.results:
                return httpx2.Response(200, text=self.results[file_id])
            case ["files"] | ["models"]:
                return _page([], parameters)
        return httpx2.Response(404, json={"error": {"code": "notFound", "message": "no such thing"}})

    def add_pass(self, eval_id: str, name: str, items: list[dict[str, Any]], **fields: Any) -> None:
        """One run of an evaluation, which is made if it is not there."""
        evaluation = self.evals.setdefault(eval_id, {"id": eval_id, "name": "n", "created_at": 0, "runs": {}})
        run_id = f"{eval_id}-{name.replace(' ', '')}"
        counts = {"total": len(items), "passed": 0, "failed": 0, "errored": 0}
        run = {"id": run_id, "name": name, "status": "completed", "created_at": 0, "result_counts": counts}
        evaluation["runs"][run_id] = {**run, **fields, "items": items}

    def _evaluation(self, eval_id: str, rest: list[str], parameters: httpx2.QueryParams) -> httpx2.Response:
        evaluation = self.evals[eval_id]
        match rest:
            case []:
                return httpx2.Response(200, json=_without(evaluation, "runs"))
            case ["runs"]:
                return _page([_without(run, "items") for run in evaluation["runs"].values()], parameters)
            case ["runs", run_id, "output_items"]:
                return _page(evaluation["runs"][run_id]["items"], parameters)
        return httpx2.Response(404, json={"error": {"code": "notFound", "message": "no such thing"}})


def _without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


def _page(entries: list[dict[str, Any]], parameters: httpx2.QueryParams) -> httpx2.Response:
    ids = [entry["id"] for entry in entries]
    start = ids.index(parameters["after"]) + 1 if parameters.get("after") else 0
    end = start + min(int(parameters.get("limit", 20)), 3)
    return httpx2.Response(200, json={"data": entries[start:end], "has_more": end < len(entries)})
