"""The simulated units answer as the profiles say, and refuse what a device would refuse."""

import struct
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent.simulator.modbus import answer, crc16
from agent.simulator.model import StoreModel
from agent.simulator.plant import MODBUS_UNITS, ModbusUnit
from protocols.modbus.codec import decode, encode, plan
from protocols.modbus.profile import Table

NOON = datetime(2026, 11, 9, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
MEMORY = {Table.HOLDING_REGISTER: {10: 7, 11: 65535, 14: 3}, Table.COIL: {0: 1, 1: 0, 2: 1}}


def ask(function: int, start: int, count: int, max_gap: int = 0) -> bytes:
    return answer(struct.pack(">BHH", function, start, count), MEMORY, max_gap)


def test_words_and_bits_are_given_as_the_standard_packs_them() -> None:
    assert ask(3, 10, 2) == b"\x03\x04\x00\x07\xff\xff"
    assert ask(1, 0, 3) == b"\x01\x01\x05"


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ((6, 10, 1), b"\x86\x01"),  # writing is not simulated
        ((3, 9, 2), b"\x83\x02"),  # 9 is not in the map
        ((3, 10, 5), b"\x83\x02"),  # nor are 12 and 13
        ((3, 10, 126), b"\x83\x03"),
        ((3, 10, 0), b"\x83\x03"),
    ],
)
def test_what_a_device_refuses_gets_an_exception(
    request_: tuple[int, int, int], reply: bytes
) -> None:
    assert ask(*request_) == reply


def test_a_hole_that_the_profile_allows_reads_as_zero() -> None:
    assert ask(3, 10, 5, max_gap=2) == struct.pack(">BB5H", 3, 10, 7, 65535, 0, 0, 3)


def test_the_crc_is_that_of_the_standard() -> None:
    assert crc16(bytes.fromhex("010300000002")) == bytes.fromhex("c40b")


@pytest.mark.parametrize("unit", MODBUS_UNITS, ids=lambda unit: unit.device)
def test_every_block_that_the_agent_plans_is_answered_with_the_models_values(
    unit: ModbusUnit,
    store: Callable[..., StoreModel],
) -> None:
    values = store(NOON).readings()[unit.device]
    memory = encode(unit.profile.registers, values)
    seen: dict[str, float | None] = {}
    for block in plan(unit.profile):
        function = list(Table).index(block.table) + 1
        function = {1: 1, 2: 2, 3: 4, 4: 3}[function]
        request = struct.pack(">BHH", function, block.address, block.count)
        reply = answer(request, memory, unit.profile.max_gap or 0)
        assert reply[0] == function
        data = reply[2:]
        if block.table.is_bits:
            words = [data[at // 8] >> at % 8 & 1 for at in range(block.count)]
        else:
            words = list(struct.unpack(f">{block.count}H", data))
        seen |= decode(block, words)
    assert set(seen) == set(unit.profile.metrics)
    for metric, value in seen.items():
        assert value == pytest.approx(values[metric], abs=0.06, rel=1e-6), metric
