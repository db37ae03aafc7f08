"""EDG-09: the file that commissioning writes is complete, checked, and spares the old one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.commission.draft import Draft, agent_toml, slug, write
from agent.commission.plan import LineSetting
from agent.settings import SettingsError, load_settings
from agent.words import Language, language_of
from protocols.modbus.profile import Category, load_profile

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def draft(folder: Path) -> Draft:
    made = Draft("store-17", '南京路 "一店"', data_dir=folder, pin="204113")
    bus = made.serial_bus("/dev/serial/by-id/a", LineSetting(19200, "E"))
    for unit in (1, 2):
        made.modbus_device(bus, unit, ("danfoss-ekc-202b", load_profile("danfoss-ekc-202b")), "柜")
    made.till("/dev/serial/by-id/b", "escpos", "收银机")
    broker = made.mqtt_bus("mqtt://127.0.0.1")
    made.mqtt_device(broker, "doors/1", {"in_count": "line[0].in"}, "侧门")
    return made


@pytest.mark.parametrize("language", list(Language))
def test_every_device_is_in_a_file_that_the_agent_accepts(
    tmp_path: Path, language: Language
) -> None:
    config = tmp_path / "agent.toml"
    assert write(config, agent_toml(draft(tmp_path), language), NOW) is None
    settings = load_settings(config)
    assert [device.id for device in settings.device] == ["cold-1", "cold-2", "till-1", "door-1"]
    assert settings.agent.name == '南京路 "一店"'
    assert settings.status.pin.get_secret_value() == "204113"
    assert len(settings.bus) == 2
    assert config.stat().st_mode & 0o777 == 0o640


def test_an_old_file_is_kept_each_time_under_a_name_of_its_own(tmp_path: Path) -> None:
    config, text = tmp_path / "agent.toml", agent_toml(draft(tmp_path), Language.EN)
    config.write_text("# mine\n")
    first, second = write(config, text, NOW), write(config, text, NOW)
    assert first is not None
    assert second is not None
    assert first.read_text() == "# mine\n"
    assert second.read_text() == text
    assert first != second


def test_what_the_agent_would_refuse_never_takes_the_place_of_a_good_file(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("# mine\n")
    with pytest.raises(SettingsError):
        write(config, "[agent]\n", NOW)
    assert config.read_text() == "# mine\n"
    assert [path.name for path in tmp_path.iterdir()] == ["agent.toml"]


def test_a_name_becomes_an_id_of_plain_letters() -> None:
    assert slug("Nanjing Road #2", "store-1") == "nanjing-road-2"
    assert slug("南京路", "store-1") == "store-1"


def test_the_language_is_that_of_the_terminal() -> None:
    assert language_of({"LANG": "zh_CN.UTF-8"}) is Language.ZH
    assert language_of({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}) is Language.EN
    assert language_of({}) is Language.EN


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('host = "0.0.0.0"', "give a pin"),
        ('host = "0.0.0.0"\npin = "12"', "4 to 12 digits"),
        ('pin = "abcdef"', "4 to 12 digits"),
    ],
)
def test_a_page_in_the_network_without_a_pin_is_refused(
    tmp_path: Path, table: str, why: str
) -> None:
    config = tmp_path / "agent.toml"
    text = agent_toml(Draft("a", "b", data_dir=tmp_path), Language.EN)
    config.write_text(f"{text}\n[status]\n{table}\n")
    with pytest.raises(SettingsError, match=why):
        load_settings(config)


def test_a_device_is_called_by_what_it_is_until_somebody_says_better(tmp_path: Path) -> None:
    made = draft(tmp_path)
    assert made.usual_name(Category.REFRIGERATION).zh == "冷柜 3"
    assert made.usual_name(Category.ENERGY_METER).en == "Energy meter 1"
