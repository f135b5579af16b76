from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cupola.graders import PythonCall, PythonOutcome, PythonSandbox, SandboxLimits


def run(sandbox: PythonSandbox, body: str, sample: Any = None, item: Any = None) -> PythonOutcome:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return sandbox.run(PythonCall(f"def grade(sample, item):\n{indented}\n", sample or {}, item or {}))


def test_a_grader_sees_the_sample_and_the_item(sandbox: PythonSandbox) -> None:
    outcome = run(sandbox, "return len(sample['output_text']) + item['n']", {"output_text": "abc"}, {"n": 2})
    assert outcome == PythonOutcome(5.0)


@pytest.mark.parametrize("value", ["1", "0.5", "True", "-3", "5.0"])
def test_a_whole_number_or_a_truth_value_is_a_grade_too(sandbox: PythonSandbox, value: str) -> None:
    assert run(sandbox, f"return {value}").value == float(eval(value))


@pytest.mark.parametrize("value", ["'1.0'", "None", "[1.0]", "float('nan')", "float('inf')", "10**400", "grade"])
def test_what_is_no_finite_number_is_no_grade(sandbox: PythonSandbox, value: str) -> None:
    outcome = run(sandbox, f"return {value}")
    assert outcome.value is None
    assert outcome.failure == "runtime"


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("while True: pass", "limit"),
        ("return len([0] * 10**9)", "limit"),
        ("return 9**9**9", "limit"),
        ("return grade(sample, item)", "runtime"),
        ("return float(len(open('/etc/passwd').read()))", "runtime"),
        ("open('/tmp/x', 'w')", "runtime"),
        ("import os\nreturn float(len(os.listdir('/')))", "runtime"),
        ("import socket\nreturn 1.0", "unsupported"),
        ("import subprocess\nreturn 1.0", "unsupported"),
        ("return ().__class__.__base__.__subclasses__()", "unsupported"),
        ("raise ValueError('no')", "runtime"),
        ("return 1 / 0", "runtime"),
        ("return item['missing']", "runtime"),
    ],
)
def test_a_hostile_or_broken_grader_gives_a_failure_and_no_grade(
    sandbox: PythonSandbox, body: str, failure: str
) -> None:
    outcome = run(sandbox, body)
    assert outcome.value is None
    assert outcome.failure == failure
    assert outcome.details


def test_a_long_sleep_does_not_hold_the_sandbox_up(sandbox: PythonSandbox) -> None:
    assert run(sandbox, "import time\ntime.sleep(1000000)\nreturn 1.0").value == 1.0


def test_the_text_of_an_exception_is_cleaned_of_control_characters(sandbox: PythonSandbox) -> None:
    outcome = run(sandbox, r"raise ValueError('\x1b]0;owned\x07 \x9b31m \u202e ' + 'x' * 9999)")
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e" for c in outcome.details)
    assert len(outcome.details) < 1000


@pytest.mark.parametrize(
    "body",
    [
        "import numpy as np\nreturn float(np.mean([1, 2]))",
        "try:\n    import numpy\nexcept Exception:\n    return 0.0",
        "try:\n    from difflib import SequenceMatcher\nexcept Exception:\n    return 0.0",
        "try:\n    return float(callable(grade))\nexcept Exception:\n    return 0.0",
        "import itertools\ntry:\n    return itertools.nothing()\nexcept Exception:\n    return 0.0",
        "def numbers():\n    yield 1\nreturn float(sum(numbers()))",
        "class Mine(Exception):\n    pass\nreturn 1.0",
    ],
)
def test_a_grader_that_needs_what_the_sandbox_lacks_cannot_be_judged_and_is_not_scored(
    sandbox: PythonSandbox, body: str
) -> None:
    outcome = run(sandbox, body)
    assert outcome.value is None
    assert outcome.failure == "unsupported"
    assert "cannot be judged locally" in outcome.details


