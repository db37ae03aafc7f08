"""GET /events over a real connection: who hears what, when, and until when (TSD-02, SEC-06)."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn

from hub.live import Event, EventKind
from hub.security.sessions import Origin
from hub.timeseries.port import PointQuality, Points
from hub.web.api import events
from hub.web.application import create_app
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store

pytestmark = pytest.mark.integration
URL = "/api/v1/events"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUnderTest]:
    with open_store(Path(tmp_path_factory.mktemp("hub"))) as found:
        yield found


class Page:
    """One open stream, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.last_id = ""

    async def next(self, kind: str, limit_s: float = 5.0) -> dict[str, Any]:
        """The data of the next event of this kind."""
        async with asyncio.timeout(limit_s):
            while True:
                name, data = await self._event()
                if name == kind:
                    return data

    async def _event(self) -> tuple[str, dict[str, Any]]:
        name, data = "", {}
        async for line in self._lines:
            field, _, value = line.partition(": ")
            match field:
                case "id":
                    self.last_id = value
                case "event":
                    name = value
                case "data":
                    data = json.loads(value)
                case "":
                    return name, data
        raise EOFError


@asynccontextmanager
async def served(world: StoreUnderTest) -> AsyncIterator[httpx.AsyncClient]:
    """The hub on a free port, and somebody who is signed in."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(world.services)
        config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            token = world.services.sign_in.sign_in(
                LOGIN.username, LOGIN.password, Origin("127.0.0.1"), cookie=False
            )
            client.headers["Authorization"] = f"Bearer {token.secret}"
            try:
                yield client
            finally:
                server.should_exit = True
                await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def opened(
    client: httpx.AsyncClient, store: UUID | None = None, last_id: str = ""
) -> AsyncIterator[Page]:
    params = {"store": str(store)} if store else {}
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with client.stream("GET", URL, params=params, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        page = Page(response)
        if not last_id:
            await page.next("ready")
        yield page


async def caught_up(page: Page) -> dict[str, Any]:
    """Past the values of before, by device and metric."""
    return {
        f"{one['device']}/{one['metric']}": one for one in (await page.next("reading"))["readings"]
    }


def alert(store_id: UUID, n: int = 1) -> Event:
    return Event(EventKind.ALERT, store_id, {"n": n})


def tell_reading(world: StoreUnderTest, value: float, quality: PointQuality) -> None:
    services = world.services
    (series,) = services.registry.find(world.store_id, "freezer-1", "air_temperature_c")
    now_ms = time.time_ns() // 1_000_000
    services.last.apply(Points.of([series.id], [now_ms], [value], [quality]))
    data = {"series": (series.id,)}
    services.live.publish(Event(EventKind.READING, world.store_id, data))


def test_an_alert_goes_at_once_and_readings_at_most_four_times_a_second(
    world: StoreUnderTest,
) -> None:
    async def scenario() -> None:
        async with served(world) as client, opened(client, world.store_id) as page:
            await caught_up(page)
            tell_reading(world, -17.5, PointQuality.GOOD)
            (reading,) = (await page.next("reading"))["readings"]
            assert (reading["device"], reading["value"]) == ("freezer-1", -17.5)
            began = time.monotonic()
            for n in range(50):
                tell_reading(world, float(n), PointQuality.GOOD)
            world.services.live.publish(alert(world.store_id))
            assert (await page.next("alert"))["n"] == 1
            assert time.monotonic() - began < 0.15
            (reading,) = (await page.next("reading"))["readings"]
            assert reading["value"] == 49.0
            assert time.monotonic() - began > 0.1

    asyncio.run(scenario())


def test_a_page_that_opens_hears_what_it_missed_since_it_was_made(world: StoreUnderTest) -> None:
    async def scenario() -> None:
        tell_reading(world, -16.25, PointQuality.GOOD)
        async with served(world) as client, opened(client, world.store_id) as page:
            found = (await caught_up(page))["freezer-1/air_temperature_c"]
            assert found["value"] == -16.25
            age = datetime.now(UTC) - datetime.fromisoformat(found["at"])
            assert timedelta() < age < timedelta(seconds=30)

    asyncio.run(scenario())


def test_a_value_that_is_not_known_is_null(world: StoreUnderTest) -> None:
    """TSD-11: never zero."""

    async def scenario() -> None:
        async with served(world) as client, opened(client, world.store_id) as page:
            await caught_up(page)
            tell_reading(world, 0.0, PointQuality.STALE)
            (reading,) = (await page.next("reading"))["readings"]
            assert (reading["value"], reading["quality"]) == (None, "stale")

    asyncio.run(scenario())


def test_the_overview_hears_alerts_of_its_stores_but_no_readings(world: StoreUnderTest) -> None:
    async def scenario() -> None:
        async with served(world) as client, opened(client) as page:
            tell_reading(world, -18.0, PointQuality.GOOD)
            world.services.live.publish(alert(uuid4(), 7))  # a store of another chain
            world.services.live.publish(alert(world.store_id, 8))
            name, data = await page._event()
            assert (name, data["n"]) == ("alert", 8)
            assert data["store_id"] == str(world.store_id)

    asyncio.run(scenario())


def test_who_comes_back_hears_what_was_missed(world: StoreUnderTest) -> None:
    async def scenario() -> None:
        async with served(world) as client:
            async with opened(client) as page:
                world.services.live.publish(alert(world.store_id, 1))
                await page.next("alert")
            world.services.live.publish(alert(world.store_id, 2))
            async with opened(client, last_id=page.last_id) as again:
                assert (await again.next("alert"))["n"] == 2
            async with opened(client, last_id="another-life-3") as again:
                assert await again.next("reload") is not None

    asyncio.run(scenario())


def test_a_foreign_store_is_not_found_and_a_stranger_is_sent_away(world: StoreUnderTest) -> None:
    async def scenario() -> None:
        async with served(world) as client:
            assert (await client.get(URL, params={"store": str(uuid4())})).status_code == 404
            client.headers.pop("Authorization")
            assert (await client.get(URL)).status_code == 401

    asyncio.run(scenario())


def test_the_stream_ends_soon_after_the_session(
    world: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-08: at most five seconds; here a twentieth of that."""
    monkeypatch.setattr(events, "RIGHTS_EVERY_S", 0.25)

    async def scenario() -> None:
        async with served(world) as client, opened(client) as page:
            secret = client.headers["Authorization"].removeprefix("Bearer ")
            actor = world.services.sign_in.sessions.actor(secret)
            world.services.sign_in.sign_out(actor, Origin("127.0.0.1"))
            with pytest.raises(EOFError):
                await page.next("alert", 5)

    asyncio.run(scenario())


def test_a_page_that_leaves_is_forgotten(world: StoreUnderTest) -> None:
    async def scenario() -> None:
        async with served(world) as client:
            async with opened(client):
                assert world.services.live.has_listeners
            deadline = time.monotonic() + 5
            while world.services.live.has_listeners:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)

    asyncio.run(scenario())
