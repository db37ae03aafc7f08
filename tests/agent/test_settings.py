"""Bad input: a wrong agent.toml is refused with file, line and what to write instead."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.settings import AgentSettings, SettingsError, load_settings, secret
from agent.settings_devices import MqttDevice

GOOD = """\
[agent]
id = "store-17"
zone = "Asia/Shanghai"
day_start = "04:30"

[uplink]
url = "mqtts://hub.example"
group = "demo-1"
username = "store-17"

[[bus]]
id = "rs485"
kind = "modbus_rtu"
port = "/dev/serial/by-id/usb-1"

[[bus]]
id = "sensors"
kind = "mqtt"
url = "mqtt://127.0.0.1:1884"

[[device]]
id = "cabinet-1"
driver = "modbus"
bus = "rs485"
unit = 1
profile = "danfoss-ekc-202b"
critical = ["air_temperature_c"]

[[device]]
id = "door-2"
driver = "mqtt_json"
bus = "sensors"
topic = "doors/2/counts"
[device.values]
in_count = "in"
out_count = "out"
"""


def load(tmp_path: Path, text: str) -> AgentSettings:
    file = tmp_path / "agent.toml"
    file.write_text(text, "utf-8")
    return load_settings(file)


def test_a_whole_store_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.agent.day_start_minutes == 270
    assert [device.id for device in settings.device] == ["cabinet-1", "door-2"]
    door = settings.device[1]
    assert isinstance(door, MqttDevice)
    assert door.values == {"in_count": "in", "out_count": "out"}
    assert settings.outbox_path == Path("/var/lib/storevitals/outbox.sqlite")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("zone =", "zon =", "line 3: unknown key 'zon' in agent.zon. Did you mean 'zone'?"),
        (
            "unit = 1",
            "units = 1",
            "line 25: unknown key 'units' in device.units. Did you mean 'unit'",
        ),
        ('kind = "mqtt"', 'kind = "mqt"', "line 16: bus: Input tag 'mqt' found"),
        ("[uplink]", "[uplnk]", "line 6: unknown key 'uplnk' in uplnk. Did you mean 'uplink'?"),
        ("unit = 1", "unit = 300", "line 25: device.unit: Input should be less than or equal to"),
        ("unit = 1", "", "line 21: device.unit is missing."),
        ("Asia/Shanghai", "Asia/Peking2", "line 3: agent.zone: 'Asia/Peking2' is no time zone"),
        ('in_count = "in"', 'inn_count = "in"', "'inn_count' is no metric"),
        ("[agent]", "[agent", "is not valid TOML: Expected ']'"),
        ('id = "door-2"', 'id = "cabinet-1"', "two [[device]] have the id 'cabinet-1'"),
        ('bus = "rs485"', 'bus = "sensors"', "there is no [[bus]] 'sensors' of kind modbus_rtu or"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(caught.value)
    assert "agent.toml" in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "none.toml")


def test_the_environment_is_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_UPLINK__URL", "wss://other.example")
    monkeypatch.setenv("AGENT_OUTBOX__MAX_MB", "20")
    settings = load(tmp_path, GOOD)
    assert (settings.uplink.url, settings.uplink.group) == ("wss://other.example", "demo-1")
    assert settings.outbox.max_mb == 20


def test_a_misspelt_variable_is_refused_and_a_foreign_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TOOLSDIRECTORY", "/opt")
    load(tmp_path, GOOD)
    monkeypatch.setenv("AGENT_UPLINK__PASWORD", "x")
    with pytest.raises(SettingsError, match="Did you mean 'AGENT_UPLINK__PASSWORD'"):
        load(tmp_path, GOOD)


def test_a_password_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\n", "utf-8")
    assert secret(SecretStr(""), file) == "s3cret"
    assert secret(SecretStr(""), None) is None
    with pytest.raises(SettingsError, match="must hold a password"):
        secret(SecretStr(""), tmp_path / "none")
    text = GOOD.replace("username =", 'password = "s3cret"\nusername =')
    assert "s3cret" not in repr(load(tmp_path, text))


def test_the_documented_file_is_whole_and_loads() -> None:
    """Every key of every table stands in docs/formats/agent.toml, if only as a comment."""
    file = Path(__file__).parents[2] / "docs" / "formats" / "agent.toml"
    settings = load_settings(file)
    text = file.read_text("utf-8")
    tables = [settings.agent, settings.uplink, settings.outbox, *settings.bus, *settings.device]
    for table in tables:
        for key in type(table).model_fields:
            assert re.search(rf"^(# )?{key} = ", text, re.MULTILINE), key


def test_unit_0_and_a_file_of_the_first_version_still_load(tmp_path: Path) -> None:
    """Edge 18: keys are added with defaults, never taken away."""
    file = tmp_path / "agent.toml"
    file.write_text(
        '[agent]\nid = "store-1"\n'
        '[uplink]\nurl = "mqtts://hub.example"\ngroup = "demo-1"\nflush_s = 1.0\n'
        '[[bus]]\nid = "cold"\nkind = "modbus_tcp"\nhost = "192.168.1.20"\n'
        '[[device]]\nid = "unit-0"\ndriver = "modbus"\nbus = "cold"\nunit = 0\n'
        'profile = "danfoss-ekc-202b"\ninterval_s = 5\ncritical = ["air_temperature_c"]\n'
    )
    (device,) = load_settings(file).device
    assert device.id == "unit-0"
