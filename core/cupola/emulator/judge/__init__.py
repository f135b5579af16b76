"""The emulator's judge: rules that read a rendered grader prompt and nothing else.

It stands for the grader models of the service. From the prompt it takes the answer to judge and what is asked of it,
and measures named features: for number puzzles what the expression comes to, for text the facts and the overlap with a
reference, markers of politeness, helpfulness and sarcasm, and the form. It never sees which model answered. One verdict
in twenty-five is moved by a tenth of the range, chosen by the prompt's hash, as a real judge errs too.
A chat completion that asks for a grader's structured output is answered by it as well, on any deployment.
"""

from .chat import asks_for_verdict, verdict
from .verdict import ERROR_RATE, judge

__all__ = ["ERROR_RATE", "asks_for_verdict", "judge", "verdict"]
