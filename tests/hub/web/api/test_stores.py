"""Footfall and sales of a store over HTTP (TSD-03, TSD-09)."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.analytics import footfall
from hub.analytics.footfall import SLOT, SlotCount
from tests.hub.web.world_under_test import API, World

START = datetime(2026, 3, 16, 16, tzinfo=UTC)
END = START + timedelta(days=1)
DAY = {"start": START.isoformat(), "end": END.isoformat()}


@pytest.fixture
def counted(world: World) -> World:
    """One in and one out in every quarter of the day until noon."""
    slots = [
        SlotCount(world.amber.id, world.mine.id, "door-1", START + n * SLOT, 1, 1, 1.0)
        for n in range(48)
    ]
    with world.amber.db.system("test") as connection:
        footfall.write(connection, slots)
    return world


def test_footfall_by_hour_with_unknown_hours(counted: World) -> None:
    client = counted.as_("store_manager")
    found = client.get(f"{API}/stores/{counted.mine.id}/footfall", params=DAY).json()
    assert len(found["items"]) == 24
    assert found["items"][3]["entries"] == 4
    assert found["items"][3]["coverage"] == 1.0
    assert found["items"][20]["entries"] is None
    assert found["dwell_method_zh"]


def test_sales_of_a_day_without_tickets_are_zero(counted: World) -> None:
    asked = DAY | {"bucket": "1d"}
    client = counted.as_("store_manager")
    found = client.get(f"{API}/stores/{counted.mine.id}/sales", params=asked).json()
    assert found["currency"] == "CNY"
    (day,) = found["items"]
    assert (day["revenue_cents"], day["tickets"], day["average_ticket_cents"]) == (0, 0, None)


@pytest.mark.parametrize(
    "asked",
    [
        DAY | {"bucket": "1m"},
        DAY | {"bucket": "x"},
        {"start": DAY["end"], "end": DAY["start"]},
        {"start": "2020-01-01T00:00:00Z", "end": DAY["end"]},
        DAY | {"colour": "red"},
    ],
)
def test_wrong_questions_are_refused(counted: World, asked: dict[str, str]) -> None:
    url = f"{API}/stores/{counted.mine.id}/footfall"
    assert counted.as_("store_manager").get(url, params=asked).status_code == 422


def test_rights_and_scope(counted: World) -> None:
    mine, other = counted.mine.id, counted.amber.stores[1].id
    clerk = counted.as_("clerk")
    assert clerk.get(f"{API}/stores/{mine}/footfall", params=DAY).status_code == 200
    assert clerk.get(f"{API}/stores/{mine}/sales", params=DAY).status_code == 403
    assert clerk.get(f"{API}/stores/{other}/footfall", params=DAY).status_code == 404
