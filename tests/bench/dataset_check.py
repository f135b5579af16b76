"""One check of a file in a process of its own: what it took, as JSON on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Check the file named first, by the model named second if there is one."""
    from cupola.datasets.check import Options, check_file

    path, model = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    first: list[float] = []
    begin = time.perf_counter()
    check_file(
        path,
        Options(model=model, count_tokens=model is not None),
        lambda _, __: first.append(time.perf_counter() - begin),
    )
    wall = time.perf_counter() - begin
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = {
        "wall": wall,
        "first": first[0],
        "processor": sum(one.ru_utime + one.ru_stime for one in used),
        # The peaks of this process and of its largest child.
        "megabytes": _own_peak() + used[1].ru_maxrss * _UNIT / 2**20,
    }
    sys.stdout.write(json.dumps(told))


def _own_peak() -> float:
    """In MB. What rusage tells on Linux goes back to before this program began, to the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 2**20
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
