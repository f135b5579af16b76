from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cupola.errors import WorkerError
from cupola.worker.lock import Holder, held, holder_of, was_killed

HOLD = """
import sys, time
from pathlib import Path
from cupola.worker.lock import Holder, held
with held(Path(sys.argv[1]), Holder(4711, 1.0)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_holder_is_named_and_a_second_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.lock"
    assert holder_of(path) is None
    with held(path, Holder(os.getpid(), 5.0, "http://x")):
        assert holder_of(path) == Holder(os.getpid(), 5.0, "http://x")
        with pytest.raises(WorkerError, match=f"running as process {os.getpid()}"), held(path, Holder(1, 1.0)):
            pass
        assert holder_of(path) == Holder(os.getpid(), 5.0, "http://x")
    assert holder_of(path) is None


@pytest.mark.parametrize("left", ["", "junk", '{"pid": 1, "started_at": 0}', '{"pid": 99999999, "started_at": 0}'])
def test_what_a_dead_holder_left_in_the_file_counts_for_nothing(tmp_path: Path, left: str) -> None:
    path = tmp_path / "w.lock"
    path.write_text(left)
    assert holder_of(path) is None
    with held(path, Holder(7, 1.0)):
        assert holder_of(path) == Holder(7, 1.0)


def test_a_holder_that_is_killed_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "w.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert holder_of(path) == Holder(4711, 1.0)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert holder_of(path) is None
    assert was_killed(path)
    with held(path, Holder(8, 1.0)):
        pass


def test_a_holder_that_let_go_or_failed_is_not_taken_for_one_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "w.lock"
    assert not was_killed(path)
    with held(path, Holder(7, 1.0)):
        assert not was_killed(path)
    assert not was_killed(path)
    with pytest.raises(ValueError, match="failed"), held(path, Holder(7, 1.0)):
        raise ValueError("failed")
    assert not was_killed(path)
