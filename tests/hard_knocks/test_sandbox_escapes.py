"""Ways out of the grader's sandbox: none leads anywhere, and the next grader is run as ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cupola.graders import PythonCall, PythonSandbox
from cupola.graders.sandbox import SandboxLimits

CANARY = "canary-5c1e"
HONEST = PythonCall("def grade(sample, item):\n    return 0.5", {}, {})

ESCAPES = {
    "a file read": "return float(len(open(FILE).read()))",
    "a file written": "open(FILE, 'w').write('x')\nreturn 1.0",
    "pathlib": "import pathlib\nreturn float(len(pathlib.Path(FILE).read_text()))",
    "the environment": "import os\nreturn float(len(os.environ['HOME']))",
    "getenv": "import os\nreturn float(len(os.getenv('HOME')))",
    "a shell": "import os\nos.system('touch ' + FILE)\nreturn 1.0",
    "__import__": "return float(len(__import__('os').listdir('/')))",
    "importlib": "import importlib\nreturn float(len(importlib.import_module('os').listdir('/')))",
    "sys.modules": "import sys\nreturn float(len(sys.modules['os'].listdir('/')))",
    "ctypes": "import ctypes\nreturn float(ctypes.string_at(0)[0])",
    "a socket": "import socket\nsocket.create_connection(('127.0.0.1', 9))\nreturn 1.0",
    "urllib": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')\nreturn 1.0",
    "eval": 'return float(len(eval("open(FILE).read()")))',
    "exec": "exec(\"open(FILE, 'w').write('x')\")\nreturn 1.0",
    "compile": "compile('1', 'a', 'eval')\nreturn 1.0",
    "builtins": "return float(len(__builtins__))",
    "globals": "return float(len(grade.__globals__))",
    "code": "return float(len(grade.__code__.co_code))",
    "subclasses": "return float(len([].__class__.__mro__[-1].__subclasses__()))",
    "a format string": "return float(len('{0.__class__.__mro__}'.format([])))",
    "getattr by name": "return float(len(getattr([], '__cl' + 'ass__').__mro__))",
    "a frame": "try:\n    1 / 0\nexcept Exception as e:\n    return float(len(e.__traceback__.tb_frame.f_globals))",
    "no end": "while True:\n    pass",
    "no end in a function": "return float(sum(1 for _ in iter(int, 1)))",
    "recursion": "def f(n):\n    return f(n + 1)\nreturn f(0)",
    "a long text": "return float(len('x' * 10**11))",
    "a long list": "return float(len([0] * 10**10))",
    "growth": "x = ['x']\nwhile True:\n    x = x + x\nreturn 1.0",
    "a huge power": "return float(len(str(10**10**9)))",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[PythonSandbox]:
    with PythonSandbox(SandboxLimits(seconds=1.0), workers=1) as opened:
        yield opened


@pytest.mark.parametrize("body", ESCAPES.values(), ids=ESCAPES.keys())
def test_no_way_out_of_the_sandbox(sandbox: PythonSandbox, tmp_path: Path, body: str) -> None:
    file = tmp_path / "file"
    file.write_text(CANARY, encoding="utf-8")
    lines = body.replace("FILE", repr(str(file))).replace("\n", "\n    ")
    outcome = sandbox.run(PythonCall(f"def grade(sample, item):\n    {lines}", {}, {}))
    assert outcome.value is None
    assert outcome.failure
    assert CANARY not in outcome.details
    assert file.read_text(encoding="utf-8") == CANARY
    assert sandbox.run(HONEST).value == 0.5


@pytest.mark.parametrize(
    "body",
    [
        "import re\n    re.match('(a+)+$', 'a' * 60 + 'b')\n    return 1.0",
        "x = []\n    for _ in range(10**6):\n        x = [x]\n    return float(str(x) > '')",
    ],
    ids=["a pattern that is slow elsewhere", "a deep nest"],
)
def test_what_hangs_or_crashes_python_does_neither_here(sandbox: PythonSandbox, body: str) -> None:
    assert sandbox.run(PythonCall(f"def grade(sample, item):\n    {body}", {}, {})).value == 1.0
