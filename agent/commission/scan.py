"""Finds Modbus units: on a serial line at unknown settings, and behind addresses of the network."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.commission.plan import LineSetting, ScanPlan
from protocols.errors import DeviceRefusedError, DeviceTimeoutError, FrameError
from protocols.modbus.client import ModbusBus, TcpAddress
from protocols.modbus.codec import Block
from protocols.modbus.profile import Table
from protocols.serial.client import SerialOptions, SerialPort

QUESTION = Block(Table.HOLDING_REGISTER, 0, 1)  # any answer, also a refusal, tells of a unit
MODBUS_PORT = 502
CONNECT_S = 0.6
ANSWER_S = 0.5
AT_ONCE = 32  # connections; a shop's router has small tables

Progress = Callable[[int, int], None]
"""Called with questions asked and questions in all."""


def _silent(_done: int, _all: int) -> None: ...


@dataclass(frozen=True, slots=True)
class LineScan:
    """`setting` is None where nobody answered; `noisy` are settings at which bytes came, but no
    frame: somebody speaks there with others."""

    port: str
    setting: LineSetting | None
    unit_ids: tuple[int, ...]
    noisy: tuple[LineSetting, ...] = ()
    requests: int = 0
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FoundHost:
    """An address that speaks Modbus TCP; without `unit_ids` the port is open, but nobody said
    anything."""

    host: str
    port: int
    unit_ids: tuple[int, ...]


@dataclass(slots=True)
class _Round:
    """What one setting gave."""

    units: list[int] = field(default_factory=list)
    is_noisy: bool = False
    requests: int = 0


async def scan_line(port: str, plan: ScanPlan, on_progress: Progress = _silent) -> LineScan:
    """Stops at the first setting that answers: a line has one. Raises DeviceTimeoutError where the
    port cannot be opened."""
    began = time.monotonic()
    noisy: list[LineSetting] = []
    requests = 0
    for setting in plan.settings:
        if not await _can_be_set(port, setting):
            continue
        base = requests
        found = await _scan_setting(
            port,
            plan,
            setting,
            lambda done, base=base: on_progress(base + done, plan.requests),  # type: ignore[misc]
        )
        requests += found.requests
        if found.units:
            units = tuple(found.units)
            return LineScan(port, setting, units, tuple(noisy), requests, time.monotonic() - began)
        if found.is_noisy:
            noisy.append(setting)
    return LineScan(port, None, (), tuple(noisy), requests, time.monotonic() - began)


async def _can_be_set(port: str, setting: LineSetting) -> bool:
    """Some adapters have no parity. Raises DeviceTimeoutError where the port is not ours to use."""
    options = SerialOptions(port, setting.baud, setting.parity, setting.stop_bits)
    try:
        async with SerialPort(options):
            return True
    except DeviceRefusedError:
        return False


async def _scan_setting(
    port: str, plan: ScanPlan, setting: LineSetting, on_asked: Callable[[int], None]
) -> _Round:
    found = _Round()
    async with ModbusBus(setting.line(port), plan.timeout_s(setting)) as bus:
        for unit_id in plan.unit_ids:
            try:
                if await is_there(bus, unit_id):
                    found.units.append(unit_id)
            except FrameError:
                found.is_noisy = True
            found.requests += 1
            on_asked(found.requests)
            if found.is_noisy and not found.units and found.requests >= 8:
                break  # the wrong speed: others are asked sooner
    return found


async def is_there(bus: ModbusBus, unit_id: int) -> bool:
    """One question. Raises FrameError for noise."""
    try:
        await bus.read(unit_id, QUESTION)
    except DeviceRefusedError:
        return True
    except DeviceTimeoutError:
        return False
    return True


async def scan_hosts(
    hosts: Sequence[str],
    unit_ids: Sequence[int],
    on_progress: Progress = _silent,
    port: int = MODBUS_PORT,
) -> list[FoundHost]:
    """One connection an address; units are asked only where the port is open."""
    gate = asyncio.Semaphore(AT_ONCE)
    asked = 0

    async def look(host: str) -> FoundHost | None:
        nonlocal asked
        async with gate:
            is_open = await _is_open(host, port)
            found = FoundHost(host, port, await _units(host, port, unit_ids)) if is_open else None
        asked += 1
        on_progress(asked, len(hosts))
        return found

    results = await asyncio.gather(*(look(host) for host in hosts))
    return [found for found in results if found is not None]


async def _is_open(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (TimeoutError, OSError):
        return False
    writer.close()
    return True


async def _units(host: str, port: int, unit_ids: Sequence[int]) -> tuple[int, ...]:
    found: list[int] = []
    async with ModbusBus(TcpAddress(host, port), ANSWER_S) as bus:
        for unit_id in unit_ids:
            try:
                if await is_there(bus, unit_id):
                    found.append(unit_id)
            except (FrameError, DeviceTimeoutError):
                break
    return tuple(found)
