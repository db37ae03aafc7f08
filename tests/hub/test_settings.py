"""hub.toml and HUB_*: what is taken, what is refused, and how the refusal reads."""

from pathlib import Path

import pytest

from hub.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_MQTT_URL", raising=False)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_file_is_overridden_by_the_environment_and_that_by_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, 'host = "10.0.0.1"\nport = 1000\nlog_level = "DEBUG"\n')
    monkeypatch.setenv("HUB_PORT", "2000")
    monkeypatch.setenv("HUB_HOST", "10.0.0.2")
    settings = load_settings(file, host="10.0.0.3", data_dir=None)
    assert (settings.host, settings.port, settings.log_level) == ("10.0.0.3", 2000, "DEBUG")


def test_the_archive_is_sqlite_in_the_data_dir_by_default(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/hub.sqlite"
    assert settings.timeseries_url == "duckdb:"
    assert not settings.is_https


def test_an_unknown_key_is_refused_with_file_line_and_the_nearest_key(tmp_path: Path) -> None:
    file = written(tmp_path, "# the hub\nport = 8080\n\ndata_dri = '/srv'\n")
    with pytest.raises(SettingsError, match=r"hub\.toml, line 4: .*'data_dri'.*'data_dir'"):
        load_settings(file)


def test_an_unknown_table_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"line 2: unknown key 'web'"):
        load_settings(written(tmp_path, "port = 1\n[web]\nport = 1\n"))


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABSE_URL", "x")
    with pytest.raises(SettingsError, match=r"HUB_DATABSE_URL.*'HUB_DATABASE_URL'"):
        load_settings()


def test_a_wrong_value_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=r"hub\.toml, line 1: port: .*65535"):
        load_settings(written(tmp_path, "port = 99999\n"))
    monkeypatch.setenv("HUB_PORT", "door")
    with pytest.raises(SettingsError, match=r"HUB_PORT: port: .*integer"):
        load_settings()


def test_a_broken_or_missing_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(written(tmp_path, "port == 1"))
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "value", "example"),
    [
        ("HUB_DATABASE_URL", "nonsense", "postgresql+psycopg://user@host/name"),
        ("HUB_MQTT_URL", "foo", "mqtts://host:8883"),
        ("HUB_TIMESERIES_URL", "duck:", "duckdb:"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, example: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    said = str(refused.value)
    assert said.startswith(f"{name}: ")
    assert f"{value!r} is no address that the hub knows: write " in said
    assert example in said
    assert not said.endswith("..")


def test_what_the_environment_says_is_blamed_on_it_not_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("port = 8080\n")
    monkeypatch.setenv("HUB_PORT", "99999")
    with pytest.raises(SettingsError, match=r"^HUB_PORT: port: "):
        load_settings(file)
