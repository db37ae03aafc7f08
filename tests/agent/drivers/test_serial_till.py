"""EDG-06: a till on a real pty: tickets, quarantine with every byte, an unplugged line."""

import asyncio
import base64
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agent.drivers.base import PushDriver
from agent.drivers.serial_till import SerialTillDriver
from protocols.errors import DeviceTimeoutError
from protocols.pos.feed import TillContext
from protocols.pos.layout import load_layout
from protocols.reading import Reading
from protocols.serial.client import SerialOptions

NOON = datetime(2026, 1, 3, 4, tzinfo=UTC)
CONTEXT = TillContext("till-1", ZoneInfo("Asia/Shanghai"))
RULE = "-" * 48
RECEIPT = f"""\x1b@单号:0042 收银机:1
时间:2026-01-03 12:00:00
{RULE}
牛奶
  - 2 x 12.50 25.00
{RULE}
合计: 25.00
现金: 25.00
{RULE}
\x1dV\x42\x00""".encode("gb18030")
TICKET = {
    "business_day": "2026-01-03",
    "number": "0043",
    "kind": "sale",
    "at": "2026-01-03T04:00:00Z",
    "currency": "CNY",
    "total_cents": 0,
}


class FakeOutlet:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.online: list[bool] = []

    def up(self) -> None:
        self.online.append(True)

    def down(self, why: str) -> None:
        self.online.append(False)

    def emit(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            assert (reading.device, reading.time) == ("till-1", NOON)
            assert isinstance(reading.value, str)
            self.said.append((reading.metric, reading.value))


async def listen(pieces: Sequence[bytes], *, escpos: bool) -> FakeOutlet:
    master, slave = os.openpty()
    outlet = FakeOutlet()
    driver: PushDriver = SerialTillDriver(
        CONTEXT,
        SerialOptions(os.ttyname(slave)),
        load_layout("retail-zh") if escpos else None,
        now=lambda: NOON,
    )
    task = asyncio.create_task(driver.listen(outlet))
    await asyncio.sleep(0.02)
    for piece in pieces:
        os.write(master, piece)
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    os.close(master)
    os.close(slave)
    return outlet


def test_a_printed_receipt_becomes_a_ticket_document() -> None:
    outlet = asyncio.run(listen([RECEIPT[:50], RECEIPT[50:] + RECEIPT], escpos=True))
    assert outlet.online == [True]
    assert [metric for metric, _ in outlet.said] == ["ticket", "ticket"]
    document = json.loads(outlet.said[0][1])
    assert (document["till"], document["total_cents"]) == ("till-1", 2500)


def test_a_json_line_becomes_a_ticket_document() -> None:
    line = json.dumps(TICKET).encode() + b"\n"
    outlet = asyncio.run(listen([line[:30], line[30:]], escpos=False))
    ((metric, value),) = outlet.said
    assert (metric, json.loads(value)["number"]) == ("ticket", "0043")


@pytest.mark.parametrize(
    ("pieces", "escpos", "error"),
    [
        ([RECEIPT.replace(b": 25.00\n-", b": 26.00\n-")], True, "tenders less change are 2600"),
        ([b"PAPER FEED TEST\n\x1dV\x00"], True, "The receipt has no total"),
        ([b"{nonsense}\n"], False, "The line is no JSON document"),
        ([RECEIPT[:80]], True, "It stopped midway"),
    ],
)
def test_what_is_not_understood_is_quarantined_whole(
    pieces: list[bytes], escpos: bool, error: str
) -> None:
    outlet = asyncio.run(listen(pieces, escpos=escpos))
    ((metric, value),) = outlet.said
    document = json.loads(value)
    assert metric == "quarantined_ticket"
    assert error in document["error"]
    sent = b"".join(pieces)
    assert base64.b64decode(document["raw"]) == (sent if escpos else sent.rstrip(b"\n"))


class FakePort:
    """Half a receipt, then silence; then a whole one, then the adapter is pulled."""

    def __init__(self) -> None:
        self._says = [RECEIPT[:60], b"", RECEIPT, None]

    async def read(self) -> bytes:
        said = self._says.pop(0)
        if said == b"":
            await asyncio.sleep(60)
        if said is None:
            raise DeviceTimeoutError("/dev/ttyUSB0 is gone.")
        return said


def test_silence_in_the_middle_ends_a_receipt() -> None:
    outlet = FakeOutlet()
    driver = SerialTillDriver(
        CONTEXT, SerialOptions("-"), load_layout("retail-zh"), now=lambda: NOON
    )
    with pytest.raises(DeviceTimeoutError):
        asyncio.run(driver.follow(FakePort(), outlet, silence_s=0.05))
    assert [metric for metric, _ in outlet.said] == ["quarantined_ticket", "ticket"]
