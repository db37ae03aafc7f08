"""GET /timeseries and GET /stores/{id}/latest, over a real database and a real engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from hub.archive.chains.service import open_chain
from hub.archive.stores.records import Store
from hub.errors import HubError
from hub.ingest.node import Declared
from hub.ingest.registry import Registry
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.migrate import upgrade
from hub.kit.records.apply import Change, apply
from hub.security.actor import Actor
from hub.timeseries.daily import DailyTimeSeries
from hub.timeseries.edges import to_ms
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from hub.timeseries.port import PointQuality, Points, TimeSeries
from hub.web.api import days as days_api
from hub.web.api import timeseries as api
from hub.web.deps import current_user
from hub.web.problems import install_problems

START = datetime(2026, 3, 9, 16, tzinfo=UTC)  # midnight in Shanghai
MINUTE_MS = 60_000
METRICS = ("air_temperature_c", "compressor_running")


@dataclass
class Hub:
    client: TestClient
    stores: list[UUID]
    chain_id: UUID
    registry: Registry
    series: TimeSeries
    last: LastValues
    app: FastAPI

    def get(self, path: str, **query: object) -> Any:
        answer = self.client.get(path, params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def channel(self, **query: object) -> Any:
        asked = {
            "store": self.stores[0],
            "device": "cabinet-1",
            "metric": METRICS[0],
            "start": "2026-03-09T16:00:00Z",
            "end": "2026-03-10T16:00:00Z",
        }
        return self.get("timeseries", **(asked | query))

    def sign_in(self, *stores: UUID) -> None:
        reach = frozenset(stores) or None
        actor = Actor(
            user_id=uuid4(),
            chain_id=self.chain_id,
            username="test",
            name="Test",
            language="en",
            roles=(),
            grants={"stores.read": reach, "readings.read": reach},
            session_id=uuid4(),
        )
        self.app.dependency_overrides[current_user] = lambda: actor


async def no_page(request: Request, error: HubError) -> Response:
    raise AssertionError(f"{request.url} is no page: {error}")


def archive(db: Database, registry: Registry) -> tuple[UUID, list[UUID]]:
    """A chain of two stores with an agent each, that read the same two metrics."""
    chain_id = open_chain(db, "Test")
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("test"))
        stores = [apply(session, Store, Change(values={"code": c, "name": c})).id for c in "AB"]
    for n, store_id in enumerate(stores):
        registry.approve("test-0", f"agent-{n}", chain_id=chain_id, store_id=store_id)
    for node in registry.nodes():
        declared = [Declared(i, "cabinet-1", metric) for i, metric in enumerate(METRICS)]
        registry.declare(node, declared, 1)
    return chain_id, stores


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    db = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    upgrade(db)
    registry = Registry(db)
    chain_id, stores = archive(db, registry)
    series, last = open_timeseries("duckdb:", tmp_path, registry.store_of), LastValues()
    app = FastAPI()
    app.state.services = SimpleNamespace(db=db, registry=registry, timeseries=series, last=last)
    app.include_router(api.router, prefix="/api/v1")
    app.include_router(days_api.router, prefix="/api/v1")
    install_problems(app, no_page)
    client = TestClient(app, base_url="http://testserver/api/v1/")
    found = Hub(client, stores, chain_id, registry, series, last, app)
    found.sign_in()
    yield found
    series.close()
    db.close()


def write(hub: Hub, n: int, quality: list[int] | None = None) -> int:
    """Points a minute apart from the start of the day, 0, 1, 2 …; the number of their series."""
    (one,) = hub.registry.find(hub.stores[0], "cabinet-1", METRICS[0])
    t_ms = to_ms(START) + MINUTE_MS * np.arange(n)
    points = Points.of([one.id] * n, t_ms.tolist(), list(range(n)), quality)
    hub.series.write(points, n)
    hub.last.apply(points)
    return one.id


def test_points_come_with_unit_and_quality_and_never_a_made_up_value(hub: Hub) -> None:
    """TSD-01, TSD-11."""
    write(hub, 3, [PointQuality.GOOD, PointQuality.BAD, PointQuality.ESTIMATED])
    found = hub.channel()
    assert (found["unit"], found["zone"], found["bucket"]) == ("°C", "Asia/Shanghai", None)
    assert found["items"] == [
        {"at": "2026-03-09T16:00:00Z", "value": 0.0, "quality": "good"},
        {"at": "2026-03-09T16:01:00Z", "value": None, "quality": "bad"},
        {"at": "2026-03-09T16:02:00Z", "value": 2.0, "quality": "estimated"},
    ]


def test_buckets_leave_gaps_open(hub: Hub) -> None:
    write(hub, 90)
    found = hub.channel(bucket="1h", end="2026-03-09T19:00:00Z", agg="mean,count")
    assert found["items"] == [
        {"start": "2026-03-09T16:00:00Z", "end": "2026-03-09T17:00:00Z", "mean": 29.5, "count": 60},
        {"start": "2026-03-09T17:00:00Z", "end": "2026-03-09T18:00:00Z", "mean": 74.5, "count": 30},
        {"start": "2026-03-09T18:00:00Z", "end": "2026-03-09T19:00:00Z", "mean": None, "count": 0},
    ]


def test_a_day_is_the_stores_unless_another_zone_is_asked_for(hub: Hub) -> None:
    write(hub, 24 * 60)
    (day,) = hub.channel(bucket="1d")["items"]
    assert (day["start"], day["count"], day["min"], day["max"]) == (
        "2026-03-09T16:00:00Z",
        1440,
        0.0,
        1439.0,
    )
    first, second = hub.channel(bucket="1d", tz="UTC")["items"]
    assert (first["count"], second["count"]) == (480, 960)


def test_latest_lists_every_metric_of_the_store(hub: Hub) -> None:
    write(hub, 2)
    found = hub.get(f"stores/{hub.stores[0]}/latest")
    assert found == {
        "items": [
            {
                "device": "cabinet-1",
                "metric": "air_temperature_c",
                "unit": "°C",
                "value": 1.0,
                "at": "2026-03-09T16:01:00Z",
                "quality": "good",
            },
            {
                "device": "cabinet-1",
                "metric": "compressor_running",
                "unit": "",
                "value": None,
                "at": None,
                "quality": "missing",
            },
        ]
    }


def test_a_store_that_one_may_not_see_is_not_there(hub: Hub) -> None:
    hub.sign_in(hub.stores[1])
    for store, status in ((hub.stores[0], 404), (hub.stores[1], 200), (uuid4(), 404)):
        assert hub.client.get(f"stores/{store}/latest").status_code == status
    asked = {"device": "cabinet-1", "metric": METRICS[0], "start": START.isoformat()}
    end = (START + timedelta(days=1)).isoformat()
    answer = hub.client.get("timeseries", params=asked | {"end": end, "store": hub.stores[0].hex})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"metric": "nonsense"}, 404),
        ({"bucket": "1x"}, 422),
        ({"bucket": "1s", "end": "2030-01-01T00:00:00Z"}, 422),
        ({"bucket": "1h", "agg": "median"}, 422),
        ({"tz": "Mars/Olympus"}, 422),
        ({"tz": "../../etc/passwd"}, 422),
        ({"tz": "Asia"}, 422),
        ({"end": "2026-03-09T16:00:00Z"}, 422),
        ({"start": "0001-01-01T00:00:00Z", "bucket": "1d"}, 422),
        ({"end": "9999-12-31T23:59:59Z", "bucket": "1y"}, 422),
        ({"start": "2026-03-09T16:00:00"}, 422),
        ({"nonsense": "1"}, 422),
    ],
)
def test_a_wrong_question_is_refused(hub: Hub, change: dict[str, str], status: int) -> None:
    asked = {
        "store": str(hub.stores[0]),
        "device": "cabinet-1",
        "metric": METRICS[0],
        "start": "2026-03-09T16:00:00Z",
        "end": "2026-03-10T16:00:00Z",
    }
    answer = hub.client.get("timeseries", params=asked | change)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_more_points_than_an_answer_holds_are_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(hub, 11)
    monkeypatch.setattr(api, "MAX_POINTS", 10)
    asked = {"store": hub.stores[0].hex, "device": "cabinet-1", "metric": METRICS[0]}
    span = {"start": "2026-03-09T16:00:00Z", "end": "2026-03-10T16:00:00Z"}
    answer = hub.client.get("timeseries", params=asked | span)
    assert answer.status_code == 422
    assert "11" in answer.text


def test_a_replaced_agent_goes_on_in_the_same_line(hub: Hub) -> None:
    """TSD-01: the channel is the store's device and metric, whichever agent read it."""
    old = write(hub, 60)
    hub.registry.approve("test-0", "spare", chain_id=hub.chain_id, store_id=hub.stores[0])
    spare = hub.registry.node("test-0", "spare")
    assert spare is not None
    hub.registry.declare(spare, [Declared(0, "cabinet-1", METRICS[0])], 2)
    (new,) = {s.id for s in hub.registry.find(hub.stores[0], "cabinet-1", METRICS[0])} - {old}
    t_ms = to_ms(START) + MINUTE_MS * np.arange(60, 120)
    hub.series.write(Points.of([new] * 60, t_ms.tolist(), [100.0] * 60), 99)
    found = hub.channel(bucket="1h", end="2026-03-09T18:00:00Z", agg="first,last")
    assert [(i["first"], i["last"]) for i in found["items"]] == [(0.0, 59.0), (100.0, 100.0)]
    assert len(hub.channel()["items"]) == 120


