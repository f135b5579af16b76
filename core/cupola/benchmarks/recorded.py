"""A run's results put together from what is stored, without asking or grading anything."""

from __future__ import annotations

from ..store import answers, benchmarks, grades
from ..store.benchmarks import Run
from ..store.database import Database
from .definition import from_json
from .items import items_of
from .table import Kind, Table, empty_table, kind_of, put_answer, put_grade


def recorded_table(database: Database, run: Run) -> Table:
    """The table that a run's stored answers and grades make; errors as for `items_of`."""
    benchmark = from_json(run.definition)
    items = items_of(benchmark, benchmarks.items(database, run.split))
    table = empty_table(benchmark, items)
    known = {(entry.sent.request, entry.sent.number): entry.answer for entry in answers.of_run(database, run.id)}
    hashes = [use.hash for use in benchmark.graders]
    graded = {
        (grade.request, grade.number, grade.item, grade.grader): grade
        for grade in grades.of_run(database, run.id, hashes)
        if grade.again == 0
    }
    for ask in benchmarks.asks(database, run.id):
        answer = known.get((ask.request, ask.number))
        if answer is None:
            continue
        row = table.row(ask.place, ask.repeat)
        put_answer(table.arms[ask.arm], row, answer)
        if kind_of(answer) is not Kind.ANSWERED:
            continue
        for index, grader in enumerate(hashes):
            grade = graded.get((ask.request, ask.number, items[ask.place].hash, grader))
            if grade is not None:
                put_grade(table.arms[ask.arm], index, row, grade)
    return table
