"""Profiles: which value counts, where it came from, and how the file is written."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.errors import UsageError
from cupola.settings import ENVIRONMENT_NAMES, Settings, find_names, read_settings, resolve_profile
from cupola.settings.writing import path_of, remove_profile, save_profile, set_value, unset_value, use_profile

A, B = "https://a.openai.azure.com", "https://b.openai.azure.com"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def settings(file: Path, text: str) -> Settings:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return read_settings(file)


def test_flag_counts_before_environment_before_profile_before_defaults_before_built_in(file: Path) -> None:
    read = settings(
        file,
        f'default = "prod"\n[defaults]\nregion = "r-file"\nproject = "p-file"\nroute = "v1"\n'
        f'[profiles.prod]\nendpoint = "{A}"\nregion = "r-profile"\nproject = "p-profile"\n',
    )
    environment = {"AZURE_LOCATION": "r-environment"}
    flagged = resolve_profile(read, None, environment, region="r-flag")
    assert (flagged.region, flagged.origins["region"]) == ("r-flag", "command line")
    found = resolve_profile(read, None, environment)
    assert (found.region, found.origins["region"]) == ("r-environment", "environment AZURE_LOCATION")
    assert (found.project, found.origins["project"]) == ("p-profile", f"profile prod in {file}")
    assert (found.route, found.origins["route"]) == ("v1", f"[defaults] in {file}")
    assert found.arm_endpoint == "https://management.azure.com"
    assert "arm_endpoint" not in found.origins


@pytest.mark.parametrize("named", [{"name": "prod"}, {"environment": {"CUPOLA_PROFILE": "prod"}}])
def test_a_profile_that_is_named_stands_as_it_is_written(file: Path, named: dict[str, object]) -> None:
    read = settings(file, f'[profiles.prod]\nendpoint = "{A}"\nregion = "r-profile"\n')
    environment = {"AZURE_LOCATION": "x", "AZURE_OPENAI_ENDPOINT": B, "AZURE_PROJECT_NAME": "p"}
    environment |= named.get("environment", {})  # type: ignore[arg-type]  # a dict of texts
    found = resolve_profile(read, named.get("name"), environment)  # type: ignore[arg-type]  # a text or nothing
    assert (found.name, found.endpoint, found.region, found.project) == ("prod", A, "r-profile", "p")


def test_another_endpoint_in_the_environment_is_another_resource_than_the_default_profile(file: Path) -> None:
    read = settings(
        file, f'default = "prod"\n[profiles.prod]\nendpoint = "{A}"\nsubscription_id = "s"\ndanger = true\n'
    )
    other = resolve_profile(read, None, {"AZURE_OPENAI_ENDPOINT": B})
    assert (other.name, other.endpoint, other.subscription_id, other.danger) == (
        "b.openai.azure.com",
        B,
        "",
        False,
    ), "neither the store nor the keyring of prod may meet it"
    same = resolve_profile(read, None, {"AZURE_OPENAI_ENDPOINT": f"{A}/openai/v1/"})
    assert (same.name, same.subscription_id) == ("prod", "s")


@pytest.mark.parametrize("setting", ENVIRONMENT_NAMES)
def test_of_all_spellings_the_first_wins_and_those_that_contradict_it_are_named(setting: str) -> None:
    names = ENVIRONMENT_NAMES[setting]
    for place, name in enumerate(names):
        hit = find_names({other: f"value of {other}" for other in names[place:]} | dict.fromkeys(names[:place], ""))
        assert [(one.setting, one.variable, one.value) for one in hit] == [(setting, name, f"value of {name}")]
        assert hit[0].others == names[place + 1 :]
    assert find_names(dict.fromkeys(names, "the same"))[0].others == ()


def test_a_projects_address_brings_its_route_and_name_with_it(file: Path) -> None:
    environment = {"FOUNDRY_PROJECT_ENDPOINT": "https://r.services.ai.azure.com/api/projects/my%20project"}
    found = resolve_profile(read_settings(file), None, environment)
    assert (found.route, found.project, found.origins["route"]) == ("v1", "my project", "the endpoint")
    assert resolve_profile(read_settings(file), None, {**environment, "AZURE_PROJECT_NAME": "p"}).project == "p"


def test_a_written_profile_can_be_read_and_only_by_its_owner(file: Path) -> None:
    save_profile(file, "prod", {"endpoint": A, "budget_hard": 50, "danger": True, "region": ""})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = resolve_profile(read_settings(file), "prod", {})
    assert (found.endpoint, found.budget_hard, found.danger, found.region) == (A, 50.0, True, "")
    assert read_settings(file).default_profile == "prod", "the first one counts where none is named"
    save_profile(file, "test", {"endpoint": B})
    assert read_settings(file).default_profile == "prod"
    use_profile(file, "test")
    assert read_settings(file).default_profile == "test"
    remove_profile(file, "test")
    assert list(read_settings(file).profiles) == ["prod"]
    assert read_settings(file).default_profile == "default"


def test_comments_order_and_what_cupola_does_not_know_stay(file: Path) -> None:
    before = '# mine\ntheme = "dark" # at night\n\n[else]\nwhere = [1, 2]\n\n[profiles.prod]\n# think\nendpoint = "x"\n'
    settings(file, before)
    set_value(file, ["profiles", "prod", "region"], "eastus2")
    set_value(file, ["theme"], "light")
    after = file.read_text()
    assert after.startswith('# mine\ntheme = "light" # at night\n')
    assert "# think" in after
    assert read_settings(file).document["else"] == {"where": [1, 2]}
    unset_value(file, ["profiles", "prod", "region"])
    unset_value(file, ["theme"])
    assert "region" not in file.read_text()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"api_key": "abc"}, "unknown setting"),
        ({"endpoint": "https://u:pass@r.azure.com"}, "secret"),
        ({"endpoint": "https://r.azure.com/?sig=abcdef"}, "secret"),
        ({"project": "0123456789abcdef0123456789abcdef"}, "secret"),
        ({"project": "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2FpIn0.x"}, "secret"),
        ({"region": "A" * 84}, "secret"),
        ({"route": "v2"}, "one of dated, v1"),
        ({"credential": "password"}, "one of key"),
        ({"danger": "yes"}, "true or false"),
        ({"budget_soft": -1}, "not negative"),
        ({"budget_soft": float("nan")}, "not negative"),
    ],
)
def test_secrets_and_wrong_values_never_reach_the_file(file: Path, values: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        save_profile(file, "prod", {"endpoint": A, **values})
    assert not file.exists()


def test_ids_and_addresses_are_no_secrets(file: Path) -> None:
    ids = {"subscription_id": "fb0a2dbe-7b32-461c-97b5-2f578f5d9f5f", "token_scope": "https://ai.azure.com/.default"}
    save_profile(file, "prod", {"endpoint": A, **ids})
    assert resolve_profile(read_settings(file), "prod", {}).token_scope == ids["token_scope"]


@pytest.mark.parametrize("path", [["profiles", "p", "key"], ["api_key"], ["else", "client_secret"], ["sas"]])
def test_a_setting_that_is_named_like_a_secret_is_refused(file: Path, path: list[str]) -> None:
    with pytest.raises(UsageError, match="secret"):
        set_value(file, path, "abc")


def test_keys_of_the_keyboard_are_no_secrets(file: Path) -> None:
    set_value(file, ["keys", "connect.key"], "f3")
    assert read_settings(file).document["keys"] == {"connect.key": "f3"}


@pytest.mark.parametrize("name", ["", "demo", "a b", "../x", ".", "-p", "a" * 65, "a\n"])
def test_a_name_that_misleads_is_refused(file: Path, name: str) -> None:
    with pytest.raises(UsageError, match="profile's name"):
        save_profile(file, name, {"endpoint": A})


def test_a_name_is_not_taken_twice_unless_it_is_meant(file: Path) -> None:
    save_profile(file, "prod", {"endpoint": A, "region": "eastus2"})
    with pytest.raises(UsageError, match="already"):
        save_profile(file, "prod", {"endpoint": B})
    save_profile(file, "prod", {"endpoint": B}, replace=True)
    assert dict(read_settings(file).profiles["prod"]) == {"endpoint": B}


def test_a_broken_file_is_left_as_it_is(file: Path) -> None:
    settings_text = "[profiles\nendpoint = 1"
    file.parent.mkdir()
    file.write_text(settings_text)
    with pytest.raises(UsageError, match="not valid TOML"):
        save_profile(file, "prod", {"endpoint": A})
    assert file.read_text() == settings_text
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".config-")] == []


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("")
    file.parent.mkdir()
    file.symlink_to(real)
    save_profile(file, "prod", {"endpoint": A})
    assert file.is_symlink()
    assert "prod" in real.read_text()


def _write(file: Path, name: str) -> None:
    save_profile(file, name, {"endpoint": A})


def test_writers_at_the_same_moment_lose_nothing(file: Path) -> None:
    names = [f"p{number}" for number in range(8)]
    spawning = multiprocessing.get_context("fork")
    writers = [spawning.Process(target=_write, args=(file, name)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(read_settings(file).profiles) == names


def test_names_with_dots_are_quoted() -> None:
    assert path_of("profiles.prod.region") == ["profiles", "prod", "region"]
    assert path_of('keys."frame.help"') == ["keys", "frame.help"]
    assert path_of('profiles."my.host".region') == ["profiles", "my.host", "region"]


@given(st.text(max_size=40))
def test_any_other_name_is_refused_in_words(text: str) -> None:
    try:
        parts = path_of(text)
    except UsageError:
        return
    assert parts
    assert all(isinstance(part, str) for part in parts)
