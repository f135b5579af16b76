"""What a person wants trained: from flags, or from a YAML file with the keys that `azd ai finetuning` takes."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..azure.wire.requests import JobRequest, job_body
from ..errors import UsageError

METHODS = ("supervised", "dpo", "reinforcement")
_KNOWN_KEYS = (
    "model", "training_file", "validation_file", "suffix", "seed", "metadata", "method", "integrations", "extra_body",
    "hyperparameters", "trainingType",
)  # fmt: skip
_RENAMED = {"epochs": "n_epochs"}
_LOCAL = "local:"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as asked for; files are ids of the service or paths of this machine."""

    model: str = ""
    training: str | Path | None = None
    validation: str | Path | None = None
    method: str = "supervised"
    hyperparameters: Mapping[str, float | str] = field(default_factory=dict)
    grader: Mapping[str, Any] | None = None
    response_format: Mapping[str, Any] | None = None
    suffix: str | None = None
    seed: int | None = None
    training_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def request(self, training_id: str, validation_id: str | None) -> JobRequest:
        """The request, once the files are at the service."""
        from .curves import ROWS_KEY

        rows = {ROWS_KEY: str(count_rows(self.training))} if isinstance(self.training, Path) else {}
        return JobRequest(
            self.model,
            training_id,
            validation_id,
            self.method,
            self.hyperparameters,
            self.grader,
            self.response_format,
            self.suffix,
            self.seed,
            self.training_type,
            {**rows, **self.metadata},
            self.extra,
        )


def read_spec(path: Path) -> JobSpec:
    """Read a YAML job file; `local:` paths are looked for beside it.

    Raises:
        UsageError: it cannot be read, is not YAML, or has keys that nobody knows.
    """
    import yaml

    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML.", " ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} holds no job: it must be a table of keys.")
    unknown = [str(key) for key in document if key not in _KNOWN_KEYS and not str(key).startswith("$")]
    if unknown:
        raise UsageError(f"{path} has unknown keys: {', '.join(unknown)}.", f"Known keys: {', '.join(_KNOWN_KEYS)}.")
    return spec_from(document, path.parent)


def checked(spec: JobSpec) -> JobSpec:
    """The same spec, or what is missing or wrong in it.

    Raises:
        UsageError: something is.
    """
    if not spec.model:
        raise UsageError("Which model?", remedy="Give --model, or `model:` in the file.")
    if spec.training is None:
        raise UsageError("Which training file?", remedy="Give --training-file: a path, or an id such as file-0a1b...")
    if spec.method not in METHODS:
        raise UsageError(f"There is no method {spec.method!r}.", f"Known methods: {', '.join(METHODS)}.")
    if spec.method == "reinforcement" and spec.grader is None:
        raise UsageError("A reinforcement job needs a grader.", remedy="Give --grader FILE.json.")
    if spec.method == "reinforcement" and spec.validation is None:
        raise UsageError("A reinforcement job needs a validation file.", remedy="Give --validation-file.")
    for file in (spec.training, spec.validation):
        if isinstance(file, Path) and not file.is_file():
            raise UsageError(f"There is no file {file}.")
    return spec


def file_reference(text: str, beside: Path | None = None) -> str | Path:
    """A file id of the service, or a path: `local:` says path, and so does a file of that name."""
    if text.startswith(_LOCAL):
        path = Path(text.removeprefix(_LOCAL)).expanduser()
        return path if path.is_absolute() or beside is None else beside / path
    path = Path(text).expanduser()
    return text if text.startswith("file-") and not path.exists() else path


def fingerprint(spec: JobSpec, again: bool = False) -> str:
    """A nonce that is the same for the same wish: content of the files, model and settings. `again` makes a new one."""
    from .token_bounds import TOKENS_KEY

    # What was counted of the files follows from them, and is known only after a look into them.
    asked = replace(spec, metadata={key: value for key, value in spec.metadata.items() if key != TOKENS_KEY})
    wish = job_body(asked.request(_content(spec.training) or "", _content(spec.validation)), "")
    text = json.dumps(wish, sort_keys=True) + (uuid.uuid4().hex if again else "")
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def count_rows(path: Path) -> int:
    """How many lines of a JSONL file hold something."""
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        UsageError: it cannot be read or is none.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON.", str(error)) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} must hold a JSON object.")
    return value


def spec_from(document: Mapping[str, Any], beside: Path) -> JobSpec:
    """The job of a document with azd's keys; `local:` paths are looked for in `beside`."""
    method, own = _method(document.get("method"))
    extra = {**_table(document, "extra_body")}
    if document.get("integrations"):
        extra["integrations"] = [_integration(entry) for entry in document["integrations"]]
    training_type = extra.pop("trainingType", document.get("trainingType"))
    settings = {**_table(document, "hyperparameters"), **_table(own, "hyperparameters")}
    return JobSpec(
        model=str(document.get("model") or ""),
        training=_file(document, "training_file", beside),
        validation=_file(document, "validation_file", beside),
        method=method,
        hyperparameters={_RENAMED.get(name, name): value for name, value in settings.items()},
        grader=own.get("grader"),
        response_format=own.get("response_format"),
        suffix=str(document["suffix"]) if document.get("suffix") else None,
        seed=int(document["seed"]) if document.get("seed") is not None else None,
        training_type=str(training_type) if training_type is not None else None,
        metadata={str(key): str(value) for key, value in _table(document, "metadata").items()},
        extra=extra,
    )


def _method(value: object) -> tuple[str, Mapping[str, Any]]:
    if value is None:
        return "supervised", {}
    if not isinstance(value, dict):
        return str(value), {}
    name = str(value.get("type") or next((name for name in METHODS if name in value), "supervised"))
    return name, _table(value, name)


def _table(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise UsageError(f"`{key}` must be a table of keys.")
    return value


def _file(document: Mapping[str, Any], key: str, beside: Path) -> str | Path | None:
    return file_reference(str(document[key]), beside) if document.get(key) else None


def _integration(entry: Mapping[str, Any]) -> dict[str, Any]:
    # azd names the settings `config`; the service names them after the integration.
    kind = str(entry.get("type"))
    return {"type": kind, kind: entry.get("config", entry.get(kind, {}))}


def _content(file: str | Path | None) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if isinstance(file, Path) else file


def overlaid(spec: JobSpec, **changes: Any) -> JobSpec:
    """The spec with every change that is not None; hyperparameters are merged."""
    settings = changes.pop("hyperparameters", {})
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(spec, **given, hyperparameters={**spec.hyperparameters, **settings})
