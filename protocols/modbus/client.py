"""One Modbus bus: a serial line, or a TCP device or gateway. The one file that knows pymodbus.

RTU frames carry no transaction id: a late answer looks like the answer to the next request. So on
RTU nothing is asked twice by the library; after a timeout the line is left silent and what was
heard is dropped, the silent unit is left alone for 2 × timeout, doubled at each failure in a row,
and its first answer after that is checked by reading again and counting every byte on the line.
"""

import asyncio
import errno
import logging
import os
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from protocols.errors import (
    DeviceRefusedError,
    DeviceTimeoutError,
    FrameError,
    NotAskedError,
    ProtocolError,
)
from protocols.modbus.codec import ReadCost
from protocols.modbus.line import BusCounts, Request, SerialLine, Span, TcpAddress, TurnaroundClock
from protocols.modbus.profile import Table

__all__ = ["ModbusBus", "SerialLine", "TcpAddress"]

REOPEN_AFTER_TIMEOUTS = 3
CONNECT_TIMEOUT_S = 3.0
LONGEST_QUIET_S = 10.0
_LIBRARY_TIMEOUT_S = 60.0  # ours are shorter and are kept by asyncio.timeout
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target did not answer",
}
_GATEWAY_TIMEOUTS = (10, 11)


@dataclass(slots=True)
class _Unit:
    """`failures` in a row: while there are any, answers are not trusted unchecked."""

    quiet_until: float = 0.0
    failures: int = 0


