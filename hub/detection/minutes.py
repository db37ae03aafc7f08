"""One vector a machine and minute: the last value of each of its channels in that minute.

Readings of a device may come in two messages, so a minute is closed only when one is heard that
is two later. Then all machines whose minute closed are taken together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.readings import Runs

MINUTE_MS = 60_000
NEVER = -1
STALE_MINUTES = 10  # a channel that is silent for so long has no value

# Columns of the vector. A metric's place never changes. By the first 16 a machine is judged as a
# whole; the others serve causes alone.
COLUMNS = (
    "air_temperature_c",
    "evaporator_temperature_c",
    "compressor_running",
    "fan_running",
    "defrost_active",
    "door_open",
    "suction_pressure_bar",
    "discharge_pressure_bar",
    "condenser_temperature_c",
    "product_temperature_c",
    "power_w",
    "supply_temperature_c",
    "return_temperature_c",
    "fan_speed_percent",
    "heating_percent",
    "cooling_percent",
    "control_temperature_c",
    "voltage_l1_v",
    "voltage_l2_v",
    "voltage_l3_v",
    "unit_running",
)
AIR, EVAPORATOR, COMPRESSOR, FAN, DEFROST, DOOR, SUCTION = range(7)
PRODUCT, POWER, SUPPLY, RETURN, FAN_SPEED, HEATING, COOLING, CONTROL = range(9, 17)
VOLTAGES = slice(17, 20)
RUNNING = 20
COLUMN_OF = {metric: column for column, metric in enumerate(COLUMNS)}

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Closed:
    """The vectors of one minute: NaN where a machine has no such channel, or it is silent."""

    machines: Indices
    values: Floats
    minute: int
    is_fresh: NDArray[np.bool_]

    @property
    def end_ms(self) -> int:
        return (self.minute + 1) * MINUTE_MS


class Minutes:
    """The open minutes of all machines, by device number of the catalog."""

    def __init__(self) -> None:
        self.minute = np.full(0, NEVER, np.int64)
        self.now = np.zeros((0, len(COLUMNS)))
        self.next = np.zeros((0, len(COLUMNS)))
        self.heard = np.zeros((0, len(COLUMNS)), np.int64)  # minute of each channel's newest value

    def grow(self, count: int) -> None:
        """Make room for more machines."""
        more = count - len(self.minute)
        if more > 0:
            empty = np.full((more, len(COLUMNS)), np.nan)
            self.minute = np.concatenate((self.minute, np.full(more, NEVER, np.int64)))
            self.now = np.concatenate((self.now, empty))
            self.next = np.concatenate((self.next, empty))
            self.heard = np.concatenate((self.heard, np.zeros(empty.shape, np.int64)))

    def take(
        self, runs: Runs, column: NDArray[np.int8], device: NDArray[np.int32]
    ) -> Iterator[Closed]:
        """Take the readings of a block, `column` (-1: none) and `device` of each; the minutes
        that they close, in order."""
        mine = np.flatnonzero(column >= 0)
        if not len(mine):
            return
        readings = runs.readings
        minute, series = readings.t_ms[mine] // MINUTE_MS, readings.series[mine]
        is_last = np.ones(len(mine), np.bool_)
        is_last[:-1] = (series[1:] != series[:-1]) | (minute[1:] != minute[:-1])
        mine, minute = mine[is_last], minute[is_last]
        order = np.argsort(minute, kind="stable")
        cuts = np.flatnonzero(np.diff(minute[order])) + 1
        for part in np.split(order, cuts):
            rows, now = mine[part], int(minute[part[0]])
            devices = device[rows].astype(np.intp)
            fresh = np.unique(devices[readings.is_fresh[rows]])
            yield from self._close(np.unique(devices), now, fresh)
            self._put(devices, column[rows], readings.value[rows], now)

    def _close(self, devices: Indices, now: int, fresh: Indices) -> Iterator[Closed]:
        self.minute[devices[self.minute[devices] == NEVER]] = now
        for _ in range(2):
            due = devices[self.minute[devices] <= now - 2]
            if not len(due):
                return
            for minute in np.unique(self.minute[due]):
                group = due[self.minute[due] == minute]
                values = self.now[group].copy()
                values[self.heard[group] < minute - STALE_MINUTES] = np.nan
                yield Closed(group, values, int(minute), np.isin(group, fresh))
            is_new = ~np.isnan(self.next[due])
            self.now[due] = np.where(is_new, self.next[due], self.now[due])
            self.next[due] = np.nan
            self.minute[due] += 1
        # A longer silence: its minutes are not looked at.
        late = devices[self.minute[devices] <= now - 2]
        self.minute[late] = now - 1

    def _put(self, devices: Indices, column: NDArray[np.int8], value: Floats, now: int) -> None:
        is_next = now > self.minute[devices]
        here = ~is_next
        self.now[devices[here], column[here]] = value[here]
        self.next[devices[is_next], column[is_next]] = value[is_next]
        self.heard[devices, column] = now
