"""The service's refusals in plain words: which words it uses, what they mean, what to do.

The rows are data. The first pattern that matches wins, so that the narrower ones stand first. Sources are Microsoft's
troubleshooting pages, recorded answers and public bug reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a refusal means and what helps."""

    why: str
    remedy: str


_ROWS: tuple[tuple[str, str, str], ...] = (
    (
        r"failed RAI checks",
        "The safety check of the training data found harmful content; data dense with personal details is sometimes "
        "taken for it. Nothing is charged.",
        "Find the rows (`cupola dataset check` names likely ones), change or remove them, and submit again.",
    ),
    (
        r"unable to be deployed.*Model evaluation",
        "The safety check of the trained model found answers above the threshold it names.",
        "Review the training data for what could have taught them, then train again.",
    ),
    (
        r"does not support fine-tuning with Standard TrainingType",
        "The model is not trained with the Standard tier in this region.",
        "Submit with training type globalStandard.",
    ),
    (
        r"specified base model does not support fine-tuning",
        "The model cannot be tuned with this method in this region, or the training type is missing or wrong: the "
        "service uses the same words for both.",
        "Set the training type (globalStandard fits most models) and check the model's methods and regions.",
    ),
    (
        r"fileName contains an invalid filename|wrong suffix",
        "Training files must be named with .jsonl at the end.",
        "Rename the file and upload it again.",
    ),
    (
        r"invalid value for purpose",
        "The upload named a purpose that the service does not take.",
        "Use fine-tune for training data, evals for evaluation rows, batch for batch input.",
    ),
    (
        r"\bsuffix\b",
        "Suffixes take letters, digits, - and _, at most 40 of them; the dot is reserved.",
        "Choose another suffix.",
    ),
    (
        r"jsonlValidationFailed|is not valid JSON|invalid JSON|line \d+.*(format|invalid|missing)",
        "A line of the training or validation file is not in the format of the method.",
        "Run `cupola dataset check` on the file: it names each line and how to mend it.",
    ),
    (
        r"at least 10 (examples|rows)|fewer than 10|minimum of 10",
        "Fine-tuning needs at least ten rows.",
        "Add rows.",
    ),
    (
        r"exceeded (the )?token rate limit.*retry after 86400",
        "This one request is larger than the deployment's tokens a minute.",
        "Raise the deployment's capacity or lower the maximum tokens.",
    ),
    (
        r"unexpectedEntityState",
        "The thing's present state does not allow that.",
        "Look at its state, and try what that allows.",
    ),
    (
        r"fileImportFailed",
        "The service could not read the file.",
        "Check it with `cupola dataset check` and upload it again.",
    ),
    (
        r"exceeded (the )?(token|call|request) rate limit|too ?many ?requests|rate limit",
        "The deployment's or the resource's rate limit was reached.",
        "Wait as long as the service asks, or raise the capacity.",
    ),
    (
        r"InsufficientQuota|new capacity in quota",
        "The subscription's quota for this model and tier has no room for the capacity asked for.",
        "Ask for less capacity, another tier or region, or more quota.",
    ),
    (
        r"quotaExceeded",
        "A limit of the resource is reached: 3 running jobs (5 developer tier), 20 queued, 100 jobs, 100 files or "
        "1 GB.",
        "Wait for a job to end, or delete old jobs or files.",
    ),
    (
        r"DeploymentNotReady|DeploymentNotFound|API deployment for this resource does not exist",
        "There is no deployment of that name, or it is younger than five minutes.",
        "Check the name; if it was just made, wait and try again.",
    ),
    (
        r"api-version not allowed|api version not supported",
        "The route and the API version do not go together: /openai/v1 takes no dated version.",
        "Set route = \"v1\" or \"dated\" in the profile to match the endpoint.",
    ),
    (
        r"invalid subscription key or wrong API endpoint",
        "The key is not one of this resource's, or the endpoint is another resource's.",
        "Check the endpoint and the key of the profile.",
    ),
    (
        r"PermissionDenied|does not have authorization|lacks the required data action|AuthorizationFailed",
        "You are signed in, but the role for this is missing. New role assignments take up to five minutes.",
        "Ask for Foundry User (to train) or Foundry Owner (to deploy) on the resource.",
    ),
    (
        r"content management policy|ResponsibleAIPolicyViolation|content_?filter",
        "The content filter stopped the request.",
        "Change the prompt, or review the filter of the deployment.",
    ),
    (
        r"training file.*(not found|does not exist|deleted)|file.*not.*processed",
        "The file is gone, or the service has not finished reading it.",
        "Upload it again and wait until it is processed.",
    ),
    (
        r"US\$?5,?000|cost limit|maximum cost",
        "Training and grading reached the service's limit of $5,000 for one reinforcement job.",
        "Look at the checkpoints first: resuming removes the limit, and no second one follows.",
    ),
)  # fmt: skip

_COMPILED = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), Explanation(why, do)) for pattern, why, do in _ROWS)


def explain(message: str) -> Explanation | None:
    """What a message of the service means, or None if it is not known."""
    return next((explanation for pattern, explanation in _COMPILED if pattern.search(message)), None)
