"""What the hub listens on."""

import socket
from pathlib import Path

import pytest

from hub.errors import StartError
from hub.listening import listen, take_folder
from hub.settings import HubSettings


def test_answers_leave_at_once() -> None:
    """asyncio turns Nagle's delay off only where a socket names TCP; else each answer on an open
    connection waits 40 ms for the reader's acknowledgement."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with listen(HubSettings(port=port, mqtt_url="mqtt://127.0.0.1:1883")) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port} cannot be .*HUB_PORT"):
            listen(HubSettings(port=port, mqtt_url="mqtt://127.0.0.1:1883"))


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    take_folder(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"data directory .*/file/hub cannot be .*HUB_DATA_DIR"):
        take_folder(tmp_path / "file" / "hub")
