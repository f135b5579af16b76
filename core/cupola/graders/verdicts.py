"""What each kind of answer from outside makes of a grader: a reward, or flags and plain words."""

from __future__ import annotations

from .calls import EndpointReply, ModelReply, ModelRequest, PythonOutcome, Reply
from .endpoint import EndpointReplyError, endpoint_score
from .label_model import label_of
from .model_reply import UnreadableReplyError
from .records import Endpoint, Grader, LabelModel, PythonGrader, ScoreModel, TextSimilarity
from .result import CANNOT_BE_JUDGED_LOCALLY, GraderErrors, GraderResult, ModelCall
from .score_model import score_of
from .text_similarity import MetricUnavailableError, similarity


def failed(grader: Grader, errors: GraderErrors, details: str, calls: tuple[ModelCall, ...] = ()) -> GraderResult:
    """Return the result of a grading that gave no reward."""
    return GraderResult(grader.name, grader.type, None, None, errors, details, model_calls=calls)


def similarity_result(grader: TextSimilarity, text: str, reference: str) -> GraderResult:
    """Return the metric's value, or that its library is missing."""
    try:
        reward = similarity(grader.evaluation_metric, text, reference)
    except MetricUnavailableError as error:
        return failed(grader, GraderErrors(other_error=True), str(error))
    return GraderResult(grader.name, grader.type, reward, None)


def python_result(grader: PythonGrader, outcome: Reply) -> GraderResult:
    """Return what a sandboxed run came to."""
    if not isinstance(outcome, PythonOutcome):
        raise TypeError("A python grader was answered with something else than a PythonOutcome.")
    match outcome.failure:
        case None:
            return GraderResult(grader.name, grader.type, outcome.value, None)
        case "runtime":
            errors = GraderErrors(python_grader_runtime_error=True, python_grader_runtime_error_details=outcome.details)
        case "unsupported":
            errors = GraderErrors(
                python_grader_server_error=True, python_grader_server_error_type=CANNOT_BE_JUDGED_LOCALLY
            )
        case kind:
            errors = GraderErrors(python_grader_server_error=True, python_grader_server_error_type=kind)
    return failed(grader, errors, outcome.details)


def model_result(grader: ScoreModel | LabelModel, request: ModelRequest, reply: Reply) -> GraderResult:
    """Return the score or label that a grader model's reply states."""
    if not isinstance(reply, ModelReply):
        raise TypeError("A model grader was answered with something else than a ModelReply.")
    calls = (ModelCall(request, reply),)
    if reply.error is not None:
        errors = GraderErrors(model_grader_server_error=True, model_grader_server_error_details=reply.error)
        return failed(grader, errors, reply.error, calls)
    if reply.refusal is not None:
        return failed(grader, GraderErrors(model_grader_refusal_error=True), "The grader model refused.", calls)
    label: str | None = None
    try:
        if isinstance(grader, ScoreModel):
            reward = score_of(grader, reply.text)
        else:
            label, reward = label_of(grader, reply.text)
    except UnreadableReplyError as error:
        return failed(grader, GraderErrors(model_grader_parse_error=True), str(error), calls)
    return GraderResult(grader.name, grader.type, reward, None, label=label, model_calls=calls)


def endpoint_result(grader: Endpoint, reply: Reply) -> GraderResult:
    """Return the score in an endpoint's answer."""
    if not isinstance(reply, EndpointReply):
        raise TypeError("An endpoint grader was answered with something else than an EndpointReply.")
    if reply.error is not None:
        return failed(grader, GraderErrors(other_error=True), reply.error)
    try:
        return GraderResult(grader.name, grader.type, endpoint_score(reply.body), None)
    except EndpointReplyError as error:
        return failed(grader, GraderErrors(other_error=True), str(error))
