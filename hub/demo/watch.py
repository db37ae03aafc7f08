"""Watches the hub from outside, as a browser would, until the demo is ready."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode
from uuid import UUID

from hub.demo.processes import DemoError

POLL_S = 0.4
START_LIMIT_S = 60.0
DRAIN_LIMIT_S = 1800.0
REQUEST_LIMIT_S = 10.0
LIVE_LAG_ROWS = 10  # what is on its way at any moment
_CONNECTED = re.compile(r"^\w*connected(?:\{.*\})? 1(?:\.0)?$", re.MULTILINE)
_LAG = re.compile(r"^\w*lag_\w+_rows(?:\{.*\})? (\S+)$", re.MULTILINE)
POLLED = frozenset({"cabinet-1", "cabinet-2", "freezer-1", "hvac-1", "meter-1", "door-1"})


class HubClient:
    """The hub's API on this machine; blocking. Raises OSError, or DemoError when it says no."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._host, self._port = host, port
        self._form = urlencode({"username": username, "password": password})
        self._headers: dict[str, str] = {}

    def is_ready(self) -> bool:
        """Whether every part of the hub says that it works."""
        try:
            self._ask("/health/ready")
        except OSError:
            return False
        return True

    def is_connected(self) -> bool:
        """Whether its ingest has a broker."""
        return _CONNECTED.search(self._ask("/metrics").decode()) is not None

    def lag(self) -> float:
        """Journal rows that consumers have still before them."""
        text = self._ask("/metrics").decode()
        return sum(float(rows) for rows in _LAG.findall(text))

    def newest(self, store_id: UUID) -> dict[str, datetime]:
        """The time of each device's newest reading."""
        newest: dict[str, datetime] = {}
        for item in json.loads(self._ask(f"/stores/{store_id}/latest"))["items"]:
            if item["at"] is None:  # a metric that was declared and has not spoken yet
                continue
            at = datetime.fromisoformat(item["at"])
            newest[item["device"]] = max(at, newest.get(item["device"], at))
        return newest

    def log_in(self) -> None:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        token = json.loads(self._ask("/auth/token", self._form, kind))["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def _ask(self, path: str, form: str | None = None, kind: Mapping[str, str] = {}) -> bytes:
        connection = HTTPConnection(self._host, self._port, timeout=REQUEST_LIMIT_S)
        try:
            method = "GET" if form is None else "POST"
            connection.request(method, f"/api/v1{path}", form, {**self._headers, **kind})
            reply = connection.getresponse()
            body = reply.read()
        except HTTPException as error:
            raise ConnectionError(f"no whole answer to {path}") from error
        finally:
            connection.close()
        if reply.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise ConnectionError(f"{path} is not available yet")
        if reply.status != HTTPStatus.OK:
            raise DemoError(f"The hub answered {reply.status} to {path}: {body[:300]!r}")
        return body


async def wait_until_listening(hub: HubClient) -> None:
    """Until it answers and has subscribed: what comes earlier would have to be sent again."""
    async with _limit(START_LIMIT_S, "The hub did not answer"):
        await _until(hub.is_ready)
        await asyncio.to_thread(hub.log_in)
        await _until(hub.is_connected)


async def wait_until_caught_up(hub: HubClient, stores: Sequence[UUID], begun: datetime) -> None:
    """Until history is in and what is measured now shows.

    A node that was never drained sends its oldest readings first, so a reading taken after `begun`
    comes behind all of the history.
    """
    async with _limit(DRAIN_LIMIT_S, "The history was not taken in"):
        for store_id in stores:
            await _until(partial(_is_live, hub, store_id, begun))
        await _until(lambda: hub.lag() <= LIVE_LAG_ROWS)


async def _until(check: Callable[[], bool]) -> None:
    while True:
        if await asyncio.to_thread(check):
            return
        await asyncio.sleep(POLL_S)


@asynccontextmanager
async def _limit(seconds: float, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise DemoError(f"{what} within {seconds:.0f} s; look into the logs folder.") from None


def _is_live(hub: HubClient, store_id: UUID, begun: datetime) -> bool:
    newest = hub.newest(store_id)
    return all(device in newest and newest[device] >= begun for device in POLLED)
