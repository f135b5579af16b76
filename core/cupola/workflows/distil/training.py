"""The stages that train: the file checked and sent, the job submitted once, and followed until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...azure.wire.requests import JobRequest, job_body
from ...benchmarks.hashing import digest
from ...datasets.cost import auto_epochs
from ...errors import CupolaError, UnreachableError
from ...models import Job, Phase, Upload, UploadState
from ...store import checkpoints, datasets, events, files, intents, jobs, points
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ...training.curves import ROWS_KEY, progress
from ...training.failures import explain
from ...training.token_bounds import TOKENS_KEY
from ..kinds import FREE, Scene, Takes, World
from . import prices, rows
from .definition import Distillation

_PURPOSE = "fine-tune"
_CANCEL, _REFRESH = "job.cancel", "refresh"
_GONE = frozenset({"error", "deleting", "deleted"})


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The files by content, the model and every setting."""
    definition: Distillation = scene.definition
    filtered = scene.outputs("filter")
    return {
        "train": filtered["train"]["sha256"],
        "valid": filtered["valid"]["sha256"] if filtered["valid"] else None,
        "model": definition.arm(scene.outputs("roles")["roles"]["student"]).model,
        "hyperparameters": dict(definition.hyperparameters),
        "seed": definition.seed,
        "tier": definition.training_tier,
    }


def takes(_: World, scene: Scene) -> Takes:
    """What the job will cost."""
    definition: Distillation = scene.definition
    train = scene.outputs("filter")["train"]
    model = definition.arm(scene.outputs("roles")["roles"]["student"]).model
    tokens, epochs = int(train["tokens"]), epochs_of(definition, train["rows"])
    return prices.training_ahead(model, definition.training_tier, (tokens, tokens), epochs)


def epochs_of(definition: Distillation, rows_in_all: int) -> int:
    """The epochs that were set, else those that `auto` would choose."""
    wanted = definition.hyperparameters.get("n_epochs")
    return int(wanted) if isinstance(wanted, int | float) else auto_epochs(rows_in_all)


async def train(world: World, scene: Scene, stage: Stage) -> Stage:
    """Check the files, send each once, submit the job once.

    Raises:
        CupolaError: a file or the job was refused.
        UnreachableError: it is not known whether the job was created; it is looked up first next time.
    """
    if "warnings" not in stage.notes:
        warnings = rows.checked(Path(_train_file(scene)["path"]), stage.inputs["model"])
        return replace(stage, notes={**stage.notes, "warnings": warnings}, unit="files")
    stage, sent = _sent(world, scene, stage)
    if sent is None:
        return stage
    request = request_of(scene, *sent)
    nonce = digest([stage.inputs_hash, stage.workflow, stage.notes.get("attempt", 0)])
    job = await world.submit(request, nonce)
    jobs.save(world.database, [job])
    # The polling looks seldom while nothing moves.
    intents.wish(world.database, _REFRESH, "", world.clock())
    outputs = {
        "job": job.id,
        "training_file": sent[0],
        "validation_file": sent[1],
        "request": job_body(request, nonce),
        "warnings": stage.notes["warnings"],
    }
    return replace(stage, state=StageState.DONE, outputs=outputs, done=stage.total)


def request_of(scene: Scene, training_file: str, validation_file: str | None) -> JobRequest:
    """The job as it is asked for."""
    definition: Distillation = scene.definition
    filtered = scene.outputs("filter")
    return JobRequest(
        definition.arm(scene.outputs("roles")["roles"]["student"]).model,
        training_file,
        validation_file,
        hyperparameters=definition.hyperparameters,
        suffix=_suffix(definition.test.name),
        seed=definition.seed,
        training_type=definition.training_tier,
        metadata={
            ROWS_KEY: str(filtered["train"]["rows"]),
            TOKENS_KEY: str(int(filtered["train"]["tokens"])),
            "cupola_workflow": str(scene.workflow.id),
        },
    )


def job_still_good(world: World, stage: Stage) -> bool:
    """Whether the job of an earlier stage is known and did not fail."""
    job = jobs.get(world.database, str(stage.outputs["job"]))
    return job is not None and job.phase not in (Phase.FAILED, Phase.CANCELLED)


