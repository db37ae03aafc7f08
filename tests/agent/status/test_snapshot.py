"""EDG-16: what the local page shows: devices with reasons, values with age, the way to the hub."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.guard import LocalAlarm
from agent.machine import Machine
from agent.outbox import Outbox
from agent.polling_status import BusStatus, DeviceState, DeviceStatus
from agent.settings import AgentSettings, AgentTable, StatusTable, UplinkTable
from agent.settings_devices import TillDevice
from agent.status.logbook import KEPT, Logbook
from agent.status.pace import Pace
from agent.status.server import FILES, StatusServer
from agent.status.snapshot import PAGE, Sources, snapshot
from protocols.limits import Limit
from protocols.reading import Quality, Reading

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SILENT = "Unit 9 on /dev/serial0 (holding register 1, 1 words): no answer within 0.3 s."


@dataclass
class Poll:
    known: list[DeviceStatus] = field(default_factory=list)

    def devices(self) -> Sequence[DeviceStatus]:
        return self.known

    def buses(self) -> Sequence[BusStatus]:
        return [BusStatus("cold", "/dev/serial0", 31.26, 0.5, 9.0)]


@dataclass
class Line:
    is_connected: bool = True
    trouble: str = ""


def look(
    folder: Path,
    poll: Poll,
    line: Line,
    readings: Sequence[Reading] = (),
    alarms: Sequence[LocalAlarm] = (),
) -> dict[str, Any]:
    settings = AgentSettings(
        agent=AgentTable(id="store-17", name="南京路店", data_dir=folder),
        uplink=UplinkTable(url="mqtts://hub.example", group="chain-0"),
        device=(
            TillDevice(id="cold-1", name="牛奶柜", driver="serial_till", port="x", format="jsonl"),
        ),
    )
    with Outbox(folder / "outbox.sqlite") as outbox:
        outbox.append(list(readings), urgent=True)
        outbox.bulk([])
        sources = Sources(
            settings,
            poll,
            outbox,
            line,
            Logbook(),
            Pace(1),
            Machine(folder),
            lambda: alarms,
            lambda: NOW,
        )
        return snapshot(sources)


def online(device: str = "cold-1") -> DeviceStatus:
    return DeviceStatus(device, DeviceState.ONLINE, heard_at=NOW - timedelta(seconds=3))


def test_all_well_is_said_in_one_line(tmp_path: Path) -> None:
    seen = look(tmp_path, Poll([online()]), Line())
    assert seen["verdict"] == {
        "state": "ok",
        "text": {"zh": "1 台设备全部正常", "en": "All 1 devices are well"},
    }
    assert (seen["devices"][0]["name"], seen["devices"][0]["age_s"]) == ("牛奶柜", 3.0)
    assert seen["buses"][0]["load_percent"] == 31.3


def test_what_is_beyond_its_limit_stands_first(tmp_path: Path) -> None:
    """Without a hub the people in the shop see it here."""
    limit = Limit(value=8.0, hold_s=600.0, clear_s=600.0, hysteresis=1.0)
    since = NOW - timedelta(minutes=12)
    alarm = LocalAlarm("cold-1", "air_temperature_c", limit, since, 11.4)
    lost = DeviceStatus("cold-9", DeviceState.LOST, reason=SILENT)
    seen = look(tmp_path, Poll([online(), lost]), Line(is_connected=False), alarms=[alarm])
    assert seen["verdict"]["text"] == {"zh": "超出限值：牛奶柜", "en": "Beyond its limit: 牛奶柜"}
    (shown,) = seen["alarms"]
    assert (shown["value"], shown["limit"], shown["is_low"], shown["age_s"]) == (
        11.4,
        8.0,
        False,
        720.0,
    )


def test_what_is_written_to_the_card_is_told(tmp_path: Path) -> None:
    seen = look(tmp_path, Poll([]), Line())
    assert seen["outbox"]["syncs_per_s"] >= 0
    assert seen["outbox"]["written_mb_per_day"] is None or seen["outbox"]["written_mb_per_day"] >= 0


def test_a_lost_device_says_why_and_what_to_do_in_plain_words(tmp_path: Path) -> None:
    """Edge 19 and 8: the message names the device, and the others are shown as they are."""
    lost = DeviceStatus("cold-9", DeviceState.LOST, reason=SILENT)
    seen = look(tmp_path, Poll([online(), lost]), Line())
    assert seen["verdict"]["state"] == "failed"
    assert "cold-9" in seen["verdict"]["text"]["en"]
    (bad,) = [device for device in seen["devices"] if device["state"] == "lost"]
    assert "A/B 线" in bad["reason"]["zh"]
    assert "check its power" in bad["reason"]["en"]
    assert bad["detail"] == SILENT


def test_without_a_hub_it_says_that_nothing_is_lost(tmp_path: Path) -> None:
    """Edge 5: what is kept is told; the reason stands beside it."""
    line = Line(
        is_connected=False, trouble="no answer within 10 s; check the network and firewalls"
    )
    seen = look(tmp_path, Poll([online()]), line)
    assert seen["verdict"]["state"] == "warning"
    assert "readings are kept here" in seen["verdict"]["text"]["en"]
    assert seen["uplink"]["detail"].startswith("no answer")


def test_a_value_shows_its_age_and_its_quality(tmp_path: Path) -> None:
    """Edge 22: a failed read is no number."""
    at = NOW - timedelta(seconds=12)
    readings = [
        Reading("cold-1", "air_temperature_c", 4.2, at),
        Reading("cold-1", "setpoint_c", None, at, Quality.BAD),
    ]
    values = {
        v["metric"]: v
        for v in look(tmp_path, Poll([online()]), Line(), readings)["devices"][0]["values"]
    }
    assert (values["air_temperature_c"]["value"], values["air_temperature_c"]["age_s"]) == (
        4.2,
        12.0,
    )
    assert values["air_temperature_c"]["quality"] == "good"
    assert (values["setpoint_c"]["value"], values["setpoint_c"]["quality"]) == (None, "bad")


def test_a_receipt_is_never_on_the_page(tmp_path: Path) -> None:
    readings = [Reading("cold-1", "ticket", '{"member":"张三"}', NOW)]
    assert "张三" not in str(look(tmp_path, Poll([online()]), Line(), readings))


def test_the_logbook_keeps_warnings_and_is_bounded() -> None:
    book = Logbook()
    log = logging.getLogger("tests.logbook")
    log.addHandler(book)
    log.info("not this")
    for number in range(KEPT + 5):
        log.warning("Device %s was lost.", number)
    log.removeHandler(book)
    assert len(book.newest_first()) == KEPT
    assert book.newest_first()[0].text == f"Device {KEPT + 4} was lost."


def test_the_page_fits_in_thirty_kilobytes_and_names_no_other_host() -> None:
    files = [PAGE / name for name, _ in FILES.values()]
    assert sum(path.stat().st_size for path in files) <= 30_000
    text = "".join(path.read_text("utf-8") for path in files)
    assert "https://" not in text
    assert text.count("http://") == text.count("http://www.w3.org/")
    assert ".innerHTML" not in text


@pytest.mark.parametrize("port", [0])
def test_port_0_is_no_page(port: int, tmp_path: Path) -> None:
    settings = AgentSettings(
        agent=AgentTable(id="a", data_dir=tmp_path),
        uplink=UplinkTable(url="mqtts://hub.example", group="chain-0"),
        status=StatusTable(port=port),
    )
    assert StatusServer(settings.status, {}).port == 0
