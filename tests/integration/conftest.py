"""Real servers for the tests, each on a free local port and gone with its test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

MOSQUITTO_CONF = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_packet_size 524288
max_queued_messages 0
"""


class Mosquitto:
    """A broker that can be stopped, killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None:
            pytest.fail("The broker is missing: apt-get install mosquitto")
        self.binary, self.port = found, free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(MOSQUITTO_CONF.format(port=self.port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self.binary, "-c", str(self._conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not is_listening(self.port):
            assert time.monotonic() < deadline, "mosquitto did not start within 10 s"
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()
