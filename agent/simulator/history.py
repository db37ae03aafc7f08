"""The days before anybody watched: readings as the agent would have taken them, a minute apart."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.simulator.model import Passage, StoreModel
from agent.simulator.plant import MODBUS_UNITS, SIDE_DOOR, device_ids
from protocols.modbus.profile import DataType, Register
from protocols.pos.ticket import Ticket
from protocols.reading import Reading

STEP = timedelta(minutes=1)
_FLOAT_DIGITS = 3


def history(model: StoreModel, end: datetime) -> Iterator[list[Reading]]:
    """Move `model` on to the last whole minute before `end`; one list a minute, oldest first."""
    minute = model.now.replace(second=0, microsecond=0) + STEP
    tills = _Tills()
    front = _FrontDoor(model)
    columns = [
        (unit.device, [(r.metric, _digits(r)) for r in unit.profile.registers])
        for unit in MODBUS_UNITS
    ]
    while minute <= end:
        model.advance(minute)
        readings = _polled(model, columns, minute)
        readings += front.readings(minute)
        readings += _happened(model, tills, minute)
        yield readings
        minute += STEP


def _polled(
    model: StoreModel, columns: list[tuple[str, list[tuple[str, int]]]], time: datetime
) -> list[Reading]:
    values = model.readings()
    readings = [
        Reading(device, metric, round(values[device][metric], digits), time)
        for device, metrics in columns
        if device in values
        for metric, digits in metrics
    ]
    is_online = float(model.is_powered)
    readings += [Reading(device, "online", is_online, time) for device in device_ids()]
    return readings


def _happened(model: StoreModel, tills: "_Tills", time: datetime) -> list[Reading]:
    entries = exits = 0.0
    readings = []
    for event in model.take_events():
        match event:
            case Passage(is_in=True):
                entries += 1
            case Passage():
                exits += 1
            case Ticket():
                readings.append(tills.reading(event))
    if model.is_powered:
        readings.append(Reading(SIDE_DOOR, "in_count", entries, time))
        readings.append(Reading(SIDE_DOOR, "out_count", exits, time))
    return readings


class _FrontDoor:
    """The agent makes counts of the running totals; so does its history."""

    def __init__(self, model: StoreModel) -> None:
        self._model = model
        self._last = (model.door_in_total, model.door_out_total)

    def readings(self, time: datetime) -> list[Reading]:
        model, (entries, exits) = self._model, self._last
        if not model.is_powered:
            return []
        self._last = (model.door_in_total, model.door_out_total)
        return [
            Reading("door-1", "in_count", float(model.door_in_total - entries), time),
            Reading("door-1", "out_count", float(model.door_out_total - exits), time),
        ]


class _Tills:
    """Stamps of one till strictly increase: a return follows its sale by a millisecond."""

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}

    def reading(self, ticket: Ticket) -> Reading:
        earliest = self._last.get(ticket.till, datetime.min.replace(tzinfo=UTC))
        time = max(ticket.at, earliest + timedelta(milliseconds=1))
        self._last[ticket.till] = time
        return Reading(ticket.till, "ticket", ticket.to_json(), time)


def _digits(register: Register) -> int:
    """As many decimals as the device gives."""
    if register.type in (DataType.FLOAT32, DataType.FLOAT64):
        return _FLOAT_DIGITS
    return max(0, math.ceil(-math.log10(register.scale) - 1e-9))
