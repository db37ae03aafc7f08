"""The embedded broker: loopback only, payloads of 512 kB, last wills (docs/decisions)."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from hub.demo.processes import free_port, is_free
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import MqttOptions

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """(port, pid)"""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "hub.demo_broker", str(port), str(tmp_path)])
    try:
        deadline = time.monotonic() + 10
        while is_free(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(5)


async def hear(port: int, topic: str, nudge: Callable[[MqttClient], object]) -> bytes:
    """The first payload on `topic`; `nudge` is called until it comes."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    options = MqttOptions(f"mqtt://127.0.0.1:{port}", "test")
    client = MqttClient(options, Hooks(on_loop(heard.put_nowait)), [(topic, 1)])
    running = asyncio.create_task(client.run())
    try:
        for _ in range(50):
            nudge(client)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    return (await heard.get()).payload
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    raise AssertionError(f"nothing came on {topic}")


def test_it_takes_a_payload_of_512_kb(broker: tuple[int, int]) -> None:
    payload = b"x" * 524_288
    heard = hear(broker[0], "demo/big", lambda client: client.publish("demo/big", payload, 1))
    assert asyncio.run(heard) == payload


def test_it_listens_on_loopback_only(broker: tuple[int, int]) -> None:
    listening = [
        c.laddr.ip
        for c in psutil.Process(broker[1]).net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_a_cut_connection_speaks_its_will(broker: tuple[int, int]) -> None:
    port = broker[0]

    def live_and_die(client: MqttClient) -> None:
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(_connect_with_will(b"demo/will", b"gone"))
            assert raw.recv(4)[:1] == b"\x20"

    assert asyncio.run(hear(port, "demo/will", live_and_die)) == b"gone"


def _connect_with_will(topic: bytes, payload: bytes) -> bytes:
    def text(value: bytes) -> bytes:
        return len(value).to_bytes(2, "big") + value

    flags = 0b0000_1110  # will, QoS 1, clean session
    body = text(b"MQTT") + bytes((4, flags, 0, 60)) + text(b"raw") + text(topic) + text(payload)
    return bytes((0x10, len(body))) + body
