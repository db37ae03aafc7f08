"""What the hub listens on."""

import socket

from hub.listening import listen
from hub.settings import HubSettings


def test_answers_leave_at_once() -> None:
    """asyncio turns Nagle's delay off only where a socket names TCP; else each answer on an open
    connection waits 40 ms for the reader's acknowledgement."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with listen(HubSettings(port=port, mqtt_url="mqtt://127.0.0.1:1883")) as listener:
        assert listener.proto == socket.IPPROTO_TCP
