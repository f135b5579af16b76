"""One check of a file in a process of its own: what it took, as JSON on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path


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
    unit = 1 if sys.platform == "darwin" else 1024
    told = {
        "wall": wall,
        "first": first[0],
        "processor": sum(one.ru_utime + one.ru_stime for one in used),
        # The peaks of this process and of its largest child.
        "megabytes": sum(one.ru_maxrss for one in used) * unit / 2**20,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
