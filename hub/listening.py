"""The hub's address: taken first, answered from by uvicorn, given back when told to stop; and the
folder that it keeps everything in."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from hub.errors import StartError
from hub.live import Live
from hub.settings import HubSettings


class Server(uvicorn.Server):
    """Stops when told, ends open streams first, and lets everything else be closed after it."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
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
