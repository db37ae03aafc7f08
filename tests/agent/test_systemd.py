"""What systemd hears; a real socket of its kind."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.systemd import Notifier


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(address)
        end.settimeout(5)
        yield address, end


def test_ready_and_stopping_are_said(listener: tuple[str, socket.socket]) -> None:
    address, end = listener
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.stopping()
    assert [end.recv(100), end.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_the_watchdog_is_fed_only_while_something_moves(
    listener: tuple[str, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    """EDG-01: an agent that hangs is restarted by systemd."""
    address, end = listener
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "40000"})
    moving = iter([True, True, False, False])

    async def feed() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(notifier.feed(lambda: next(moving, False)), 0.1)

    asyncio.run(feed())
    end.setblocking(False)
    heard = []
    with suppress(BlockingIOError):
        while True:
            heard.append(end.recv(100))
    assert heard == [b"WATCHDOG=1"] * 2
    assert "stands still" in caplog.text


def test_without_systemd_nothing_happens() -> None:
    notifier = Notifier.from_environment({})
    notifier.ready()
    asyncio.run(asyncio.wait_for(notifier.feed(lambda: True), 1))
    assert notifier.address == ""


def test_logs_memory_and_restarts_of_the_service_are_bounded() -> None:
    """Edge 12 and 13: whatever goes wrong, the card does not fill and the Pi does not swap."""
    folder = Path(__file__).parents[2] / "deploy/systemd"
    unit = (folder / "storevitals-agent.service").read_text()
    for line in ("Type=notify", "WatchdogSec=60", "MemoryMax=200M", "Restart=always"):
        assert line in unit
    assert "StartLimitIntervalSec=0" in unit  # it is never given up
    assert "LogRateLimitBurst=200" in unit
    assert "SystemMaxUse=50M" in (folder / "journald-storevitals.conf").read_text()
    assert "RuntimeWatchdogSec=30" in (folder / "watchdog-storevitals.conf").read_text()
