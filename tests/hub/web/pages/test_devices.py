"""Nothing on the wire is orphaned, and a swap keeps what the equipment read (EDG-11)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.archive.equipment.devices import periods
from hub.archive.equipment.records import Equipment
from hub.ingest.node import Declared
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Scope
from hub.kit.records.apply import Action, Change, apply
from hub.timeseries.port import Points
from hub.web.application import create_app
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store

NEW = "freezer-9"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUnderTest]:
    with open_store(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture(scope="module")
def client(store: StoreUnderTest) -> TestClient:
    made = TestClient(create_app(store.services), base_url="http://127.0.0.1:8080")
    form = {"username": LOGIN.username, "password": LOGIN.password}
    made.post("/login", data=form, follow_redirects=False)
    return made


def hear(store: StoreUnderTest, device: str, value: float, at: datetime) -> None:
    registry = store.services.registry
    (node,) = registry.nodes()
    registry.declare(node, [Declared(None, device, "air_temperature_c")], 99)
    (series,) = registry.find(store.store_id, device, "air_temperature_c")
    points = Points.of([series.id], [int(at.timestamp() * 1000)], [value])
    store.services.timeseries.write(points, store.services.timeseries.position())
    store.services.last.apply(points)


def machine(store: StoreUnderTest, device: str) -> UUID:
    with store.services.db.read(Scope(store.chain_id)) as session:
        bind_asker(session, Asker.hub("test"))
        found = select(Equipment.id).where(
            Equipment.device_id == device, Equipment.archived_at.is_(None)
        )
        return session.scalars(found).one()


def unbound(client: TestClient) -> str:
    return client.get("/admin/devices").text.split('id="rest"')[0]


def test_what_is_bound_to_nothing_is_listed_until_it_is(
    store: StoreUnderTest, client: TestClient
) -> None:
    assert "freezer-1" not in unbound(client), "bound by the archive"
    hear(store, "weather-1", 11.0, utc_now())
    assert "weather-1" in unbound(client)
    form = {"store": str(store.store_id), "device": "weather-1", "to": "store"}
    assert client.post("/admin/devices/bind", data=form).status_code == 200
    assert "weather-1" not in unbound(client)
    assert "weather-1" in client.get("/archive/store-devices").text


def test_a_swap_keeps_what_the_equipment_read_and_marks_its_day(
    store: StoreUnderTest, client: TestClient
) -> None:
    freezer = machine(store, "freezer-1")
    hear(store, NEW, -21.5, utc_now())
    assert NEW in unbound(client)
    form = {"store": str(store.store_id), "device": NEW, "to": str(freezer)}
    client.post("/admin/devices/bind", data=form)
    assert machine(store, NEW) == freezer
    assert "freezer-1" not in unbound(client), "its place was taken, and it is silent"
    with store.services.db.read(Scope(store.chain_id)) as session:
        bind_asker(session, Asker.hub("test"))
        first, second = periods(session, [freezer])[freezer]
    assert (first.device, first.since, second.device, second.until) == (
        "freezer-1",
        None,
        NEW,
        None,
    )
    assert first.until == second.since
    charts = client.get(f"/machines/{freezer}/charts?range=1d").json()["charts"]
    line = charts["air_temperature_c"]["lines"][0]
    known = [value for value in line["mean"] if value is not None]
    assert len(known) > 50, "a day of the old device"
    assert [mark["severity"] for mark in charts["air_temperature_c"]["marks"]] == ["low"]
    assert NEW in client.get(f"/machines/{freezer}").text
    hear(store, "freezer-1", 4.0, utc_now() + timedelta(hours=2))
    assert "freezer-1" in unbound(client), "it reads something else now"


def test_what_left_with_its_equipment_is_unbound_again(
    store: StoreUnderTest, client: TestClient
) -> None:
    cabinet = machine(store, "cabinet-2")
    with store.services.db.write(Scope(store.chain_id)) as session:
        bind_asker(session, Asker.hub("test"))
        apply(session, Equipment, Change(cabinet, action=Action.ARCHIVE))
    assert "cabinet-2" in unbound(client)
