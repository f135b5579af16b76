"""Every grader type of the service, computed here; imports nothing else of Cupola."""

from __future__ import annotations

from .calls import (
    EndpointReply,
    EndpointRequest,
    ModelReply,
    ModelRequest,
    PythonCall,
    PythonOutcome,
    TokenUsage,
)
from .definition import grader_hash, parse_grader
from .errors import GraderDefinitionError
from .formula import FormulaError
from .records import Endpoint, Grader, LabelModel, Multi, PythonGrader, ScoreModel, StringCheck, TextSimilarity
from .result import GraderErrors, GraderResult, ModelCall
from .run import Grading, grading, run_grader, run_grader_async
from .samples import item_of_row, text_sample
from .sandbox import PythonSandbox, SandboxLimits, SandboxUnavailableError
from .template import InvalidVariableError, placeholders, render
from .wire import run_response, service_reward

__all__ = [
    "Endpoint",
    "EndpointReply",
    "EndpointRequest",
    "FormulaError",
    "Grader",
    "GraderDefinitionError",
    "GraderErrors",
    "GraderResult",
    "Grading",
    "InvalidVariableError",
    "LabelModel",
    "ModelCall",
    "ModelReply",
    "ModelRequest",
    "Multi",
    "PythonCall",
    "PythonGrader",
    "PythonOutcome",
    "PythonSandbox",
    "SandboxLimits",
    "SandboxUnavailableError",
    "ScoreModel",
    "StringCheck",
    "TextSimilarity",
    "TokenUsage",
    "grader_hash",
    "grading",
    "item_of_row",
    "parse_grader",
    "placeholders",
    "render",
    "run_grader",
    "run_grader_async",
    "run_response",
    "service_reward",
    "text_sample",
]
