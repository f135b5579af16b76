"""Facts with cause and remedy: what is wrong is found, what is right is not accused."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.keyring_secrets import KeyringState
from cupola.doctor.fact import Fact, State
from cupola.doctor.here import names, network, profile_facts, secrets
from cupola.doctor.roles import may
from cupola.doctor.service import clock_fact, tunable
from cupola.doctor.storage import file_system_of, store_facts, worker_facts
from cupola.doctor.terminal import Terminal, terminal_facts
from cupola.doctor.token import claims_of
from cupola.models import Job, ServiceModel
from cupola.paths import Paths
from cupola.retirement import known_models, retirement_words, retiring
from cupola.settings import Profile
from cupola.store import deployments, files, jobs
from cupola.store.database import Database, open_store
from cupola.store.deployments import Wanted
from cupola.terminals.kinds import terminal_of
from cupola.worker.lock import Holder, held
from cupola.worker.telling import Telling

LOCAL_DISK = "/dev/sda1 / ext4 rw 0 0\n"
REAL = Profile("prod", "https://r.openai.azure.com")
UTF8 = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


def only(facts: Iterator[Fact] | list[Fact], topic: str) -> Fact:
    found = [fact for fact in facts if fact.topic == topic]
    assert len(found) == 1, found
    return found[0]


def test_keys_are_named_by_their_variable_and_never_by_their_value() -> None:
    facts = list(names({"AZURE_OPENAI_API_KEY": "sesame-1", "AOAI_KEY": "sesame-2", "AZURE_LOCATION": "x"}))
    assert "sesame" not in repr(facts)
    contradiction = next(fact for fact in facts if fact.state is State.NOTE)
    assert contradiction.remedy == "Unset AOAI_KEY."


def test_a_profile_without_an_account_is_told_how_to_find_it(tmp_path: Path) -> None:
    facts = list(profile_facts(REAL, tmp_path / "none.toml"))
    assert [fact.state for fact in facts] == [State.GOOD, State.NOTE]
    assert facts[1].remedy == "cupola profile add prod --find --replace"


def test_a_configuration_that_others_can_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.touch(0o644)
    file.chmod(0o644)
    assert any("chmod 600" in fact.remedy for fact in profile_facts(REAL, file))
    file.chmod(0o600)
    assert not any("chmod 600" in fact.remedy for fact in profile_facts(REAL, file))


def test_a_proxy_is_named_without_its_password() -> None:
    fact = only(list(network(REAL, {"HTTPS_PROXY": "http://me:sesame@proxy.corp:8080"})), "proxy")
    assert "proxy.corp" in fact.what
    assert "sesame" not in repr(fact)
    exempt = {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "localhost,.openai.azure.com"}
    assert "NO_PROXY exempts" in only(list(network(REAL, exempt)), "proxy").what


def test_trust_that_only_half_of_the_clients_see_is_told(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    one = only(list(network(REAL, {"SSL_CERT_FILE": str(bundle)})), "tls")
    assert one.remedy == "Set REQUESTS_CA_BUNDLE to the same file."
    both = {"SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle)}
    assert not [fact for fact in network(REAL, both) if fact.topic == "tls"]
    gone = [fact for fact in network(REAL, dict.fromkeys(both, "/nowhere")) if fact.topic == "tls"]
    assert {fact.state for fact in gone} == {State.BAD}
    assert only(list(network(REAL, {}, trusts=())), "tls").remedy == "Install ca-certificates."


def test_a_missing_keyring_is_no_fault_of_whoever_needs_none() -> None:
    absent = KeyringState("absent", "fail", "none runs.")
    assert secrets(REAL, absent, {}).remedy
    assert not secrets(REAL, absent, {"AZURE_OPENAI_API_KEY": "x"}).remedy
    assert not secrets(Profile("p", credential="az"), absent, {}).remedy


@given(skew=st.integers(-100_000, 100_000), took=st.floats(0, 30), sent=st.floats(1e9, 2e9), share=st.floats(0, 1))
def test_a_clock_is_accused_only_if_the_answers_date_cannot_be_explained(
    skew: int, took: float, sent: float, share: float
) -> None:
    date = formatdate(int(sent + took * share) + skew, usegmt=True)
    fact = clock_fact({"date": date}, sent, sent + took)
    found = fact.details["skew_seconds"]
    assert abs(found) <= abs(skew) + 0.1
    assert abs(found - skew) <= took + 1.1 or found == 0
    assert (fact.state is State.BAD) == (abs(found) > 60) or abs(abs(found) - 60) < 0.1
    if fact.state is State.BAD:
        assert ("behind" in fact.what) == (skew > 0)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_a_date_that_cannot_be_read_is_unknown(date: str) -> None:
    assert clock_fact({"date": date}, 0.0, 1.0).state is State.UNKNOWN


def test_rights_are_judged_with_what_is_taken_back() -> None:
    owner = {"actions": ["*"], "notActions": ["Microsoft.CognitiveServices/accounts/Deployments/*"]}
    write = "microsoft.cognitiveservices/accounts/deployments/write"
    assert not may([owner], write, data=False)
    assert may([owner, {"actions": ["Microsoft.CognitiveServices/*"]}], write, data=False)
    assert not may([owner], write, data=True), "rights on the control plane are none on the data plane"
    assert not may([{"actions": [7, None]}, {"actions": "*"}], write, data=False)


@given(st.text(max_size=60))
def test_no_token_breaks_its_reader(token: str) -> None:
    assert isinstance(claims_of(token), dict)


def test_a_terminal_that_can_do_everything_is_not_accused() -> None:
    facts = list(terminal_facts(Terminal(True, 120, 40), {**UTF8, "TERM_PROGRAM": "WezTerm"}))
    assert only(facts, "notifications").what == "Notices are sent as OSC 777, to WezTerm."
    assert {fact.state for fact in facts} == {State.GOOD}


@pytest.mark.parametrize(
    ("changes", "size", "topic", "remedy"),
    [
        ({"COLORTERM": ""}, (120, 40), "colours", "COLORTERM=truecolor"),
        ({"TERM": "xterm", "COLORTERM": ""}, (120, 40), "colours", "TERM=xterm-256color"),
        ({"NO_COLOR": "1"}, (120, 40), "colours", "Unset NO_COLOR"),
        ({"LANG": "de_DE.ISO-8859-1"}, (120, 40), "unicode", "LC_ALL=C.UTF-8"),
        ({}, (79, 40), "terminal", "larger"),
        ({"TERM": "dumb"}, (120, 40), "terminal", "xterm-256color"),
    ],
)
def test_what_a_terminal_lacks_is_told_with_what_to_type(
    changes: Mapping[str, str], size: tuple[int, int], topic: str, remedy: str
) -> None:
    fact = only(list(terminal_facts(Terminal(True, *size), {**UTF8, **changes})), topic)
    assert remedy in fact.remedy
    assert fact.state is not State.GOOD


@pytest.mark.parametrize(
    ("set_clipboard", "passthrough", "clipboard", "notifications"),
    [
        ("external", "0", State.NOTE, State.NOTE),
        ("on", "0", State.GOOD, State.NOTE),
        ("on", "2", State.GOOD, State.GOOD),
        ("external", "", State.NOTE, State.NOTE),
        ("", "", State.UNKNOWN, State.NOTE),
    ],
)
def test_tmux_is_asked_what_it_lets_through(
    set_clipboard: str, passthrough: str, clipboard: State, notifications: State
) -> None:
    def ask(words: Sequence[str]) -> str:
        return set_clipboard if "set-clipboard" in words else f"foot(1.16)|foot|{passthrough}"

    facts = list(terminal_facts(Terminal(True, 120, 40), {**UTF8, "TMUX": "/tmp/x"}, ask))
    assert only(facts, "clipboard").state is clipboard
    assert only(facts, "notifications").state is notifications


@given(st.sampled_from(["xterm-kitty", "foot", "xterm-ghostty", "alacritty", "xterm-256color"]), st.booleans())
def test_doctor_says_of_notices_what_is_really_sent(term: str, nested: bool) -> None:
    environment = {**UTF8, "TERM": term} | ({"TMUX": "/tmp/x"} if nested else {})

    def ask(words: Sequence[str]) -> str:
        return "on" if "set-clipboard" in words else f"{term}|{term}|1"

    fact = only(list(terminal_facts(Terminal(True, 120, 40), environment, ask)), "notifications")
    sent = terminal_of(environment, ask)
    assert sent.about in fact.what
    assert (fact.details["dialect"], fact.details["passes"]) == (sent.dialect, sent.passes)
    assert (fact.state is State.GOOD) == (sent.notice("T", "x") != "\x07")


def test_doctor_holds_to_what_the_configuration_says_of_the_terminal() -> None:
    telling = Telling(terminal="osc9", tmux=2)
    (fact,) = [one for one in terminal_facts(Terminal(True, 120, 40), UTF8, telling=telling) if one.topic[:3] == "not"]
    assert "OSC 9" in fact.what and fact.details["through"] == ["tmux", "tmux"]


def test_the_deepest_mount_tells_the_file_system() -> None:
    mounts = LOCAL_DISK + "srv:/home /home nfs4 rw 0 0\n/dev/sdb1 /home/me/my\\040disk xfs rw 0 0\nbroken\n"
    assert file_system_of(Path("/var/x"), mounts) == "ext4"
    assert file_system_of(Path("/home/me/store"), mounts) == "nfs4"
    assert file_system_of(Path("/home/me/my disk/store"), mounts) == "xfs"
    assert file_system_of(Path("/homes/x"), mounts) == "ext4"
    assert file_system_of(Path("/x"), "") == ""


def test_a_store_on_a_network_file_system_is_told(tmp_path: Path) -> None:
    fact = next(iter(store_facts(tmp_path / "store.sqlite3", 0.0, "x / fuse.sshfs rw 0 0\n")))
    assert (fact.state, "CUPOLA_HOME" in fact.remedy) == (State.BAD, True)


def test_a_whole_a_damaged_and_a_newer_store_are_told_apart_and_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    assert only(list(store_facts(path, 0.0, LOCAL_DISK)), "store").what == "Nothing is stored yet."
    database = open_store(path)
    database.close()
    assert only(list(store_facts(path, time.time(), LOCAL_DISK)), "store").state is State.GOOD
    database = open_store(path)
    database.connection.execute("PRAGMA user_version = 9999")
    database.close()
    assert "newer" in only(list(store_facts(path, 0.0, LOCAL_DISK)), "store").what
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    assert only(list(store_facts(path, 0.0, LOCAL_DISK)), "store").state is State.BAD
    assert path.exists()


def test_a_worker_of_another_version_is_told(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "c", tmp_path / "d", tmp_path / "s")
    assert only(list(worker_facts("p", paths)), "worker").what == "No worker runs."
    with held(paths.worker_lock("p"), Holder(os.getpid(), 0.0, "", "0.0.1+3.5")):
        fact = only(list(worker_facts("p", paths)), "worker")
    assert "other code" in fact.what
    assert "cupola worker stop" in fact.remedy


# Retirement.

TODAY = dt.date(2026, 9, 1)
NANO = "gpt-4.1-nano-2025-04-14"


def reported(model: str, day: dt.date | None = None, **fields: object) -> ServiceModel:
    until = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) if day else None
    return ServiceModel(model, 0, inference_until=until, **fields)  # type: ignore[arg-type]  # fields of the record


def test_the_services_date_counts_before_the_tables_and_both_name_their_source() -> None:
    until = next(row for row in known_models([]) if row.id == NANO).inference_until
    assert until is not None
    assert (until.day, until.confirmed) == (dt.date(2026, 10, 14), False)
    told = next(row for row in known_models([reported(NANO, dt.date(2027, 1, 1))]) if row.id == NANO).inference_until
    assert told is not None
    assert (told.day, told.source) == (dt.date(2027, 1, 1), "the service")


def test_only_models_in_use_are_told_of_with_who_uses_them(store: Database) -> None:
    assert retiring(store, TODAY) == []
    deployments.want(store, Wanted("mine", f"{NANO}.ft-0123456789abcdef0123456789abcdef-x", capacity=1), 0.0)
    jobs.save(store, [Job("ftjob-1", "gpt-4.1-2025-04-14", "supervised", "running", 0, suffix="cora")])
    jobs.save(store, [Job("ftjob-2", "gpt-4.1-mini-2025-04-14", "supervised", "succeeded", 0)])
    found = {one.model: one.used_by for one in retiring(store, TODAY)}
    assert found == {NANO: ("deployment mine",), "gpt-4.1-2025-04-14": ("job cora",)}
    assert retiring(store, TODAY - dt.timedelta(days=60)) == []
    words, remedy = retirement_words(retiring(store, TODAY), TODAY)
    assert "retires in 43 days and 1 more" in words
    assert remedy == "Capture the baseline now: cupola bench run"
    after = dt.date(2026, 10, 20)
    words, remedy = retirement_words(retiring(store, after), after)
    assert "retired 6 days ago" in words
    assert "successor" in remedy


def test_a_later_date_of_the_service_calls_the_alarm_off(store: Database) -> None:
    jobs.save(store, [Job("ftjob-1", NANO, "supervised", "running", 0)])
    assert retiring(store, TODAY)
    files.save_models(store, [reported(NANO, dt.date(2028, 1, 1))])
    assert retiring(store, TODAY) == []


@given(st.one_of(st.none(), st.integers()))
def test_no_date_of_the_service_breaks_the_table(seconds: int | None) -> None:
    told = ServiceModel("m", 0, inference_until=seconds, fine_tune_until=seconds)
    row = next(row for row in known_models([told]) if row.id == "m")
    assert row.inference_until is None or row.inference_until.day.year >= 1970


def test_a_region_that_trains_nothing_is_told() -> None:
    elsewhere = Profile("p", region="Mars Central")
    fact = next(tunable(elsewhere, [reported(NANO)], TODAY))
    assert (fact.state, "Mars" in fact.what) == (State.BAD, True)
    assert next(tunable(Profile("p", region="Sweden Central"), [reported(NANO)], TODAY)).state is State.GOOD
    assert next(tunable(elsewhere, [], TODAY)).state is State.BAD
