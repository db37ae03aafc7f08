"""The simulated store on real wires: what a client and a till reader see (EDG-01, EDG-02)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from agent.simulator.live import HOST, Listening, LiveStore, SimulatedClock, Wires
from agent.simulator.model import StoreModel
from agent.simulator.plant import COLD_BUS, PLANT_BUS, RTU_BAUD
from agent.simulator.scenario import Scenario

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 9, 12, tzinfo=SHANGHAI)
MakeStore = Callable[..., StoreModel]

pytestmark = pytest.mark.integration


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def live(
    model: StoreModel, folder: Path, wall: Wall
) -> AsyncIterator[tuple[LiveStore, Listening]]:
    store = LiveStore(model, SimulatedClock(model.now, 1.0, wall), SHANGHAI, "示范店")
    async with store.open(Wires(folder)) as listening:
        yield store, listening


def test_an_rtu_client_reads_three_units_of_one_line(store: MakeStore, tmp_path: Path) -> None:
    async def scenario() -> None:
        model = store(NOON)
        async with live(model, tmp_path, Wall()) as (_, listening):
            client = AsyncModbusSerialClient(
                str(listening.serial[COLD_BUS]), baudrate=RTU_BAUD, timeout=0.5, retries=0
            )
            assert await client.connect()
            cabinet = await client.read_holding_registers(2588, count=1, device_id=1)
            freezer = await client.read_holding_registers(2531, count=1, device_id=3)
            refused = await client.read_holding_registers(9, count=1, device_id=2)
            client.close()
            assert cabinet.registers[0] / 10 == pytest.approx(
                model.cold["cabinet-1"].air_c, abs=0.5
            )
            assert (freezer.registers[0] - 0x10000) / 10 < -8
            assert refused.exception_code == 2

    asyncio.run(scenario())


def test_a_tcp_client_reads_the_meter_and_a_power_cut_makes_it_silent(
    store: MakeStore, tmp_path: Path
) -> None:
    async def scenario() -> None:
        model, wall = store(NOON), Wall()
        async with live(model, tmp_path, wall) as (simulated, listening):
            port = listening.tcp_ports[PLANT_BUS]
            client = AsyncModbusTcpClient(HOST, port=port, timeout=0.3, retries=0)
            assert await client.connect()
            reply = await client.read_input_registers(0, count=76, device_id=2)
            volts = client.convert_from_registers(reply.registers[:2], client.DATATYPE.FLOAT32)
            assert volts == pytest.approx(229, abs=8)
            model.begin(Scenario.POWER_CUT)
            wall.now += timedelta(seconds=1)
            simulated.tick()
            with pytest.raises(Exception, match="No response"):
                await client.read_input_registers(0, count=2, device_id=2)
            client.close()

    asyncio.run(scenario())


def test_the_tills_print_what_is_sold(store: MakeStore, tmp_path: Path) -> None:
    async def scenario() -> None:
        wall = Wall()
        async with live(store(NOON), tmp_path, wall) as (simulated, listening):
            lines = {
                name: os.open(listening.serial[name], os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
                for name in ("till-1", "till-2")
            }
            heard = dict.fromkeys(lines, b"")
            for _ in range(60):
                wall.now += timedelta(minutes=1)
                simulated.tick()
                for name, fd in lines.items():
                    try:
                        heard[name] += os.read(fd, 65536)
                    except BlockingIOError:
                        continue
            for fd in lines.values():
                os.close(fd)
            assert heard["till-1"].count(b"\x1dVB\x00") >= 5
            assert "合计:".encode("gb18030") in heard["till-1"]
            assert heard["till-2"].count(b"\n") >= 3

    asyncio.run(scenario())


def test_lines_that_nobody_reads_do_not_stop_the_store(store: MakeStore, tmp_path: Path) -> None:
    async def scenario() -> None:
        wall = Wall()
        model = store(NOON)
        async with live(model, tmp_path, wall) as (simulated, _):
            for _ in range(8 * 60):
                wall.now += timedelta(minutes=1)
                simulated.tick()
            assert model.now == wall.now

    asyncio.run(scenario())
    assert not list(tmp_path.iterdir()), "the names of the lines are gone with them"
