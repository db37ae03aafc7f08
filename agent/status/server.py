"""Serves the status page from a thread of its own; works with no hub and no internet.

The standard library's HTTP server: a page for one or two phones in a shop needs no more, and the
agent stays small (docs/decisions/status-page.md).
"""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agent.settings import StatusTable
from agent.status.door import Door, is_own_name
from agent.status.snapshot import PAGE

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
PATIENCE_S = 10.0
MOST_BODY = 2_000
COOKIE = "storevitals"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/mark.svg": ("mark.svg", "image/svg+xml"),
}
SETUP_FILES = {
    "/": ("setup.html", "text/html; charset=utf-8"),
    "/page.css": FILES["/page.css"],
    "/setup.css": ("setup.css", "text/css; charset=utf-8"),
    "/setup.js": ("setup.js", "text/javascript; charset=utf-8"),
    "/mark.svg": FILES["/mark.svg"],
}
Document = Callable[[], dict[str, Any]]
Action = Callable[[str], bool]
"""Takes what was posted; False where it says nothing."""


class StatusServer:
    """`run` serves until cancelled. A port that is taken is told once and is no reason to stop."""

    def __init__(
        self,
        table: StatusTable,
        documents: dict[str, Document],
        files: dict[str, tuple[str, str]] = FILES,
    ) -> None:
        """`documents` are served as JSON under their path, to who may look."""
        self._table = table
        self.documents, self.files = documents, files
        self.actions: dict[str, Action] = {}
        self.door = Door(table.pin.get_secret_value())
        self.port = 0

    async def run(self) -> None:
        if not self._table.port:
            return
        server = self.open()
        if server is None:
            return
        thread = threading.Thread(target=server.serve_forever, name="status", daemon=True)
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()

    def open(self) -> "_Server | None":
        """Listens from now on; None where the port is taken."""
        address = (self._table.host, self._table.port)
        try:
            server = _Server(address, self)
        except OSError as error:
            log.info("The status page is not shown: %s:%d, %s.", *address, error.strerror)
            return None
        self.port = server.server_address[1]
        log.info("Status page: http://%s:%d", self._table.host, self.port)
        return server


class _Server(ThreadingHTTPServer):
    """Few threads: who comes when all are busy is turned away, the agent goes first."""

    daemon_threads = True
    request_queue_size = MOST_AT_ONCE

    def __init__(self, address: tuple[str, int], owner: StatusServer) -> None:
        self.owner = owner
        self.machine = socket.gethostname()
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("A look at the status page broke off.")  # http.server would print a traceback


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S
    server_version, sys_version = "storevitals-agent", ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not is_own_name(self.headers.get("Host", ""), self.server.machine):
            self._answer(403, b"Open this page by its address.", "text/plain")
        elif path in self.server.owner.files:
            name, kind = self.server.owner.files[path]
            self._answer(200, (PAGE / name).read_bytes(), kind)
        elif document := self.server.owner.documents.get(path):
            if self._may_look():
                self._json(200, document())
            else:
                self._json(401, {"locked_s": round(self.server.owner.door.locked_s())})
        else:
            self._answer(404, b"There is nothing here.", "text/plain")

    def do_POST(self) -> None:
        door = self.server.owner.door
        is_ours = self.headers.get("X-StoreVitals") == "1"  # no foreign form can send it
        action = self.server.owner.actions.get(self.path)
        if not is_ours or (self.path != "/login" and action is None):
            self._answer(404, b"There is nothing here.", "text/plain")
            return
        size = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(size), MOST_BODY)) if size.isdecimal() else b""
        text = body.decode("utf-8", "replace").strip()
        if action is not None:
            is_taken = self._may_look() and action(text)
            self._json(200 if is_taken else 403, {})
            return
        session = door.enter(text)
        if session is None:
            self._json(403, {"locked_s": round(door.locked_s())})
            return
        cookie = f"{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/"
        self._json(200, {}, {"Set-Cookie": cookie})

    def _may_look(self) -> bool:
        try:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        session = morsel.value if morsel else ""
        return self.server.owner.door.is_open(self.client_address[0], session)

    def _json(self, status: int, document: object, more: dict[str, str] | None = None) -> None:
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        self._answer(status, body, "application/json", more)

    def _answer(
        self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            **(more or {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Looks are not worth a line in a log that a small card keeps."""
