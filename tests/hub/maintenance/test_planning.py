"""Preventive orders: made once each, by calendar and by hours of running (STO-08, STO-10)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from hub.maintenance import planning
from hub.maintenance.models import OrderKind, WorkOrder
from tests.hub.web.conftest import signed_in
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUnderTest]:
    folder: Path = tmp_path_factory.mktemp("plans")
    with open_store(folder) as made:
        yield made


@pytest.fixture(scope="module")
def client(mine: StoreUnderTest) -> TestClient:
    return signed_in(mine, LOGIN.username)


def planned(client: TestClient, **values: object) -> UUID:
    made = client.post("/api/v1/maintenance-plans", json={"tasks": "清洁\n检查"} | values)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


def orders(mine: StoreUnderTest, plan_id: UUID) -> list[WorkOrder]:
    table = WorkOrder.__table__
    with mine.services.db.system_read("test") as connection:
        found = connection.execute(select(table).where(table.c.plan_id == plan_id))
        return [WorkOrder(**row._mapping) for row in found]


def done(mine: StoreUnderTest, order: WorkOrder, days_ago: int) -> None:
    at = mine.now - days_ago * DAY
    with mine.services.db.system("test") as connection:
        change = update(WorkOrder).where(WorkOrder.id == order.id)
        connection.execute(change.values(done_at=at, closed_at=at, status="verified"))


def no_counter(_store: UUID, _device: str) -> None:
    """Machines that do not say how long they ran."""


def test_by_the_calendar_one_order_a_machine_until_it_is_done(
    mine: StoreUnderTest, client: TestClient
) -> None:
    plan = planned(client, name="冷凝器清洁", for_type="freezer", every_days=30, lead_days=7)
    db = mine.services.db
    made = planning.plan(db, no_counter, mine.now)
    (order,) = orders(mine, plan)
    assert made == 1
    assert planning.plan(db, no_counter, mine.now + 90 * DAY) == 0
    assert (order.kind, [one["zh"] for one in order.checklist]) == (
        OrderKind.PREVENTIVE,
        ["清洁", "检查"],
    )
    done(mine, order, days_ago=0)
    assert planning.plan(db, no_counter, mine.now + 22 * DAY) == 0
    assert planning.plan(db, no_counter, mine.now + 24 * DAY) == 1
    assert len(orders(mine, plan)) == 2


def test_by_hours_of_running(mine: StoreUnderTest, client: TestClient) -> None:
    plan = planned(client, name="换油", for_type="cabinet", every_days=None, every_run_hours=2000)
    ran = {"cabinet-1": 2500.0, "cabinet-2": 1200.0}
    db = mine.services.db

    def hours(store: UUID, device: str) -> float | None:
        return ran.get(device)

    assert planning.plan(db, hours, mine.now) == 1
    (order,) = orders(mine, plan)
    assert order.run_hours == 2500
    done(mine, order, days_ago=0)
    ran |= {"cabinet-1": 4400.0}
    assert planning.plan(db, hours, mine.now + DAY) == 0
    ran |= {"cabinet-1": 4510.0}
    assert planning.plan(db, hours, mine.now + DAY) == 1


def test_a_plan_says_when(client: TestClient) -> None:
    values = {"name": "x", "tasks": "y", "every_days": None}
    assert client.post("/api/v1/maintenance-plans", json=values).status_code == 422


def test_the_page_shows_what_comes_and_what_to_replace(
    mine: StoreUnderTest, client: TestClient
) -> None:
    """STO-11: a forecast of twelve months, from dates of purchase and service lives."""
    (freezer,) = client.get("/api/v1/equipment?filter[type]=freezer").json()["items"]
    today = mine.now.date()
    old = {
        "purchased_on": str(today.replace(year=today.year - 5, day=1)),
        "service_life_months": 62,
        "warranty_until": str(today + 20 * DAY),
        "version": freezer["version"],
    }
    changed = client.patch(f"/api/v1/equipment/{freezer['id']}", json=old)
    assert changed.status_code == 200, changed.text
    shown = client.get("/work-orders/plan?lang=en").text
    for part in (
        "it will have served its time",
        "Machines: 1",
        str(today + 20 * DAY),
        "order open",
    ):
        assert part in shown
    assert "一年内应更换" in client.get("/work-orders/plan?lang=zh").text
