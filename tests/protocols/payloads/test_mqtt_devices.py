"""EDG-04: meters and sensors that speak JSON over MQTT."""

import json

import pytest

from protocols.errors import FrameError
from protocols.metrics import METRICS
from protocols.payloads import shelly, tasmota, zigbee
from protocols.payloads.values import PayloadValue


def said(values: tuple[PayloadValue, ...]) -> dict[str, float]:
    assert {v.metric for v in values} <= set(METRICS)
    return {f"{v.part}:{v.metric}" if v.part else v.metric: v.value for v in values}


def test_shelly_three_phases_by_notification() -> None:
    em = {
        "id": 0,
        "a_voltage": 229.1,
        "b_act_power": -12.5,
        "c_pf": 0.91,
        "a_freq": 50.0,
        "n_current": None,
        "total_act_power": 3210.0,
    }
    payload = {"method": "NotifyStatus", "params": {"ts": 1.5, "em:0": em}}
    assert said(shelly.decode("shop/events/rpc", json.dumps(payload).encode())) == {
        "voltage_l1_v": 229.1,
        "power_l2_w": -12.5,
        "power_factor_l3": 0.91,
        "frequency_hz": 50.0,
        "power_w": 3210.0,
    }


def test_shelly_energy_is_told_in_wh_and_kept_in_kwh() -> None:
    payload = json.dumps({"total_act": 1234500, "total_act_ret": 0}).encode()
    assert said(shelly.decode("shop/status/emdata:0", payload)) == {
        "energy_kwh": 1234.5,
        "energy_export_kwh": 0.0,
    }


def test_shelly_single_phase_channels_are_parts() -> None:
    payload = json.dumps({"act_power": 60.0, "pf": 0.9}).encode()
    assert said(shelly.decode("shop/status/em1:1", payload)) == {
        "channel 1:power_w": 60.0,
        "channel 1:power_factor": 0.9,
    }
    assert shelly.decode("shop/status/wifi", b"{}") == ()


def test_zigbee_contact_true_is_closed() -> None:
    payload = json.dumps({"contact": True, "battery": 88, "linkquality": 120}).encode()
    assert said(zigbee.decode(payload)) == {
        "battery_percent": 88,
        "link_quality": 120,
        "contact_open": 0,
    }


def test_zigbee_leak_and_climate() -> None:
    payload = json.dumps(
        {"water_leak": True, "tamper": False, "temperature": 4.2, "humidity": 81}
    ).encode()
    assert said(zigbee.decode(payload)) == {
        "room_temperature_c": 4.2,
        "humidity_percent": 81,
        "leak_detected": 1,
        "tamper_active": 0,
    }
    with pytest.raises(FrameError, match="not true or false"):
        zigbee.decode(b'{"water_leak": "yes"}')


@pytest.mark.parametrize(("payload", "value"), [(b"online", 1), (b'{"state": "offline"}', 0)])
def test_zigbee_availability(payload: bytes, value: float) -> None:
    assert zigbee.online(payload) == PayloadValue("online", value)
    with pytest.raises(FrameError):
        zigbee.online(b"perhaps")


def test_tasmota_plug_probe_and_will() -> None:
    sensor = {
        "Time": "2026-11-23T10:00:00",
        "ENERGY": {"Power": 120, "Total": 33.4, "Factor": 0.98},
        "DS18B20": {"Id": "0", "Temperature": -18.6},
        "Switch1": "ON",
    }
    assert said(tasmota.decode("tele/plug/SENSOR", json.dumps(sensor).encode())) == {
        "power_w": 120,
        "energy_kwh": 33.4,
        "power_factor": 0.98,
        "room_temperature_c": -18.6,
        "input_1_on": 1,
    }
    assert said(tasmota.decode("tele/plug/LWT", b"Offline")) == {"online": 0}
    assert tasmota.decode("stat/plug/RESULT", b"{}") == ()
    with pytest.raises(FrameError):
        tasmota.decode("tele/plug/LWT", b"")
