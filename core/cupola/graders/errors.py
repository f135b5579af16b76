"""What can be wrong with a grader's definition."""

from __future__ import annotations


class GraderDefinitionError(ValueError):
    """A grader's JSON that the service would refuse, with the place and the reason in plain words."""

    path: str
    """Where in the definition, such as `graders.similar.reference`; empty for the whole."""
    reason: str
    """What is wrong there."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path or 'grader'}: {reason}")
