"""The local page over a real socket: PIN, foreign names, budgets, a full house."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPResponse

import pytest
from pydantic import SecretStr

from agent.settings import StatusTable
from agent.status.door import Door
from agent.status.server import StatusServer
from tests.integration.conftest import free_port

pytestmark = pytest.mark.integration


@asynccontextmanager
async def served(pin: str = "", *, is_phone: bool = False) -> AsyncIterator[StatusServer]:
    table = StatusTable(host="127.0.0.1", port=free_port(), pin=SecretStr(pin))
    server = StatusServer(table, {"/status.json": lambda: {"devices": []}})
    if is_phone:
        server.door = Phone(pin)
    task = asyncio.create_task(server.run())
    await asyncio.sleep(0.05)
    try:
        yield server
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Phone(Door):
    """Takes everybody for a phone in the store's network."""

    def is_open(self, client: str, session: str) -> bool:
        return super().is_open("192.168.8.31", session)


def ask(
    server: StatusServer, path: str, body: str | None = None, **headers: str
) -> tuple[int, str, HTTPResponse | urllib.error.HTTPError]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}",
        body.encode() if body is not None else None,
        {key.replace("_", "-"): value for key, value in headers.items()},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode(), answer
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error


def test_on_this_machine_the_page_is_open_and_strict() -> None:
    async def scene() -> None:
        async with served() as server:
            status, text, answer = await asyncio.to_thread(ask, server, "/")
            assert (status, "<main" in text) == (200, True)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert (await asyncio.to_thread(ask, server, "/status.json"))[0] == 200
            assert (await asyncio.to_thread(ask, server, "/etc/passwd"))[0] == 404

    asyncio.run(scene())


def test_a_phone_needs_the_pin_and_five_wrong_ones_lock_the_door() -> None:
    async def scene() -> None:
        async with served("204113", is_phone=True) as server:
            assert (await asyncio.to_thread(ask, server, "/status.json"))[0] == 401
            own = {"X_StoreVitals": "1"}
            status, _, answer = await asyncio.to_thread(ask, server, "/login", "204113", **own)
            assert status == 200
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly; SameSite=Strict" in cookie
            session = cookie.split(";")[0]
            seen = await asyncio.to_thread(ask, server, "/status.json", None, Cookie=session)
            assert (seen[0], json.loads(seen[1])) == (200, {"devices": []})
            for _ in range(5):
                status, text, _ = await asyncio.to_thread(ask, server, "/login", "0", **own)
                assert status == 403
            assert json.loads(text)["locked_s"] > 0

    asyncio.run(scene())


def test_a_foreign_page_can_neither_look_nor_log_in() -> None:
    async def scene() -> None:
        async with served("204113") as server:
            foreign = await asyncio.to_thread(
                ask, server, "/status.json", None, Host="evil.example"
            )
            assert foreign[0] == 403
            form = await asyncio.to_thread(ask, server, "/login", "204113")
            assert form[0] == 404

    asyncio.run(scene())


def test_a_port_that_is_taken_does_not_stop_the_agent() -> None:
    async def scene() -> None:
        async with served() as first:
            second = StatusServer(StatusTable(port=first.port), {})
            await asyncio.wait_for(second.run(), 5)
            assert second.port == 0

    asyncio.run(scene())
