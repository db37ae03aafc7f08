"""The hub's address: taken first, answered from by uvicorn, given back when told to stop;
the folder that it keeps everything in; and what keeps it from starting."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from hub.errors import HubError, StartError
from hub.live import Live
from hub.security.vault.master import MasterKeyError
from hub.settings import HubSettings
from protocols.mqtt.options import MqttOptionsError


class Server(uvicorn.Server):
    """Stops when told, ends open streams first, and lets everything else be closed after it."""

    def __init__(self, application: ASGIApp, live: Live, **more: Any) -> None:
        """`more` is uvicorn's."""
        super().__init__(
            uvicorn.Config(
                application,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                **more,
            )
        )
        self._live = live

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again at the end, before our files are closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def listen(settings: HubSettings) -> socket.socket:
    """Taken before anything else is opened, so that a second hub on these files ends here."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else 40 ms late
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): "
            "stop what uses it, or set HUB_PORT."
        ) from error
    return listener


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """What keeps a process from starting, as a StartError."""
    try:
        yield
    except (MqttOptionsError, MasterKeyError, OSError, HubError, SQLAlchemyError) as error:
        raise StartError(str(error)) from error


def take_folder(folder: Path) -> None:
    """Make the data directory and see that it can be written."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"1")
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"The data directory {folder.absolute()} cannot be written ({error.strerror}): "
            "give it to the user that the hub runs as, make room, or set HUB_DATA_DIR."
        ) from error
