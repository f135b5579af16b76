from __future__ import annotations

import pytest

from cupola.errors import ReadOnlyError
from cupola.store import intents, jobs
from cupola.store.database import open_store

from ..worker.cloud import Cloud
from .conftest import Shell

PROFILE = '[profiles.prod]\nendpoint = "http://127.0.0.1:1"\nreadonly = true\n'


def configure(shell: Shell) -> None:
    file = shell.context.paths.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PROFILE)


def test_a_profile_that_is_read_only_is_looked_at_and_never_changed(shell: Shell, cloud: Cloud) -> None:
    configure(shell)
    cloud.add("ftjob-1", suffix="cora")

    assert shell.run("-p", "prod", "job", "list") == 0, shell.err
    assert "cora" in shell.out
    assert shell.run("-p", "prod", "job", "cancel", "cora", "-y") == 4
    assert "readonly" in shell.err and "prod" in shell.err
    assert cloud.jobs["ftjob-1"]["status"] == "running"


def test_what_is_read_only_may_still_be_asked_what_it_would_do(shell: Shell, cloud: Cloud) -> None:
    configure(shell)
    cloud.add("ftjob-1", suffix="cora")

    request = shell.json("-p", "prod", "job", "resume", "cora", "--dry-run")

    assert (request["method"], request["path"]) == ("POST", "/fine_tuning/jobs/ftjob-1/resume")
    assert "Nothing bounds what is still to come" in shell.err


def test_a_store_that_is_opened_for_reading_takes_no_wish_by_any_way(shell: Shell) -> None:
    path = shell.context.paths.store("default")
    open_store(path).close()
    database = open_store(path, read_only=True)
    try:
        with pytest.raises(ReadOnlyError, match="read-only"):
            intents.wish(database, "job.cancel", "ftjob-1", 1.0)
        with pytest.raises(Exception, match="readonly"):
            database.connection.execute("DELETE FROM intents")
        assert (intents.newest(database), jobs.newest(database)) == ([], [])
    finally:
        database.close()
