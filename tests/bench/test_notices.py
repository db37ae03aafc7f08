"""From an alert to the first message handed over; 10,000 races; a power cut of 100 stores (ALR-07,
ALR-13, ALR-15, R26). Real desk, courier and HTTP server, on one machine."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import func, select

from hub.alerts.models import Alert
from hub.alerts.notices.models import Notice
from hub.detection.findings import Finding, Rule, Severity
from hub.kit.clock import utc_now
from hub.security.accounts import Grant
from tests.bench.results import Result, broken, report
from tests.hub.alerts.findings import finding
from tests.hub.alerts.notices.conftest import Duty, duty
from tests.hub.alerts.notices.servers import WebService, web_service
from tests.hub.alerts.notices.test_outbox import give_ways
from tests.hub.chain_under_test import add_store

__all__ = ["duty"]

STORES, RACERS, RACES = 100, 8, 10_000
PEOPLE, PACE_S = 40, 0.1


@pytest.fixture
def service() -> Iterator[WebService]:
    with web_service() as made:
        yield made


@pytest.fixture
def chain(duty: Duty) -> Duty:
    with duty.chain.write() as session:
        for n in range(3, STORES + 1):
            duty.chain.stores.append(add_store(session, f"amber-{n}", n, duty.chain.ids))
    return duty


@pytest.mark.bench
def test_the_first_message_is_handed_over_within_five_seconds(
    chain: Duty, service: WebService
) -> None:
    """Each of another person: what one person hears of within half a minute is one message. The
    desk and the courier look twice a second, as in a running hub."""
    for number in range(PEOPLE):
        name, store = f"manager-{number}", chain.chain.stores[2 + number]
        chain.people[name] = chain.chain.add_user(name, Grant("store_manager", store.id))
        give_ways(chain, service, who=name)
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.5):
            chain.clock.at = utc_now()
            chain.desk.tick()
            chain.courier.tick()

    keeper = threading.Thread(target=tick)
    keeper.start()
    try:
        for number in range(PEOPLE):
            chain.clock.at = utc_now()
            chain.post(critical(chain, number))
            time.sleep(PACE_S)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and len(waits_s(chain)) < PEOPLE:
            time.sleep(0.2)
    finally:
        stop.set()
        keeper.join()
    waits = waits_s(chain)
    results = [
        Result("alert to its message handed over: p50", float(np.percentile(waits, 50)), "s"),
        Result("alert to its message handed over: p99", float(np.percentile(waits, 99)), "s", 5),
        Result("messages", len(service.requests), ""),
    ]
    report(f"Notices: a critical alert at each of {PEOPLE} stores, ten a second", results)
    assert broken(results) == []
    assert len(waits) == PEOPLE


def critical(chain: Duty, number: int) -> Finding:
    """Of a machine of its own, at one store after the other."""
    at_ms = int(chain.clock().timestamp() * 1000)
    store = chain.chain.stores[2 + number % (STORES - 2)].id
    source = f"freezer-{number}/air_temperature_c"
    level = Severity.CRITICAL
    return finding(store, source=source, severity=level, since_ms=at_ms - 1000, at_ms=at_ms)


def waits_s(chain: Duty) -> list[float]:
    """From each alert's row to the proof of its first message."""
    found = (
        select(Alert.raised_at, func.min(Notice.sent_at))
        .join(Notice, Notice.alert_id == Alert.id)
        .where(Notice.sent_at.is_not(None))
        .group_by(Alert.id, Alert.raised_at)
    )
    with chain.chain.db.system_read("bench") as connection:
        rows = connection.execute(found).all()
    return [(sent - raised).total_seconds() for raised, sent in rows if sent is not None]


@pytest.mark.bench
def test_ten_thousand_races_make_one_alert_each(chain: Duty) -> None:
    """R24: eight threads tell of the same thing at once, again and again."""
    rounds = RACES // RACERS
    start = threading.Barrier(RACERS)
    failed: list[BaseException] = []

    def tell() -> None:
        try:
            for number in range(rounds):
                start.wait()
                chain.post(critical(chain, number))
        except BaseException as error:  # noqa: BLE001 raised again by the assertion below
            failed.append(error)
            start.abort()

    began = time.monotonic()
    threads = [threading.Thread(target=tell) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with chain.chain.db.system_read("bench") as connection:
        mine = select(Alert.source, func.count()).where(Alert.rule == Rule.TEMPERATURE_HIGH.value)
        counts = dict(connection.execute(mine.group_by(Alert.store_id, Alert.source)).all())
    results = [
        Result("alerts of a race: most", max(counts.values()), "", 1),
        Result("races", rounds * RACERS, ""),
        Result("a race", 1000 * (time.monotonic() - began) / rounds, "ms"),
    ]
    report("Alarm races: eight threads, one condition each time", results)
    assert failed == []
    assert broken(results) == []
    assert len(counts) == rounds


@pytest.mark.bench
def test_a_power_cut_of_a_hundred_stores_is_three_messages_at_most(
    chain: Duty, service: WebService
) -> None:
    """R26: one incident a store."""
    give_ways(chain, service, who="chief")
    cut, level = Rule.POWER_CUT, Severity.CRITICAL
    stores = [store.id for store in chain.chain.stores]
    for second in range(10):
        some = stores[second::10]
        devices = [
            finding(one, rule=Rule.DEVICE_OFFLINE, source=f"d-{n}")
            for one in some
            for n in range(5)
        ]
        cuts = [finding(one, rule=cut, source="store", severity=level) for one in some]
        chain.post(*devices, *cuts)
        chain.run(1, step=0.5)
    chain.run(120, step=2)
    with chain.chain.db.system_read("bench") as connection:
        on_top = select(Alert.store_id).where(Alert.parent_id.is_(None))
        incidents = list(connection.execute(on_top).scalars())
    results = [
        Result("incidents a store", len(incidents) / len(stores), "", 1),
        Result("messages a person", len(service.requests), "", 3),
    ]
    report("A power cut of 100 stores within ten seconds", results)
    assert broken(results) == []
    assert sorted(map(str, incidents)) == sorted(map(str, stores))
