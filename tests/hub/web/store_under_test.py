"""A hub with one store as it looks after two weeks: archive, series, trade and open alerts.

Everything is real but the wire: the rows are written by the parts that write them in a running
hub, from a seeded generator. `NOW` of the store is the moment the hub was made.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from hub.alerts.raising import Raising
from hub.analytics import footfall
from hub.analytics.footfall import SlotCount
from hub.analytics.stores import StoreClock, clocks
from hub.analytics.tables import SalesHour, TicketRow
from hub.archive.custom_fields.fields import Definitions
from hub.demo.seed import Login, demo_stores, seed_chain
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.ingest.node import Declared
from hub.ingest.registry import Registry
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.migrate import upgrade
from hub.kit.preferences.models import Preference
from hub.kit.records.ports import Ports
from hub.live import Live
from hub.security.passwords import Passwords
from hub.security.records import User
from hub.security.sessions import Lifetimes
from hub.security.sign_in import SignIn
from hub.security.vault.opening import open_vault
from hub.settings import HubSettings
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from hub.timeseries.port import Points
from hub.web.assets import Assets
from hub.web.rendering import Templates
from hub.web.services import Services
from hub.web.tours import KEY, OVER

DAYS = 14
STEP = timedelta(minutes=5)
LOGIN = Login("demo", "seven-plum-4731")
DRIFT = timedelta(minutes=100)  # how long ago the freezer began to warm
MINUTE_MS = 60_000
DEVICES: dict[str, dict[str, float]] = {
    "cabinet-1": {"air_temperature_c": 3.9, "setpoint_c": 4, "compressor_running": 1},
    "cabinet-2": {"air_temperature_c": 4.3, "setpoint_c": 4, "compressor_running": 0},
    "freezer-1": {"air_temperature_c": -20, "setpoint_c": -20, "compressor_running": 1},
    "hvac-1": {"room_temperature_c": 23.4, "supply_temperature_c": 16.2, "humidity_percent": 48},
    "meter-1": {"power_w": 5200, "energy_kwh": 51_832, "power_factor": 0.93},
    "door-1": {"in_total": 102_345, "out_total": 102_301, "online": 1},
    "door-2": {"in_count": 1, "out_count": 0, "battery_percent": 83},
    "till-1": {"online": 1, "paper_out": 0},
    "till-2": {"online": 1},
}
EXTRAS = {"cabinet-1": 2, "cabinet-2": 2, "freezer-1": 2}
for _device in EXTRAS:
    DEVICES[_device] |= {"door_open": 0, "defrost_active": 0}


@dataclass(frozen=True)
class StoreUnderTest:
    """The parts of the hub and what was put into them."""

    services: Services
    store_id: UUID
    chain_id: UUID
    now: datetime


@contextmanager
def open_store(folder: Path) -> Iterator[StoreUnderTest]:
    """A hub in `folder`; a second later its data are as old as in a hub that lost its broker."""
    room = open_vault(f"sqlite:///{folder / 'keys.sqlite'}", "", folder / "master.key")
    db = Database(
        f"sqlite:///{folder / 'hub.sqlite'}", Ports(vault=room.vault, custom=Definitions())
    )
    upgrade(db)
    (store_id,) = seed_chain(db, "demo-0", demo_stores(1), LOGIN)
    take_tour(db)
    registry = Registry(db)
    (node,) = registry.nodes()
    names = [(device, metric) for device, metrics in DEVICES.items() for metric in metrics]
    registry.declare(node, [Declared(n, *name) for n, name in enumerate(names)], 1)
    timeseries = open_timeseries("duckdb:", folder, registry.store_of)
    now = utc_now()
    timeseries.write(history(registry, store_id, now), 1)
    with db.system_read("test") as connection:
        clock = clocks(connection)[store_id]
    trade(db, clock, now)
    alerts(db, registry, store_id, node.chain_id, now)
    lifetimes = Lifetimes(timedelta(hours=12), timedelta(days=7), timedelta(hours=12))
    services = Services(
        settings=HubSettings(data_dir=folder),
        db=db,
        sign_in=SignIn(db, Passwords(), lifetimes),
        vault=room.vault,
        timeseries=timeseries,
        last=LastValues(timeseries.newest()),
        registry=registry,
        live=Live(),
        templates=Templates(Assets()),
    )
    try:
        yield StoreUnderTest(services, store_id, node.chain_id, now)
    finally:
        timeseries.close()
        db.close()
        room.keys.close()


def take_tour(db: Database) -> None:
    """Everybody here has looked around already."""
    with db.system("test") as connection:
        for user_id, chain_id in connection.execute(select(User.id, User.chain_id)).all():
            row = {"user_id": user_id, "chain_id": chain_id, "key": KEY, "value": OVER}
            connection.execute(insert(Preference).values(**row))


def history(registry: Registry, store_id: UUID, now: datetime) -> Points:
    """Two weeks of every series, with a gap of six hours on the fifth day."""
    step_ms = int(STEP.total_seconds() * 1000)
    end = int(now.timestamp() * 1000) - 2000
    t_ms = np.arange(end - DAYS * 24 * 60 * MINUTE_MS, end + 1, step_ms, dtype=np.int64)
    t_ms = t_ms + (end - int(t_ms[-1]))
    hours = (end - t_ms) / 3_600_000
    is_gap = (hours > 222) & (hours < 228)
    rng = np.random.default_rng(7)
    parts = []
    for series in registry.of_store(store_id):
        value = curve(series.device, series.metric, t_ms, hours, rng)
        kept = ~is_gap
        parts.append((np.full(kept.sum(), series.id, np.int32), t_ms[kept], value[kept]))
    series_ids, times, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Points(series_ids, times, values, np.zeros(len(times), np.uint8))


def curve(
    device: str,
    metric: str,
    t_ms: NDArray[np.int64],
    hours: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A plausible course of one metric; the freezer warms since DRIFT."""
    base = DEVICES[device][metric]
    day = np.sin((t_ms / 3_600_000 + 2) / 24 * 2 * math.pi)
    noise = rng.normal(0, 1, len(t_ms))
    match metric:
        case "air_temperature_c":
            drift = np.clip(DRIFT.total_seconds() / 3600 - hours, 0, None) * 4.6
            cycle = np.sin(t_ms / 1_500_000 * math.pi)
            return base + 0.7 * cycle + 0.15 * noise + (drift if device == "freezer-1" else 0)
        case "room_temperature_c" | "supply_temperature_c":
            return base + 1.2 * day + 0.2 * noise
        case "humidity_percent":
            return base + 6 * day + noise
        case "power_w":
            return base + 1900 * day + 240 * noise
        case "energy_kwh" | "in_total" | "out_total":
            return base + np.linspace(0, 4000, len(t_ms)).round()
        case _:
            return np.full(len(t_ms), base)


