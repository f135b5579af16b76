"""What a benchmark could show before it is paid for: worked out in a thread, once for each set of prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.items import items_of
from cupola.benchmarks.power import Sight, sight_before
from cupola.errors import CupolaError

from ...benchmark_facts import BenchmarkFacts


class Foresight:
    """Knows what was worked out. Asked in the screen's own thread."""

    def __init__(
        self,
        facts: BenchmarkFacts,
        spawn: Callable[[Callable[[], None]], object],
        report: Callable[[], object],
    ) -> None:
        self._facts, self._spawn, self._report = facts, spawn, report
        self._known: dict[tuple[str, str], Sight | None] = {}

    def of(self, benchmark: Benchmark) -> Sight | None:
        """How small a difference it can show; None while that is worked out, and where an item cannot be asked."""
        key = benchmark.split, benchmark.prompt_hash
        if key not in self._known:
            self._known[key] = None
            rows = self._facts.rows(benchmark.split)
            self._spawn(lambda: self._work_out(key, benchmark, rows))
        return self._known[key]

    def _work_out(self, key: tuple[str, str], benchmark: Benchmark, rows: Sequence[str]) -> None:
        try:
            found = sight_before(len({item.key for item in items_of(benchmark, rows)}))
        except CupolaError:
            # The run itself says which item, and why.
            return
        self._known[key] = found
        self._report()
