"""TSD-02: every device as a tile with value, unit and age; silent ones never look live."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hub.ingest.node import Series
from hub.timeseries.last import LastValues
from hub.timeseries.port import PointQuality, Points
from hub.web.formats import MINUS, NO_VALUE, Formats
from hub.web.language import Language
from hub.web.pages.tiles import SILENT, Named, Tile, latest, tiles

NOW = datetime(2025, 11, 23, 6, 5, 9, tzinfo=UTC)
STORE, AGENT = uuid4(), UUID(int=1)


def show(
    rows: Sequence[tuple[str, str, float]],
    *,
    age: timedelta = timedelta(seconds=2),
    quality: PointQuality = PointQuality.GOOD,
) -> list[Tile]:
    series = [
        Series(i + 1, STORE, AGENT, device, metric) for i, (device, metric, _) in enumerate(rows)
    ]
    t_ms = int((NOW - age).timestamp() * 1000)
    points = Points.of(
        [one.id for one in series],
        [t_ms] * len(rows),
        [value for *_, value in rows],
        [quality] * len(rows),
    )
    named = {"freezer-1": Named("冷冻柜", "/archive/equipment/1", "critical")}
    return tiles(latest(series, LastValues(points)), named, Formats(Language.ZH), NOW)


def test_the_telling_metric_is_large_and_the_others_stand_beside() -> None:
    (tile,) = show(
        [
            ("freezer-1", "setpoint_c", -20.0),
            ("freezer-1", "air_temperature_c", -12.44),
            ("freezer-1", "compressor_running", 1.0),
            ("freezer-1", "bus_load_percent", 3.0),
        ]
    )
    assert tile.main is not None
    assert (tile.main.text, tile.main.unit, tile.main.key) == (
        f"{MINUS}12.4",
        "°C",
        "freezer-1/air_temperature_c",
    )
    assert [one.key.partition("/")[2] for one in tile.rest] == ["setpoint_c", "compressor_running"]
    assert tile.rest[1].words == "停机|运行"
    assert (tile.name, tile.icon, tile.severity) == ("冷冻柜", "freezer", "critical")
    assert not tile.is_silent


def test_a_device_that_went_silent_is_told_as_such() -> None:
    (tile,) = show([("hvac-1", "room_temperature_c", 23.0)], age=SILENT + timedelta(seconds=1))
    assert tile.is_silent
    assert tile.at == NOW - SILENT - timedelta(seconds=1)


def test_a_bad_value_is_not_shown_as_a_number() -> None:
    """TSD-11."""
    (tile,) = show([("hvac-1", "room_temperature_c", 0.0)], quality=PointQuality.BAD)
    assert tile.main is not None
    assert (tile.main.text, tile.main.is_stale) == (NO_VALUE, True)


def test_a_device_that_the_archive_does_not_know_leads_to_its_registration() -> None:
    (tile,) = show([("scale-9", "online", 1.0)])
    assert tile.name == "scale-9"
    assert tile.href == "/archive/equipment/new?device_id=scale-9"


def test_devices_come_in_order_each_once() -> None:
    rows = [("b", "online", 1.0), ("a", "power_w", 5.0), ("b", "paper_out", 0.0)]
    assert [tile.device for tile in show(rows)] == ["a", "b"]


def test_a_till_without_customers_is_as_fresh_as_its_agent() -> None:
    """TSD-02: no news from a till that is online is no sign of silence."""
    old = Series(1, STORE, AGENT, "till-1", "online")
    young = Series(2, STORE, AGENT, "meter-1", "power_w")
    now_ms = int(NOW.timestamp() * 1000)
    quiet = [now_ms - 3_600_000, now_ms - 2000]
    last = LastValues(Points.of([1, 2], quiet, [1.0, 500.0]))
    meter, till = tiles(latest([old, young], last), {}, Formats(Language.EN), NOW)
    assert (till.device, till.is_silent, till.at) == ("till-1", False, meter.at)
    gone = LastValues(Points.of([1, 2], quiet, [0.0, 500.0]))
    _, till = tiles(latest([old, young], gone), {}, Formats(Language.EN), NOW)
    assert till.is_silent


def test_the_agent_is_no_device_of_the_store() -> None:
    assert show([("agent", "outbox_rows", 3.0)]) == []


def test_the_agent_and_its_lines_are_no_machines_of_the_store() -> None:
    rows = [
        ("agent", "cpu_percent", 1.0),
        ("bus-cold", "bus_load_percent", 3.0),
        ("a", "power_w", 5.0),
    ]
    assert [tile.device for tile in show(rows)] == ["a"]
