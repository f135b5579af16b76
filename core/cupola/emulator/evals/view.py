"""Render evaluations, runs and output items, the same in both dialects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..resource import Resource
from ..state import eval_items, eval_runs, evals
from ..state.eval_items import OutputItem
from ..state.eval_runs import TERMINAL, Run, Usage
from ..state.evals import Eval


def render_eval(evaluation: Eval) -> dict[str, Any]:
    """The service's JSON of an evaluation."""
    return {
        "object": "eval",
        "id": evaluation.id,
        "created_at": int(evaluation.created_at),
        "name": evaluation.name,
        "metadata": evaluation.metadata,
        "data_source_config": evaluation.data_source_config,
        "testing_criteria": evaluation.testing_criteria,
    }


def _report_url(resource: Resource, run: Run) -> str:
    account = resource.account
    workspace = (
        f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
        f"/providers/Microsoft.CognitiveServices/accounts/{account.name}"
    )
    return f"https://ai.azure.com/resource/evaluation/{run.eval_id}/run/{run.id}?wsid={workspace}"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "model_name": usage.model,
        "invocation_count": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def _verdicts(resource: Resource, run: Run) -> list[dict[str, Any]]:
    evaluation = evals.find(resource.database, run.eval_id)
    counts = eval_runs.verdicts(resource.database, run.id)
    names = [str(criterion["id"]) for criterion in evaluation.testing_criteria] if evaluation else list(counts)
    return [
        {"testing_criteria": name, "passed": counts.get(name, (0, 0))[0], "failed": counts.get(name, (0, 0))[1]}
        for name in names
    ]


def render_run(resource: Resource, run: Run) -> dict[str, Any]:
    """The service's JSON of a run; what it counted is shown once it has ended.

    A row without an answer counts as errored only; a row whose grader failed counts as failed and as errored.
    """
    ended = run.status in TERMINAL
    counts = {"total": run.total or 0, "errored": run.errored, "failed": run.failed, "passed": run.passed}
    return {
        "object": "eval.run",
        "id": run.id,
        "eval_id": run.eval_id,
        "report_url": _report_url(resource, run),
        "status": run.status,
        "model": run.model,
        "name": run.name,
        "created_at": int(run.created_at),
        "result_counts": counts if ended else dict.fromkeys(counts, 0),
        "per_model_usage": [_usage(usage) for usage in eval_runs.usages(resource.database, run.id)] if ended else None,
        "per_testing_criteria_results": _verdicts(resource, run) if ended else None,
        "data_source": run.data_source,
        "error": run.error,
        "metadata": run.metadata,
    }


def _content_hash(item: Mapping[str, Any]) -> str:
    canonical = json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def render_item(resource: Resource, run: Run, item: OutputItem) -> dict[str, Any]:
    """The service's JSON of an output item; its row is shown without the `item` around it."""
    row = eval_items.find_item(resource.database, run.source, item.position)
    return {
        "object": "eval.run.output_item",
        "id": item.id,
        "created_at": int(item.created_at),
        "run_id": run.id,
        "eval_id": run.eval_id,
        "status": item.status,
        "datasource_item_id": item.position,
        "datasource_item": row,
        "_datasource_item_content_hash": _content_hash(row),
        "results": item.results,
        "sample": item.sample,
    }