def test_a_name_that_the_grader_binds_itself_is_not_taken_for_a_missing_builtin(sandbox: PythonSandbox) -> None:
    assert run(sandbox, "input = 3.0\ndir = 1.0\nreturn input + dir").value == 4.0


def test_rapidfuzz_is_at_hand(sandbox: PythonSandbox) -> None:
    source = "from rapidfuzz import fuzz\ndef grade(sample, item):\n    return fuzz.ratio('abc', 'abd') / 100"
    assert sandbox.run(PythonCall(source, {}, {})).value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "source", ["def grade(sample", "x = 1", "\x00", "grade = 3", "(" * 5000, "", "raise ValueError"]
)
def test_a_source_without_a_grade_function_is_a_failure(sandbox: PythonSandbox, source: str) -> None:
    outcome = sandbox.run(PythonCall(source, {}, {}))
    assert outcome.value is None
    assert outcome.failure in ("runtime", "unsupported")


def test_nothing_is_left_behind_for_the_next_sample(sandbox: PythonSandbox) -> None:
    source = "seen = []\ndef grade(sample, item):\n    seen.append(1)\n    return float(len(seen))"
    assert [sandbox.run(PythonCall(source, {}, {})).value for _ in range(3)] == [1.0, 1.0, 1.0]


def test_many_threads_may_share_one_sandbox(sandbox: PythonSandbox) -> None:
    def graded(n: int) -> float | None:
        return run(sandbox, "return item['n'] * 2", item={"n": n}).value

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(graded, range(60))) == [float(n * 2) for n in range(60)]


def test_a_closed_sandbox_refuses_to_run() -> None:
    sandbox = PythonSandbox(SandboxLimits(seconds=0.5), workers=1)
    assert run(sandbox, "return 1.0").value == 1.0
    sandbox.close()
    sandbox.close()
    with pytest.raises(RuntimeError, match="closed"):
        run(sandbox, "return 1.0")


def test_a_sandbox_that_does_not_start_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    with PythonSandbox(interpreter=tmp_path / "nothing") as broken:
        outcome = run(broken, "return 1.0")
    assert outcome.value is None
    assert outcome.failure == "sandbox"
    assert "does not start" in outcome.details


def test_what_a_grader_lacks_can_be_asked_before_it_is_used(sandbox: PythonSandbox) -> None:
    assert sandbox.lacks("def grade(sample, item):\n    return 1.0") is None
    assert sandbox.lacks("def grade(sample, item):\n    import pandas") == "module pandas"
    assert sandbox.lacks("raise ValueError('at once')") is None


FUZZ = "from rapidfuzz import fuzz\n"
ENDLESS = "while True:\n    fuzz.ratio('a' * 20000, 'b' * 20000)"
SWALLOWED = "while True:\n    try:\n        fuzz.ratio('a' * 20000, 'b')\n    except Exception:\n        return 0.0"
TOO_LONG = "try:\n    return fuzz.ratio('a' * 30000, 'b')\nexcept Exception:\n    return 0.0"
OPTION = "try:\n    return fuzz.ratio('a', 'b', processor=1)\nexcept Exception:\n    return 0.0"


@pytest.mark.parametrize("body", [ENDLESS, SWALLOWED, TOO_LONG, OPTION])
def test_a_refused_call_to_the_host_is_a_failure_even_if_the_grader_swallows_it(
    sandbox: PythonSandbox, body: str
) -> None:
    outcome = run(sandbox, FUZZ + body)
    assert outcome.value is None
    assert outcome.failure in ("limit", "runtime")
    assert "NameError" not in outcome.details


@pytest.mark.parametrize("text", ["\ud800", "x" * 1_000_000, "\x00", "\u202e"])
def test_any_text_crosses_into_the_sandbox_or_is_a_failure(sandbox: PythonSandbox, text: str) -> None:
    outcome = run(sandbox, "return float(len(sample['output_text']))", {"output_text": text})
    assert outcome.value == (None if text == "\ud800" else float(len(text)))