def watch_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The job."""
    return {"job": scene.outputs("train")["job"]}


async def watch(world: World, scene: Scene, stage: Stage) -> Stage:
    """Follow the job by what the polling has stored.

    Raises:
        CupolaError: the job failed, was cancelled, or gave no model.
    """
    definition: Distillation = scene.definition
    job = jobs.get(world.database, str(stage.inputs["job"]))
    if job is None:
        raise UnreachableError("The job has not been seen since it was submitted.", remedy="It is looked for again.")
    done, total = _steps(world.database, job)
    mine = scene.stages["train"].reused_from is None
    cost = takes(world, scene) if mine else FREE
    stage = replace(stage, done=done, total=total, unit="steps", reserved=cost.high or 0.0)
    if not job.phase.ended:
        return stage
    if job.phase is not Phase.SUCCEEDED or not job.fine_tuned_model:
        raise _failure(world.database, job)
    student = definition.arm(scene.outputs("roles")["roles"]["student"]).model
    paid = prices.training(student, definition.training_tier, job.trained_tokens or 0, 1) if mine else FREE
    if not job.trained_tokens:
        paid = cost
    outputs = {
        "job": job.id,
        "model": job.fine_tuned_model,
        "trained_tokens": job.trained_tokens,
        "seconds": None if job.finished_at is None else job.finished_at - job.created_at,
        "low": paid.low,
        "high": paid.high,
        "price": paid.words,
    }
    # What is not known exactly is booked at its dearest: a limit must hold.
    spend = stage.spend + (paid.high or 0.0)
    return replace(stage, state=StageState.DONE, outputs=outputs, spend=spend, reserved=0.0, done=total)


def abandon(world: World, _: Scene, stage: Stage) -> None:
    """Cancel the job of a workflow that was called off, if it still trains."""
    job = jobs.get(world.database, str(stage.inputs.get("job", "")))
    if job is not None and not job.phase.ended:
        intents.wish(world.database, _CANCEL, job.id, world.clock())


def _sent(world: World, scene: Scene, stage: Stage) -> tuple[Stage, tuple[str, str | None] | None]:
    """Have both files at the service; their ids once they are there."""
    filtered = scene.outputs("filter")
    wanted = [file for file in (filtered["train"], filtered["valid"]) if file is not None]
    found: list[str] = []
    uploads = dict(stage.notes.get("uploads", {}))
    for file in wanted:
        file_id = _held(world.database, file["sha256"])
        if file_id is None:
            upload = _upload(world, file, uploads)
            file_id = upload.file_id if upload.state is UploadState.DONE else None
        if file_id is not None:
            found.append(file_id)
    notes = {**stage.notes, "uploads": uploads} if uploads else stage.notes
    stage = replace(stage, notes=notes, done=float(len(found)), total=float(len(wanted)))
    if len(found) < len(wanted):
        return stage, None
    return stage, (found[0], found[1] if len(found) > 1 else None)


def _upload(world: World, file: Mapping[str, Any], uploads: dict[str, int]) -> Upload:
    """The upload of a file, wanted once; raises CupolaError if the service refused it."""
    path = Path(file["path"])
    upload = datasets.upload(world.database, uploads.get(file["sha256"], 0))
    if upload is None:
        now = world.clock()
        content = (str(path), path.name, file["sha256"], file["bytes"])
        upload = datasets.want_upload(world.database, *content, _PURPOSE, now)
        uploads[file["sha256"]] = upload.id
    if upload.state in (UploadState.FAILED, UploadState.CANCELLED):
        problem = upload.problem
        raise CupolaError(
            f"{path.name} could not be sent. {problem.what if problem else 'The upload was cancelled.'}",
            problem.why if problem else "",
            (problem.remedy if problem else "") or "Go on with the workflow to send it again.",
        )
    return upload


def _held(database: Database, sha256: str) -> str | None:
    """A file of that content that the service was last seen to hold, ready for training."""
    known = {file.id: file for file in files.files(database)}
    for file_id in datasets.files_of_content(database, sha256):
        file = known.get(file_id)
        if file is not None and file.purpose == _PURPOSE and file.status == "processed":
            return file_id
    return None


def _steps(database: Database, job: Job) -> tuple[float, float]:
    kept = [checkpoint for checkpoint, _ in checkpoints.of_job(database, job.id)]
    found = progress(job, events.of_job(database, job.id), points.last_step(database, job.id), kept)
    return (0.0, 0.0) if found is None else (float(found.step), float(found.total or 0))


def _failure(database: Database, job: Job) -> CupolaError:
    problem = explain(job, events.of_job(database, job.id))
    if problem is not None:
        return CupolaError(f"The job has failed: {problem.what}", problem.why, problem.remedy, problem.raw)
    if job.phase is Phase.CANCELLED:
        return CupolaError(f"The job {job.id} was cancelled.", remedy="Go on with the workflow to train anew.")
    return CupolaError(
        f"The job {job.id} has ended without a model.", f"It is {job.status}.", "Go on with the workflow to train anew."
    )


def _train_file(scene: Scene) -> Mapping[str, Any]:
    found: Mapping[str, Any] = scene.outputs("filter")["train"]
    return found


def _suffix(name: str) -> str:
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.lower()).strip("-")
    return (plain or "student")[:18]
