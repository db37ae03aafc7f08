"""Cameras post to a path of their own; strangers and broken requests get a status and nothing."""

import asyncio
import http.client
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

import pytest

from agent.devices import build_devices
from agent.drivers.http_station import HttpStation
from agent.polling import Poller
from agent.settings import load_settings
from protocols.reading import Reading
from tests.agent.drivers.test_payload import camera

pytestmark = pytest.mark.integration

CONFIG = """
[agent]
id = "store-1"
data_dir = "{folder}"
[uplink]
url = "mqtt://127.0.0.1"
group = "g"
[[bus]]
id = "push"
kind = "http"
host = "127.0.0.1"
port = 18470
[[device]]
id = "door-1"
driver = "payload"
bus = "push"
format = "hikvision"
address = "/door/secret"
"""


def post(port: int, path: str, body: bytes, says_bytes: int | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", path, body, {"Content-Length": str(says_bytes or len(body))})
        return connection.getresponse().status
    finally:
        connection.close()


def with_station(test: Callable[[HttpStation], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        station = HttpStation("127.0.0.1", 0)
        task = asyncio.create_task(test(station))
        service = asyncio.create_task(station.run())
        while station.port == 0:  # noqa: ASYNC110 a port knows no event
            await asyncio.sleep(0.01)
        try:
            await asyncio.wait_for(task, 10)
        finally:
            service.cancel()
            await asyncio.wait([service])

    asyncio.run(run())


def test_a_post_arrives_and_strangers_do_not() -> None:
    async def test(station: HttpStation) -> None:
        inbox = station.inbox("/door/secret")
        await asyncio.sleep(0.3)
        statuses = [
            await asyncio.to_thread(post, station.port, path, body, says_bytes)
            for path, body, says_bytes in (
                ("/door/guess", b"x", None),
                ("/door/secret", b"x", 1_000_001),
                ("/door/secret?a=1", b"hello", None),
            )
        ]
        assert statuses == [404, 413, 200]
        assert (await inbox.get()).payload == b"hello"

    with_station(test)


def test_a_camera_becomes_people_in_the_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "agent.toml").write_text(CONFIG.format(folder=tmp_path))
    settings = load_settings(tmp_path / "agent.toml")
    taken: list[Reading] = []

    def sink(readings: Sequence[Reading], *, urgent: bool) -> None:
        assert isinstance(urgent, bool)
        taken.extend(readings)

    async def test() -> None:
        poller = Poller(build_devices(settings), sink)
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(0.3)
        for total in (5, 9):
            assert await asyncio.to_thread(post, 18470, "/door/secret", camera(total)) == 200
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(asyncio.wait_for(test(), 10))
    assert [r.value for r in taken if r.metric == "in_count"] == [0, 4]
    assert [r.value for r in taken if r.metric == "online"] == [1.0]


def test_a_port_in_use_says_what_to_do_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(station: HttpStation) -> None:
        await asyncio.sleep(0.3)
        other = asyncio.create_task(HttpStation("127.0.0.1", station.port).run())
        await asyncio.sleep(0.1)
        assert not other.done()
        other.cancel()
        await asyncio.wait([other])

    with_station(test)
    assert "choose another port" in caplog.text
