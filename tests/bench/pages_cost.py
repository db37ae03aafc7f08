"""What a request costs the hub's process: its ASGI application called as uvicorn does, without a
socket; CPU of all threads, so that the loop's, the worker's and the engine's time is in it."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

HOST = "127.0.0.1:8080"
WARM_UP = 3
LOOKS = 15


class Browser:
    """Signed in; keeps its cookies and nothing else."""

    def __init__(self, app: ASGIApp, username: str, password: str) -> None:
        self._app, self._cookie = app, ""
        self._loop = asyncio.new_event_loop()
        form = urlencode({"username": username, "password": password}).encode()
        status, headers, _ = self.ask("POST", "/login", form)
        assert status == 303, status
        cookies = [value.decode() for name, value in headers if name == b"set-cookie"]
        self._cookie = "; ".join(cookie.partition(";")[0] for cookie in cookies)

    def close(self) -> None:
        self._loop.close()

    def ask(
        self, method: str, address: str, body: bytes = b""
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body of the answer."""
        return self._loop.run_until_complete(self._ask(method, address, body))

    def cpu_ms(self, address: str) -> float:
        """The median look; the first ones fill what is kept between looks."""
        costs = self._loop.run_until_complete(self._looks(address))
        return sorted(costs[WARM_UP:])[LOOKS // 2]

    async def _looks(self, address: str) -> list[float]:
        """In one run of the loop, as in a server: worker threads stay from look to look."""
        costs = []
        for _ in range(WARM_UP + LOOKS):
            began = time.process_time()
            status, _, _ = await self._ask("GET", address, b"")
            costs.append((time.process_time() - began) * 1000)
            assert status == 200, (address, status)
        return costs

    async def _ask(
        self, method: str, address: str, body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        path, _, query = address.partition("?")
        kept: dict[str, Any] = {"status": 0, "headers": [], "body": b""}

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kept.update(status=message["status"], headers=message["headers"])
            else:
                kept["body"] += message.get("body", b"")

        await self._app(self._scope(method, path, query), receive, send)
        return kept["status"], kept["headers"], kept["body"]

    def _scope(self, method: str, path: str, query: str) -> dict[str, Any]:
        headers = {
            "host": HOST,
            "origin": f"http://{HOST}",
            "accept": "text/html",
            "accept-encoding": "gzip",
            "accept-language": "zh-CN",
            "content-type": "application/x-www-form-urlencoded",
            "cookie": self._cookie,
        }
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8080),
        }
