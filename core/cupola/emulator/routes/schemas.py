"""The request bodies and answers of the routes as JSON Schemas, for the OpenAPI document.

Keyed by method and path below a surface's prefix. A path that is not named here takes, or gives, any JSON object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .grader_schemas import CRITERION, RUNNABLE

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_ANY_OBJECT: Schema = {"type": "object"}
_METADATA: Schema = {
    "type": "object",
    "maxProperties": 16,
    "additionalProperties": {"type": "string", "maxLength": 512},
}
_EXPIRY: Schema = {
    "type": "object",
    "required": ["anchor", "seconds"],
    "properties": {
        "anchor": {"const": "created_at"},
        "seconds": {"type": "integer", "minimum": 3600, "maximum": 2_592_000},
    },
}


def _object(required: str, **properties: Schema) -> Schema:
    """An object with these properties; `required` names some of them, with spaces between."""
    return {"type": "object", "required": required.split(), "properties": properties}


def _array(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_AUTO_NUMBER: Schema = {"anyOf": [{"const": "auto"}, {"type": "number"}]}
_HYPERPARAMETERS: Schema = {"type": "object", "additionalProperties": {"anyOf": [_AUTO_NUMBER, _TEXT]}}
_MESSAGE = _object(
    "role",
    role={"enum": ["system", "developer", "user", "assistant", "tool", "function"]},
    content={"anyOf": [_TEXT, _array(_ANY_OBJECT), {"type": "null"}]},
    tool_calls=_array(_ANY_OBJECT),
    tool_call_id=_TEXT,
)
_CHAT = _object(
    "messages",
    model=_TEXT,
    messages=_array(_MESSAGE, minItems=1, maxItems=2048),
    n={"type": "integer", "minimum": 1, "maximum": 128},
    temperature={"type": "number", "minimum": 0, "maximum": 2},
    top_p={"type": "number", "minimum": 0, "maximum": 1},
    max_tokens={"type": "integer", "minimum": 1},
    max_completion_tokens={"type": "integer", "minimum": 1},
    stop={"anyOf": [_TEXT, _array(_TEXT, maxItems=4)]},
    seed=_WHOLE,
    logprobs=_FLAG,
    top_logprobs={"type": "integer", "minimum": 0, "maximum": 20},
    response_format=_ANY_OBJECT,
    reasoning_effort=_TEXT,
    tools=_array(_ANY_OBJECT, maxItems=128),
    tool_choice={"anyOf": [_TEXT, _ANY_OBJECT]},
    parallel_tool_calls=_FLAG,
    stream=_FLAG,
    stream_options=_ANY_OBJECT,
    store=_FLAG,
    metadata=_METADATA,
    presence_penalty={"type": "number", "minimum": -2, "maximum": 2},
    frequency_penalty={"type": "number", "minimum": -2, "maximum": 2},
    logit_bias={"type": "object", "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100}},
    user=_TEXT,
    safety_identifier=_TEXT,
    prompt_cache_key=_TEXT,
    service_tier={"enum": ["auto", "default", "flex", "scale", "priority"]},
    modalities={"const": ["text"]},
    prediction=_ANY_OBJECT,
    verbosity={"enum": ["low", "medium", "high"]},
)
_RUN_SOURCE = _object("type", type={"enum": ["jsonl", "completions", "responses"]}, source=_ANY_OBJECT)

BODIES: Mapping[str, Schema] = {
    "POST /files/import": _object("purpose filename content_url", purpose=_TEXT, filename=_TEXT, content_url=_TEXT),
    "POST /uploads": _object(
        "purpose filename bytes mime_type",
        purpose={"enum": ["fine-tune", "evals", "batch", "assistants"]},
        filename=_TEXT,
        bytes={"type": "integer", "minimum": 1},
        mime_type=_TEXT,
        expires_after=_EXPIRY,
    ),
    "POST /uploads/{upload_id}/complete": _object("part_ids", part_ids=_array(_TEXT), md5=_TEXT),
    "POST /fine_tuning/jobs": _object(
        "model training_file",
        model=_TEXT,
        training_file=_TEXT,
        validation_file=_TEXT,
        suffix={"type": "string", "minLength": 1, "maxLength": 64},
        seed={"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
        metadata=_METADATA,
        integrations=_array(_ANY_OBJECT),
        hyperparameters=_HYPERPARAMETERS,
        method=_object(
            "type",
            type={"enum": ["supervised", "dpo", "reinforcement"]},
            supervised=_ANY_OBJECT,
            dpo=_ANY_OBJECT,
            reinforcement=_ANY_OBJECT,
        ),
        trainingType={"anyOf": [_TEXT, _WHOLE]},
    ),
    "POST /fine_tuning/jobs/{job_id}/checkpoints/{checkpoint_id}/copy": _object(
        "destinationResourceId region", destinationResourceId=_TEXT, region=_TEXT
    ),
    "POST /fine_tuning/alpha/graders/run": _object(
        "grader model_sample", grader=RUNNABLE, model_sample=_TEXT, item=_ANY_OBJECT
    ),
    "POST /fine_tuning/alpha/graders/validate": _object("grader", grader=RUNNABLE),
    "POST /chat/completions": _CHAT,
    "POST /deployments/{deployment}/chat/completions": _CHAT,
    "POST /chat/completions/{completion_id}": _object("metadata", metadata=_METADATA),
    "POST /responses": _object(
        "model input",
        model=_TEXT,
        input={"anyOf": [_TEXT, _array(_ANY_OBJECT)]},
        instructions=_TEXT,
        max_output_tokens={"type": "integer", "minimum": 16},
        temperature={"type": "number", "minimum": 0, "maximum": 2},
        top_p={"type": "number", "minimum": 0, "maximum": 1},
        reasoning=_ANY_OBJECT,
        text=_ANY_OBJECT,
        tools=_array(_ANY_OBJECT, maxItems=128),
        tool_choice={"anyOf": [_TEXT, _ANY_OBJECT]},
        parallel_tool_calls=_FLAG,
        previous_response_id=_TEXT,
        top_logprobs={"type": "integer", "minimum": 0, "maximum": 20},
        max_tool_calls={"type": "integer", "minimum": 1},
        include=_array(_TEXT),
        truncation={"enum": ["auto", "disabled"]},
        user=_TEXT,
        safety_identifier=_TEXT,
        service_tier={"enum": ["auto", "default", "flex", "scale", "priority"]},
        background=_FLAG,
        store=_FLAG,
        stream=_FLAG,
        metadata=_METADATA,
    ),
    "POST /batches": _object(
        "input_file_id endpoint completion_window",
        input_file_id=_TEXT,
        endpoint=_TEXT,
        completion_window={"const": "24h"},
        output_expires_after=_EXPIRY,
        metadata=_METADATA,
    ),
    "POST /evals": _object(
        "data_source_config testing_criteria",
        name=_TEXT,
        metadata=_METADATA,
        data_source_config=_object("type", type={"enum": ["custom", "logs", "stored_completions"]}),
        testing_criteria=_array(CRITERION, minItems=1, maxItems=50),
    ),
    "POST /evals/{eval_id}": _object("", name=_TEXT, metadata=_METADATA),
    "POST /evals/{eval_id}/runs": _object("data_source", name=_TEXT, metadata=_METADATA, data_source=_RUN_SOURCE),
}

_FILE_PARTS: Schema = {
    **_object("purpose file", purpose=_TEXT, file={"type": "string", "contentMediaType": "application/octet-stream"}),
    "additionalProperties": _TEXT,
}

MULTIPART: Mapping[str, Schema] = {
    "POST /files": _FILE_PARTS,
    "POST /uploads/{upload_id}/parts": _object(
        "data", data={"type": "string", "contentMediaType": "application/octet-stream"}
    ),
}

_FILE = _object(
    "id object bytes created_at filename purpose status",
    id=_TEXT,
    object={"const": "file"},
    bytes=_WHOLE,
    created_at=_WHOLE,
    filename=_TEXT,
    purpose=_TEXT,
    status=_TEXT,
)
_UPLOAD = _object(
    "id object bytes created_at expires_at filename purpose status",
    id=_TEXT,
    object={"const": "upload"},
    bytes=_WHOLE,
    status={"enum": ["pending", "completed", "cancelled", "expired"]},
    file=_nullable(_FILE),
)
_JOB = _object(
    "id object created_at model seed status training_file",
    id=_TEXT,
    object={"const": "fine_tuning.job"},
    created_at=_WHOLE,
    model=_TEXT,
    seed=_WHOLE,
    status=_TEXT,
    training_file=_TEXT,
    hyperparameters=_ANY_OBJECT,
)
_COMPLETION = _object(
    "id object created model choices usage",
    id=_TEXT,
    object={"const": "chat.completion"},
    choices=_array(_ANY_OBJECT, minItems=1),
    usage=_ANY_OBJECT,
)
_RESPONSE = _object(
    "id object created_at model output status",
    id=_TEXT,
    object={"const": "response"},
    output=_array(_ANY_OBJECT),
    status=_TEXT,
)
_BATCH = _object(
    "id object endpoint input_file_id completion_window status created_at request_counts",
    id=_TEXT,
    object={"const": "batch"},
    status=_TEXT,
    request_counts=_object("total completed failed", total=_WHOLE, completed=_WHOLE, failed=_WHOLE),
)


def _list_of(item: Schema) -> Schema:
    return _object("object data has_more", object={"const": "list"}, data=_array(item), has_more=_FLAG)


ANSWERS: Mapping[str, Schema] = {
    "POST /files": _FILE,
    "GET /files": _list_of(_FILE),
    "GET /files/{file_id}": _FILE,
    "POST /uploads": _UPLOAD,
    "POST /uploads/{upload_id}/complete": _UPLOAD,
    "POST /uploads/{upload_id}/cancel": _UPLOAD,
    "POST /fine_tuning/jobs": _JOB,
    "GET /fine_tuning/jobs": _list_of(_JOB),
    "GET /fine_tuning/jobs/{job_id}": _JOB,
    "POST /fine_tuning/jobs/{job_id}/cancel": _JOB,
    "POST /fine_tuning/jobs/{job_id}/pause": _JOB,
    "POST /fine_tuning/jobs/{job_id}/resume": _JOB,
    "GET /fine_tuning/jobs/{job_id}/events": _list_of(_ANY_OBJECT),
    "GET /fine_tuning/jobs/{job_id}/checkpoints": _list_of(_ANY_OBJECT),
    "GET /chat/completions": _list_of(_COMPLETION),
    "GET /chat/completions/{completion_id}": _COMPLETION,
    "POST /chat/completions/{completion_id}": _COMPLETION,
    "GET /responses/{response_id}": _RESPONSE,
    "POST /batches": _BATCH,
    "GET /batches": _list_of(_BATCH),
    "GET /batches/{batch_id}": _BATCH,
    "POST /batches/{batch_id}/cancel": _BATCH,
    "GET /evals": _list_of(_ANY_OBJECT),
}
"""A chat or responses create is left out: it may be a stream of events."""

ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": _TEXT, "message": _TEXT},
        }
    },
}
