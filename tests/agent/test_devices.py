"""EDG-01..07: what agent.toml names is built, without touching a port."""

from pathlib import Path

import pytest

from agent.devices import DRIVERS, build_devices
from agent.settings import SettingsError, load_settings
from agent.settings_devices import Device
from agent.settings_source import _models, _tags

STORE = """\
[agent]
id = "store-17"
data_dir = "{folder}"
[uplink]
url = "mqtt://127.0.0.1:1883"
group = "demo-1"

[[bus]]
id = "rs485"
kind = "modbus_rtu"
port = "/dev/serial/by-id/usb-1"
baud = 19200
parity = "E"
[[bus]]
id = "gateway"
kind = "modbus_tcp"
host = "192.168.1.20"
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
interval_s = 5
critical = ["air_temperature_c"]
[[device]]
id = "door-1"
driver = "modbus"
bus = "gateway"
unit = 3
profile = "wirenboard-wb-mcm8"
[[device]]
id = "door-2"
driver = "mqtt_json"
bus = "sensors"
topic = "doors/2/counts"
values = {{ in_count = "in", out_count = "out" }}
[[device]]
id = "till-1"
driver = "serial_till"
port = "/dev/serial/by-id/usb-2"
format = "escpos"
[[device]]
id = "till-2"
driver = "serial_till"
port = "/dev/serial/by-id/usb-3"
format = "jsonl"
"""


def store(tmp_path: Path, old: str = "", new: str = "") -> Path:
    file = tmp_path / "agent.toml"
    file.write_text(STORE.format(folder=tmp_path).replace(old, new, 1), "utf-8")
    return file


def test_a_store_is_built(tmp_path: Path) -> None:
    devices = build_devices(load_settings(store(tmp_path)))
    assert [(p.driver.device, p.bus, p.interval_s) for p in devices.polled] == [
        ("cabinet-1", "rs485", 5.0),
        ("door-1", "gateway", 10.0),
    ]
    assert [p.driver.device for p in devices.pushed] == ["door-2", "till-1", "till-2"]
    assert devices.polled[0].rules.critical == {"air_temperature_c"}
    assert set(devices.buses) == {"rs485", "gateway"}
    assert len(devices.services) == 1
    series = devices.series()
    assert {
        ("cabinet-1", "compressor_running"),
        ("door-1", "in_total"),
        ("door-1", "in_count"),
        ("door-2", "out_count"),
        ("till-1", "ticket"),
        ("till-2", "quarantined_ticket"),
        ("till-2", "online"),
    } <= set(series)
    assert len(series) == len(set(series))


def test_an_installers_own_profile_lies_beside_agent_toml(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'vendor = "V"\nmodel = "M"\nsource = "manual 1, page 2"\nconfidence = "untested"\n'
        '[[registers]]\nmetric = "power_w"\ntable = "input_register"\naddress = 0\n',
        "utf-8",
    )
    file = store(tmp_path, "danfoss-ekc-202b", "own.toml")
    devices = build_devices(load_settings(file), folder=tmp_path)
    assert devices.polled[0].driver.metrics == ("power_w",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("danfoss-ekc-202b", "danfos", "'cabinet-1': there is no profile 'danfos'. Known: "),
        ('format = "escpos"', 'format = "escpos"\nlayout = "x"', "there is no layout 'x'"),
        ('in_count = "in"', 'in_count = "in.."', "'in..' is no JSON path"),
        ("mqtt://127.0.0.1:1884", "mqtt://192.168.1.9", r"'sensors': .*in the clear"),
    ],
)
def test_what_cannot_be_built_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_devices(load_settings(store(tmp_path, old, new)))


def test_every_kind_of_device_has_its_driver() -> None:
    kinds = {tag for model in _models(Device) for tag in _tags(model)}
    assert kinds == set(DRIVERS)


def test_a_scale_is_asked_by_its_protocol(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(
        '[agent]\nid = "store-1"\n[uplink]\nurl = "mqtt://127.0.0.1"\ngroup = "g"\n'
        '[[device]]\nid = "scale-1"\ndriver = "serial_scale"\nport = "/dev/serial0"\n'
        'protocol = "mt-sics"\n'
    )
    devices = build_devices(load_settings(tmp_path / "agent.toml"), folder=tmp_path)
    assert ("scale-1", "weight_kg") in devices.series()