class _Ear:
    """Counts the bytes that come in, answers or not, and when the last ones came."""

    def __init__(self) -> None:
        self.heard_bytes = 0
        self.heard_s = 0.0
        self._pending = 0

    def packet(self, is_sending: bool, data: bytes) -> bytes:
        """Called with all bytes that are not yet part of a frame, at each arrival."""
        if not is_sending:
            self.heard_s = time.monotonic()
            self.heard_bytes += max(0, len(data) - self._pending)
        self._pending = 0 if is_sending else len(data)
        return data

    def frame(self, _is_sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        """Called when the bytes became a frame of the unit that was asked."""
        self._pending = 0
        return pdu


class ModbusBus:
    """Reads units of one bus, one request at a time; opens the port when first asked."""

    def __init__(self, line: SerialLine | TcpAddress, timeout_s: float | None = None) -> None:
        self.line = line
        self.counts = BusCounts()
        self._timeout_s = timeout_s or (0.3 if line.is_rtu else 1.0)
        self._lock = asyncio.Lock()
        self._client: AsyncModbusSerialClient | AsyncModbusTcpClient | None = None
        self._units: dict[int, _Unit] = {}
        self._turnaround = TurnaroundClock(line.char_s, line.silence_s)
        self._ear = _Ear()
        self._heard_at = 0.0
        self._silent: list[int] = []  # units, since anybody answered
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # errors are raised

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._client:
            self._client.close()
            self._client = None

    async def read(
        self, unit_id: int, span: Span, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]:
        """Words (bits as 0 and 1) of one request; raise ProtocolError.

        `timeout_s` is for this device where it needs longer than the bus; `pause_s` is the silence
        that it needs before a request.
        """
        asked = Request(unit_id, span.table, span.address, span.count, timeout_s, pause_s)
        async with self._lock:
            unit = self._unit(unit_id)
            if unit.failures and self.line.is_rtu:
                words = await self._checked(asked, unit.failures)
            else:
                words = await self._careful(asked)
            unit.failures = 0
            self._silent.clear()
            return words

    async def write(
        self,
        unit_id: int,
        table: Table,
        address: int,
        words: Sequence[int],
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Set coils or holding registers; who waits longest is next, so it overtakes polling.

        Not to a unit that was just silent: read it first, so that its answers are in step.
        """
        values = tuple(words)
        asked = Request(unit_id, table, address, len(values), timeout_s, 0.0, values)
        async with self._lock:
            if (failures := self._unit(unit_id).failures) and self.line.is_rtu:
                raise DeviceTimeoutError(f"{asked.text(self.line)}: silent {failures} times.")
            self.counts.writes += 1
            await self._careful(asked)

    @property
    def heard_ago_s(self) -> float:
        """How long ago the last byte came."""
        return time.monotonic() - self._ear.heard_s

    def cost(self, unit_id: int) -> ReadCost:
        """What a request to this unit costs, as measured."""
        return self._turnaround.cost(unit_id)

    def _unit(self, unit_id: int) -> _Unit:
        unit = self._units.setdefault(unit_id, _Unit())
        if (wait_s := unit.quiet_until - time.monotonic()) > 0:
            raise NotAskedError(
                f"Unit {unit_id} on {self.line} was silent and is not asked for {wait_s:.1f} s.",
                wait_s,
            )
        return unit

    async def _checked(self, asked: Request, failures: int) -> list[int]:
        """The first answer after silence: is it to this request, or a late one to an older?

        The second request has another length where it can, and what the line says until it has
        been silent for one timeout must be these two answers and not a byte more.
        """
        heard = self._ear.heard_bytes
        words = await self._careful(asked)
        shorter = 1 + failures % (asked.count - 1) if asked.count > 1 else 1
        again = asked.of_length(asked.count if asked.table.is_bits else shorter)
        await self._careful(again)
        await asyncio.sleep(self._limit_s(asked))
        if self._ear.heard_bytes - heard != asked.answer_bytes + again.answer_bytes:
            self._leave_alone(asked)
            raise FrameError(f"{asked.text(self.line)}: answers are out of step.")
        return words

    async def _careful(self, asked: Request) -> list[int]:
        """One request; whatever goes wrong leaves the line and the unit in order."""
        client = await self._open()
        await self._keep_silence(asked.pause_s)
        started = time.monotonic()
        self.counts.requests += 1
        try:
            words = await self._attempts(client, asked)
            self._turnaround.answered(asked, time.monotonic() - started)
            return words
        except DeviceRefusedError:
            self.counts.refusals += 1
            raise
        except (ProtocolError, asyncio.CancelledError) as error:
            self.counts.timeouts += isinstance(error, DeviceTimeoutError)
            self.counts.frame_errors += isinstance(error, FrameError)
            self._leave_alone(asked)
            raise
        finally:
            now = self._heard_at = time.monotonic()
            self.counts.busy_s += now - started

    async def _attempts(
        self, client: AsyncModbusSerialClient | AsyncModbusTcpClient, asked: Request
    ) -> list[int]:
        attempts = 1 if self.line.is_rtu else 2
        for attempt in range(attempts):
            try:
                return await self._ask(client, asked)
            except (DeviceTimeoutError, FrameError):
                if attempt + 1 == attempts or not client.connected:
                    raise
        raise AssertionError("unreachable")

    async def _ask(
        self, client: AsyncModbusSerialClient | AsyncModbusTcpClient, asked: Request
    ) -> list[int]:
        timeout_s = self._limit_s(asked)
        heard = self._ear.heard_bytes
        try:
            async with asyncio.timeout(timeout_s):
                answer = await _send(client, asked)
        except TimeoutError as error:
            raise self._silence(asked, timeout_s, self._ear.heard_bytes - heard) from error
        except (ModbusException, OSError) as error:
            self.close()
            raise DeviceTimeoutError(f"{asked.text(self.line)}: connection lost.") from error
        task = asyncio.current_task()
        if task and task.cancelling():  # asyncio.wait_for of Python 3.11 may swallow it
            raise asyncio.CancelledError
        return self._words(answer, asked)

    def _limit_s(self, asked: Request) -> float:
        """The longer one: what the device is known to need, or what this line was set to."""
        return max(asked.timeout_s or 0.0, self._timeout_s)

    def _silence(self, asked: Request, timeout_s: float, heard: int) -> ProtocolError:
        if heard:
            return FrameError(
                f"{asked.text(self.line)}: {heard} bytes came within {timeout_s:g} s, "
                "but no valid frame of this unit."
            )
        return DeviceTimeoutError(f"{asked.text(self.line)}: no answer within {timeout_s:g} s.")

    def _words(self, answer: ModbusPDU, asked: Request) -> list[int]:
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            told = (
                f"{asked.text(self.line)}: {_EXCEPTIONS.get(code, 'unknown exception')} ({code})."
            )
            if code in _GATEWAY_TIMEOUTS:
                raise DeviceTimeoutError(told)
            raise DeviceRefusedError(told, code)
        if asked.values is not None:
            if answer.address != asked.address:
                raise FrameError(f"{asked.text(self.line)}: the echo is of {answer.address}.")
            return []
        got = [int(bit) for bit in answer.bits] if asked.table.is_bits else list(answer.registers)
        length = -(-asked.count // 8) * 8 if asked.table.is_bits else asked.count
        if len(got) != length:
            raise FrameError(f"{asked.text(self.line)}: got {len(got)}, out of step or broken.")
        return got[: asked.count]

    def _leave_alone(self, asked: Request) -> None:
        """After a timeout, a broken frame or a cancelled request."""
        if self.line.is_rtu:
            unit = self._units[asked.unit_id]
            quiet_s = 2 * self._limit_s(asked) * 2**unit.failures
            unit.quiet_until = time.monotonic() + min(quiet_s, LONGEST_QUIET_S)
            unit.failures = min(unit.failures + 1, 16)
        silent = self._silent
        silent.append(asked.unit_id)
        enough = min(REOPEN_AFTER_TIMEOUTS, len(self._units))
        if len(silent) >= REOPEN_AFTER_TIMEOUTS and len(set(silent)) >= enough:
            silent.clear()
            self.counts.reopened += 1
            self.close()

    async def _keep_silence(self, pause_s: float) -> None:
        wait_s = self._heard_at + max(self.line.silence_s, pause_s) - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def _open(self) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        if self._client and self._client.connected:
            return self._client
        self.close()
        client = _make(self.line, self._ear)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                is_open = await client.connect()
        except (TimeoutError, OSError, termios.error):  # termios: a setting it does not know
            is_open = False
        if not is_open:
            client.close()
            raise DeviceTimeoutError(_why_closed(self.line))
        self._client = client
        return client


async def _send(
    client: AsyncModbusSerialClient | AsyncModbusTcpClient, asked: Request
) -> ModbusPDU:
    if asked.values is not None:
        return await _set(client, asked, asked.values)
    read = {
        Table.COIL: client.read_coils,
        Table.DISCRETE_INPUT: client.read_discrete_inputs,
        Table.INPUT_REGISTER: client.read_input_registers,
        Table.HOLDING_REGISTER: client.read_holding_registers,
    }[asked.table]
    return await read(asked.address, count=asked.count, device_id=asked.unit_id)


async def _set(
    client: AsyncModbusSerialClient | AsyncModbusTcpClient,
    asked: Request,
    values: tuple[int, ...],
) -> ModbusPDU:
    """One value by functions 5 and 6, which every device knows; more by 15 and 16."""
    unit_id, address = asked.unit_id, asked.address
    if asked.table is Table.COIL:
        bits = [bool(value) for value in values]
        if len(bits) == 1:
            return await client.write_coil(address, bits[0], device_id=unit_id)
        return await client.write_coils(address, bits, device_id=unit_id)
    if len(values) == 1:
        return await client.write_register(address, values[0], device_id=unit_id)
    return await client.write_registers(address, list(values), device_id=unit_id)


def _make(
    line: SerialLine | TcpAddress, ear: _Ear
) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
    client: AsyncModbusSerialClient | AsyncModbusTcpClient
    if isinstance(line, SerialLine):
        client = AsyncModbusSerialClient(
            line.port,
            baudrate=line.baud,
            parity=line.parity,
            stopbits=line.stop_bits,
            timeout=_LIBRARY_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=ear.packet,
            trace_pdu=ear.frame,
        )
    else:
        client = AsyncModbusTcpClient(
            line.host,
            port=line.port,
            framer=FramerType.RTU if line.is_rtu else FramerType.SOCKET,
            timeout=_LIBRARY_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=ear.packet,
            trace_pdu=ear.frame,
        )
    return client


def _why_closed(line: SerialLine | TcpAddress) -> str:
    """What to do about a port that cannot be opened, in one sentence."""
    if isinstance(line, TcpAddress):
        return f"{line} cannot be reached: check address, port and network."
    try:
        os.close(os.open(line.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError as error:
        number = error.errno or 0
        return f"{line} cannot be opened: {_ADVICE.get(number, os.strerror(number))}."
    return f"{line} cannot be opened: it is no serial port or another program uses it."


_ADVICE = {
    errno.ENOENT: "it is not there; is the adapter plugged in?",
    errno.EACCES: "no right; add the agent's user to the group dialout",
    errno.EBUSY: "another program uses it",
}