def test_days_tell_what_a_day_came_to_and_how_sure_it_is(hub: Hub, tmp_path: Path) -> None:
    """TSD-12: coverage and qualities; a day that is not summed up yet is not told."""
    daily = DailyTimeSeries(hub.series, tmp_path, settle_s=0.0)
    hub.app.state.services.daily = daily
    series = write(hub, 60, [0] * 59 + [int(PointQuality.BAD)])
    begin, end = to_ms(START), to_ms(START) + 24 * 3_600_000
    path = f"stores/{hub.stores[0]}/days?device=cabinet-1&metric={METRICS[0]}"
    day = START.astimezone(ZoneInfo("Asia/Shanghai")).date()
    asked = f"{path}&first={day}&last={day}"

    def items() -> Any:
        return hub.client.get(asked).json()["items"]

    assert items() == []
    assert daily.make_day([series], begin, end)
    (found,) = items()
    assert (found["readings"], found["max"], found["mean"]) == (59, 58.0, 29.0)
    assert found["qualities"]["bad"] == 1
    assert 0.02 < found["coverage"] < 0.05
    assert hub.client.get(f"{path}&first={day}&last=2020-01-01").status_code == 422
    assert hub.client.get(asked.replace("cabinet-1", "none")).status_code == 404
    hub.app.state.services.daily = None
    assert hub.client.get(asked).status_code == 409
