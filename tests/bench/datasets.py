"""The check of a large chat file: speed against a bare decode and the published recipe, memory, and the line index."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .planted import FAULTS, planted_row
from .result import Result

_MEGABYTES = 200
_RECIPE_MEGABYTES = 10
_ROWS = 1_000_000
_WORDS = 20_000
_MALFORMED = 100_000
_BATCH = 50


def measure() -> Iterator[Result]:
    """Measure on files made for it; all processors are used where the product uses them."""
    with tempfile.TemporaryDirectory() as folder:
        large = _chat_file(Path(folder) / "large.jsonl", _MEGABYTES)
        small = _chat_file(Path(folder) / "small.jsonl", _RECIPE_MEGABYTES)
        yield from _speeds(large, small)
        yield from _index(Path(folder))
    yield from _malformed()


def _speeds(large: Path, small: Path) -> Iterator[Result]:
    size = large.stat().st_size / 1e6
    bare = size / _seconds(lambda: _decode(large))
    plain = _checked(large)
    checked = size / plain["wall"]
    yield Result("first findings of the check", 1e3 * plain["first"], "ms", 300)
    yield Result("bare decode of each line, one process", bare, "MB/s")
    yield Result("full check without tokens", checked, "MB/s")
    yield Result("full check without tokens: processor time", plain["processor"], "s")
    yield Result("full check: time over that at 110 MB/s", 110 / checked, "x", 1)
    yield Result("full check: time over half the speed of the bare decode", bare / 2 / checked, "x", 1)
    yield Result("memory of the check, all processes", plain["megabytes"], "MB", 150)
    recipe = _RECIPE_MEGABYTES / _seconds(lambda: _recipe(small))
    tokens = _checked(large, "gpt-4.1")
    counted = size / tokens["wall"]
    yield Result("published recipe with tiktoken, one process", recipe, "MB/s")
    yield Result("first findings of the check with tokens", 1e3 * tokens["first"], "ms", 300)
    yield Result("full check with exact tokens", counted, "MB/s")
    yield Result("full check with exact tokens: processor time", tokens["processor"], "s")
    yield Result("exact tokens: time over that at 80 MB/s", 80 / counted, "x", 1)
    yield Result("exact tokens: time over a tenth of the recipe's", 10 * recipe / counted, "x", 1)
    yield Result("memory with exact tokens, all processes", tokens["megabytes"], "MB", 150)


def _checked(path: Path, *model: str) -> dict[str, float]:
    """Check a file in a process of its own, so that each has its own peak of memory."""
    words = [sys.executable, str(Path(__file__).with_name("dataset_check.py")), str(path), *model]
    told: dict[str, float] = json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    return told


def _index(folder: Path) -> Iterator[Result]:
    from cupola.datasets.index import open_index

    path = folder / "rows.jsonl"
    with path.open("w") as file:
        file.writelines(f'{{"messages": [{{"role": "user", "content": "row {n}"}}]}}\n' for n in range(_ROWS))
    yield Result("index of 1,000,000 rows made", 1e3 * _seconds(lambda: open_index(path, folder)), "ms")
    yield Result("index opened again", 1e3 * _seconds(lambda: open_index(path, folder)), "ms", 500)
    index = open_index(path, folder)
    places = random.Random(1).choices(range(_ROWS), k=200)
    slowest = max(_seconds(lambda row=row: index.read(row)) for row in places)
    yield Result("slowest of 200 rows read", 1e3 * slowest, "ms", 50)
    yield Result("search through all rows", 1e3 * _seconds(lambda: list(index.search("no such text"))), "ms")


def _malformed() -> Iterator[Result]:
    """Lines cut and garbled at random: how many make a check raise. Lines with one planted fault: how many get away."""
    from cupola.datasets.formats import Format
    from cupola.datasets.rules import RULES
    from cupola.datasets.scan import Plan, scan_block

    chance = random.Random(2)
    sound = _row(chance, [f"w{n}" for n in range(50)])
    lines = [_garbled(sound, chance) for _ in range(_MALFORMED)]
    raised = 0
    for start in range(0, _MALFORMED, 1_000):
        try:
            part = scan_block(b"\n".join(lines[start : start + 1_000]) + b"\n", 1, Plan(Format.CHAT))
            raised += part.lines != 1_000
        except Exception:  # noqa: BLE001  # any at all is what is being counted
            raised += 1
    yield Result("batches of 1,000 malformed lines that raise", raised, f"of {_MALFORMED // 1_000}", 0)
    wrong = 0
    rules = sorted(FAULTS)
    for batch in range(_MALFORMED // _BATCH):
        rule = rules[batch % len(rules)]
        block = b"".join(planted_row(rule, chance) + b"\n" for _ in range(_BATCH))
        tally = scan_block(block, 1, Plan(Format.CHAT, twins=False)).tally
        blocking = {name for name in tally if RULES[name].severity == "error"}
        wrong += blocking != {rule} or tally[rule][0] < _BATCH
    text = f"batches of {_BATCH} lines with a planted fault not blocked for it alone"
    yield Result(text, wrong, f"of {_MALFORMED // _BATCH}", 0)


def _garbled(line: bytes, chance: random.Random) -> bytes:
    content = bytearray(line)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content))
        content[place : place + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 4)).replace(b"\n", b"")
        if not content:
            return b"{"
    return bytes(content)


def _chat_file(path: Path, megabytes: int) -> Path:
    chance = random.Random(3)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(_WORDS)]
    written = 0
    with path.open("wb") as file:
        while written < megabytes * 1_000_000:
            written += file.write(_row(chance, words) + b"\n")
    return path


def _row(chance: random.Random, words: list[str]) -> bytes:
    texts = (" ".join(chance.choices(words, k=count)).capitalize() + "." for count in (90, 110))
    said = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), texts, strict=True)]
    system = {"role": "system", "content": "You are Cora, the polite, factual and helpful assistant of Zava."}
    return json.dumps({"messages": [system, *said]}).encode()


def _decode(path: Path) -> None:
    import jiter

    with path.open("rb") as file:
        for line in file:
            jiter.from_json(line)


def _recipe(path: Path) -> None:
    """Count as the published data preparation recipe does: one loop, one encode a value."""
    from cupola.datasets.units import encoder

    encode = encoder("o200k_base").encode_ordinary
    with path.open("rb") as file:
        for line in file:
            for message in json.loads(line)["messages"]:
                for value in message.values():
                    len(encode(value))


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin
