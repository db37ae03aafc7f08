"""A store in software on real wires: Modbus over TCP and RTU, tills on serial lines, MQTT."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

from agent.simulator.modbus import RtuResponder, Units, serve_tcp
from agent.simulator.model import Passage, StoreModel
from agent.simulator.plant import (
    COLD_BUS,
    DOOR_BUS,
    HEARTBEAT_S,
    MODBUS_UNITS,
    PLANT_BUS,
    RTU_BAUD,
    TILLS,
    ModbusUnit,
)
from agent.simulator.ptys import SerialLine, open_lines
from agent.simulator.receipts import escpos, json_line
from agent.simulator.side_door import SideDoor
from protocols.modbus.codec import Memory, encode
from protocols.pos.ticket import Ticket

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Wires:
    """Where a store's devices are to be put."""

    folder: Path  # of the serial lines' stable names
    modbus_port: int = 0  # the next one is the door's; 0: free ones
    mqtt_url: str | None = None  # None leaves the side door out
    topic: str = "sensors/store-1/door-2"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where they are."""

    serial: Mapping[str, Path]  # "cold" and the tills
    tcp_ports: Mapping[str, int]  # "plant" and "door"
    mqtt_url: str | None
    topic: str

    def document(self) -> dict[str, object]:
        return {
            "serial": {name: str(path) for name, path in self.serial.items()},
            "tcp": {name: f"{HOST}:{port}" for name, port in self.tcp_ports.items()},
            "mqtt": {"url": self.mqtt_url, "topic": self.topic} if self.mqtt_url else None,
        }

    def sentences(self) -> list[str]:
        lines = [
            f"Modbus RTU ({_units_of(COLD_BUS)}): {self.serial[COLD_BUS]}, {RTU_BAUD} baud",
            *(
                f"Modbus TCP ({_units_of(bus)}): {HOST}:{port}"
                for bus, port in self.tcp_ports.items()
            ),
            *(f"{till.device} ({till.format}): {self.serial[till.device]}" for till in TILLS),
        ]
        if self.mqtt_url:
            lines.append(f"door-2 (JSON over MQTT): {self.topic} at {self.mqtt_url}")
        else:
            lines.append("door-2 is left out: give --mqtt-url to have it.")
        return lines


def _units_of(bus: str) -> str:
    return ", ".join(f"{unit.device} = {unit.unit}" for unit in MODBUS_UNITS if unit.bus == bus)


@dataclass(slots=True)
class SimulatedClock:
    """Simulated time: `speed` times as fast as `wall` since the store stood at `start`."""

    start: datetime
    speed: float = 1.0
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    _begun: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.wall()

    def now(self) -> datetime:
        elapsed_s = (self.wall() - self._begun).total_seconds()
        return self.start + timedelta(seconds=elapsed_s * self.speed)


class LiveStore:
    """Moves the model on and lets the wires show it."""

    def __init__(self, model: StoreModel, clock: SimulatedClock, zone: ZoneInfo, shop: str) -> None:
        self.model = model
        self._clock = clock
        self._zone = zone
        self._shop = shop
        self._readings = model.readings()
        self._images: dict[str, Memory] = {}
        self._lines: Mapping[str, SerialLine] = {}
        self._side_door: SideDoor | None = None
        self._side_door_spoke_s = 0.0

    @contextlib.asynccontextmanager
    async def open(self, wires: Wires) -> AsyncIterator[Listening]:
        """The devices answer from here to the end of the block, as long as `run` runs."""
        names = [COLD_BUS, *(till.device for till in TILLS)]
        async with contextlib.AsyncExitStack() as stack:
            self._lines = stack.enter_context(open_lines(wires.folder, names))
            responder = RtuResponder(self._lines[COLD_BUS].fd, self._units(COLD_BUS), RTU_BAUD)
            responder.attach()
            stack.callback(responder.detach)
            ports = {}
            for place, bus in enumerate((PLANT_BUS, DOOR_BUS)):
                port = wires.modbus_port + place if wires.modbus_port else 0
                serving = serve_tcp(self._units(bus), HOST, port)
                ports[bus] = await stack.enter_async_context(serving)
            if wires.mqtt_url:
                self._side_door = SideDoor(wires.mqtt_url, wires.topic)
            serial = {name: line.path for name, line in self._lines.items()}
            yield Listening(serial, ports, wires.mqtt_url, wires.topic)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick_on(), name="model")
            if self._side_door:
                group.create_task(self._side_door.run(), name="side door")

    async def _tick_on(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        """Bring model and wires to the clock's time."""
        self.model.advance(self._clock.now())
        self._readings = self.model.readings()
        self._images = {}
        if self._side_door:
            self._side_door.switch(self.model.is_powered)
        passages = []
        for event in self.model.take_events():
            match event:
                case Passage():
                    passages.append(event)
                case Ticket():
                    self._print(event)
                case _:
                    assert_never(event)
        self._count(passages)

    def _count(self, passages: list[Passage]) -> None:
        now_s = self._clock.now().timestamp()
        is_due = bool(passages) or now_s - self._side_door_spoke_s >= HEARTBEAT_S
        if self._side_door and is_due and self.model.is_powered:
            self._side_door_spoke_s = now_s
            entries = sum(passage.is_in for passage in passages)
            self._side_door.count(now_s, entries, len(passages) - entries)

    def _print(self, ticket: Ticket) -> None:
        formats = {till.device: till.format for till in TILLS}
        if formats[ticket.till] == "escpos":
            data = escpos(ticket, self._shop, self._zone)
        else:
            data = json_line(ticket)
        self._lines[ticket.till].write(data)

    def _units(self, bus: str) -> Units:
        units = [unit for unit in MODBUS_UNITS if unit.bus == bus]
        return Units(
            {unit.unit: lambda unit=unit: self._image(unit) for unit in units},  # type: ignore[misc]
            {unit.unit: unit.profile.max_gap or 0 for unit in units},
        )

    def _image(self, unit: ModbusUnit) -> Memory | None:
        values = self._readings.get(unit.device)
        if values is None:
            return None
        image = self._images.get(unit.device)
        if image is None:
            image = self._images[unit.device] = encode(unit.profile.registers, values)
        return image
