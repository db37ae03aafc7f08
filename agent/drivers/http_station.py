"""Where devices of the store post to: one listener, a path for each device, no answer but a status.

Plain HTTP on the store's own network, as these cameras speak it; a secret in the path keeps
strangers out. It listens on the address that it is told.
"""

import asyncio
import hmac
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent.drivers.mqtt_station import QueueInbox
from protocols.mqtt.client import Message, on_loop

log = logging.getLogger(__name__)

LONGEST_BODY = 1_000_000
SLOWEST_S = 10.0
AGAIN_S = 10.0  # to try a port that was taken


class HttpStation:
    """`run` listens until cancelled; `inbox` must be called before it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._inboxes: dict[str, QueueInbox] = {}

    def inbox(self, path: str) -> QueueInbox:
        inbox = self._inboxes[path] = QueueInbox((path,))
        return inbox

    async def run(self) -> None:
        server = await self._open()
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, name="http-push", daemon=True)
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            server.shutdown()
            server.server_close()

    async def _open(self) -> "_Server":
        """A port that another program holds is no reason to end: the other devices go on."""
        put, paths, told = on_loop(self._put), tuple(self._inboxes), ""
        while True:
            try:
                return _Server((self.host, self.port), put, paths)
            except OSError as error:
                if told != (told := error.strerror or str(error)):
                    log.error(
                        "%s:%d cannot be listened on (%s): choose another port in [[bus]].",
                        self.host,
                        self.port,
                        told,
                    )
            await asyncio.sleep(AGAIN_S)

    def _put(self, path: str, body: bytes) -> None:
        self._inboxes[path].put(Message(path, body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], put: Callable[[str, bytes], None], paths: tuple[str, ...]
    ) -> None:
        self.put, self.paths = put, paths
        super().__init__(address, _Handler)

    def known(self, path: str) -> str | None:
        """Compared in constant time: the path holds the secret."""
        found = [own for own in self.paths if hmac.compare_digest(own.encode(), path.encode())]
        return found[0] if found else None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SLOWEST_S

    def do_POST(self) -> None:
        path = self.server.known(self.path.partition("?")[0])
        length = self.headers.get("Content-Length", "")
        if path is None:
            self._answer(404)
        elif not length.isdecimal():
            self._answer(411)
        elif int(length) > LONGEST_BODY:
            self._answer(413)
        else:
            body = self.rfile.read(int(length))
            is_whole = len(body) == int(length)
            if is_whole:
                self.server.put(path, body)
            self._answer(200 if is_whole else 400)

    def do_PUT(self) -> None:
        self.do_POST()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a device that posts every minute is no event."""