def busy(local: datetime) -> float:
    """How busy a moment of the week is, 0…1; closed at night."""
    hour = local.hour + local.minute / 60
    if not 7 <= hour < 23:
        return 0.0
    noon = math.exp(-((hour - 12.2) ** 2) / 3)
    evening = math.exp(-((hour - 18.4) ** 2) / 4)
    return (0.22 + 0.45 * noon + 0.75 * evening) * (1.25 if local.weekday() > 4 else 1.0)


def trade(db: Database, clock: StoreClock, now: datetime) -> None:
    """Four weeks of sales and two of footfall, and one ticket that says how fresh they are."""
    rng = np.random.default_rng(11)
    start = clock.start_of(clock.day_of(now) - timedelta(days=28))
    slots, hours = [], []
    for n in range(int((now - start) / footfall.SLOT)):
        at = start + n * footfall.SLOT
        seen = int(rng.poisson(22 * busy(at.astimezone(clock.zone))))
        if now - at < timedelta(days=DAYS + 1):
            slots.append(SlotCount(clock.chain_id, clock.store_id, "door-1", at, seen, seen, 1.0))
        if n % 4 == 0:
            hours.append((at, int(rng.poisson(34 * busy(at.astimezone(clock.zone))))))
    with db.system("test") as connection:
        footfall.write(connection, slots)
        connection.execute(insert(SalesHour), [sales_row(clock, *one) for one in hours if one[1]])
        connection.execute(insert(TicketRow), [ticket_row(clock, now)])


def sales_row(clock: StoreClock, at: datetime, tickets: int) -> dict[str, object]:
    return {
        "chain_id": clock.chain_id,
        "store_id": clock.store_id,
        "business_day": clock.day_of(at),
        "start_at": at,
        "currency": "CNY",
        "revenue_cents": tickets * 3460,
        "tickets": tickets,
        "quantity_milli": tickets * 2600,
        "discount_cents": 0,
    }


def ticket_row(clock: StoreClock, now: datetime) -> dict[str, object]:
    return {
        "id": uuid7(),
        "chain_id": clock.chain_id,
        "store_id": clock.store_id,
        "agent_id": UUID(int=1),
        "epoch": 1,
        "batch_id": 1,
        "item": 0,
        "received_at": now,
        "till": "till-1",
        "business_day": clock.day_of(now),
        "number": "1",
        "kind": "sale",
        "at": now - timedelta(seconds=40),
        "currency": "CNY",
        "total_cents": 3460,
        "discount_cents": 0,
        "change_cents": 0,
        "quantity_milli": 2000,
        "content_hash": b"0" * 32,
        "is_repeat": False,
        "is_conflict": False,
    }


def alerts(db: Database, registry: Registry, store_id: UUID, chain_id: UUID, now: datetime) -> None:
    """A freezer that warms, a counter that counts nobody, and a door that was closed again."""
    (series,) = registry.find(store_id, "freezer-1", "air_temperature_c")
    freezer = Evidence(
        device="freezer-1",
        metric="air_temperature_c",
        series=series.id,
        value=-12.4,
        usual=-20.0,
        limit=-15.0,
    )
    counter = Evidence(device="door-2", observed=0.0, expected=18.0)
    door = Evidence(device="cabinet-1", metric="door_open")
    minutes = {Rule.TEMPERATURE_HIGH: 34, Rule.COUNTER_DEAD: 190, Rule.DOOR_OPEN: 420}
    with db.system("test") as connection:
        raising = Raising(connection, {store_id: chain_id})
        for rule, severity, source, evidence in (
            (Rule.TEMPERATURE_HIGH, Severity.CRITICAL, "freezer-1/air_temperature_c", freezer),
            (Rule.COUNTER_DEAD, Severity.MEDIUM, "door-2", counter),
            (Rule.DOOR_OPEN, Severity.HIGH, "cabinet-1", door),
        ):
            at = now - timedelta(minutes=minutes[rule])
            ms = int(at.timestamp() * 1000)
            finding = Finding(Change.RAISED, store_id, source, rule, severity, ms, ms, evidence)
            raising.post([finding], at)
            if rule is Rule.DOOR_OPEN:
                ms += 9 * MINUTE_MS
                cleared = Finding(
                    Change.CLEARED, store_id, source, rule, severity, ms, ms, evidence
                )
                raising.post([cleared], at + timedelta(minutes=9))
