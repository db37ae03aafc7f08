"""INT-12, EDG-02: a reader on a real pty; hundreds of tags at once, each read many times."""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from agent.drivers.code_reader import CodeReaderDriver
from protocols.errors import DeviceTimeoutError, FrameError
from protocols.reading import Reading
from protocols.serial.client import SerialOptions

NOON = datetime(2026, 1, 3, 4, tzinfo=UTC)


class FakeOutlet:
    def __init__(self) -> None:
        self.bulks: list[list[str]] = []
        self.counts: list[float] = []
        self.opened = asyncio.Event()

    def up(self) -> None:
        self.opened.set()

    def down(self, why: str) -> None:
        self.opened.clear()

    def emit(self, readings: Sequence[Reading]) -> None:
        text, count = readings
        self.bulks.append(json.loads(str(text.value))["codes"])
        self.counts.append(float(count.value or 0))


async def scan(outlet: FakeOutlet, bursts: Sequence[bytes], gather_s: float = 0.05) -> None:
    """What the reader says, a burst and a rest in turn; then its plug is pulled."""
    reader, line = os.openpty()
    options = SerialOptions(os.ttyname(line))
    driver = CodeReaderDriver("gate-1", options, 5.0, gather_s, now=lambda: NOON)
    listening = asyncio.create_task(driver.listen(outlet))
    try:
        async with asyncio.timeout(5):
            await outlet.opened.wait()
        for burst in bursts:
            await asyncio.to_thread(os.write, reader, burst)
            await asyncio.sleep(2 * gather_s)
    finally:
        os.close(reader)
        with suppress(DeviceTimeoutError):
            await listening
        os.close(line)


def test_a_pallet_of_tags_is_one_document_with_each_tag_once() -> None:
    tags = [f"E2801160600002{n:04d}" for n in range(60)]
    burst = "".join(f"{tag}\r\n" for tag in [*tags, *tags, *tags]).encode()
    outlet = FakeOutlet()
    asyncio.run(scan(outlet, [burst, burst, b"E28011606000029999\r\n"], gather_s=0.3))
    assert outlet.bulks == [tags, ["E28011606000029999"]]
    assert outlet.counts == [60.0, 1.0]


def test_a_code_that_comes_in_pieces_or_ends_with_cr_is_whole() -> None:
    outlet = FakeOutlet()
    asyncio.run(scan(outlet, [b"69012345", b"67892\r", b"]E04006381333931\r"]))
    assert outlet.bulks == [["6901234567892"], ["4006381333931"]]


def test_a_wrong_speed_is_told_as_such() -> None:
    with pytest.raises(FrameError, match="check the reader's speed"):
        asyncio.run(scan(FakeOutlet(), [b"\xf8\xe6\x80\n" * 12]))
