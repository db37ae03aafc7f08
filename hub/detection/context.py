"""What a device's own states say about its other values: defrosting, door open, just now or lately.

A flag holds for some time after the state ends. A reading is judged by the states before it in
journal order, wherever a block begins, so a replay in other blocks says the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.catalog import Role
from hub.detection.readings import Runs


@dataclass(frozen=True, slots=True)
class Flag:
    """A state that explains strange values: at most `longest_ms` while on, `after_ms` after it.

    It says nothing about what was long before it, which a late reading may be.
    """

    role: Role
    longest_ms: int
    after_ms: int


_SLACK_MS = 600_000  # series of a device need not be read at once
DEFROST = Flag(Role.DEFROST, 75 * 60_000, 45 * 60_000)
DOOR = Flag(Role.DOOR, 12 * 3_600_000, 15 * 60_000)


def flagged(
    flag: Flag,
    runs: Runs,
    role: NDArray[np.uint8],
    device: NDArray[np.int32],
    books: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> NDArray[np.bool_]:
    """Where the flag holds, for each reading of `runs`.

    `role` and `device` are of each reading. `books` are the values before by series, and the
    instant until which the flag holds by device, which is brought up to date here.
    """
    value_before, until_ms = books
    readings = runs.readings
    changes = _changes(flag, runs, role, value_before)
    if not len(changes):
        return _holds(flag, readings.t_ms, until_ms[device])
    begins = readings.value[changes] > 0.5
    ends_ms = readings.t_ms[changes] + np.where(begins, flag.longest_ms, flag.after_ms)
    limit_ms = until_ms[device]
    for changed in np.unique(device[changes]):
        mine = changes[device[changes] == changed]
        order = np.argsort(runs.position[mine])
        known = np.concatenate(([until_ms[changed]], ends_ms[device[changes] == changed][order]))
        here = np.flatnonzero(device == changed)
        last = np.searchsorted(runs.position[mine][order], runs.position[here], side="right")
        limit_ms[here] = known[last]
        until_ms[changed] = known[-1]
    return _holds(flag, readings.t_ms, limit_ms)


def _holds(flag: Flag, t_ms: NDArray[np.int64], until_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (t_ms < until_ms) & (until_ms - t_ms <= flag.longest_ms + _SLACK_MS)
    return found


def _changes(
    flag: Flag, runs: Runs, role: NDArray[np.uint8], value_before: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The readings at which the state goes on or off."""
    mine = np.flatnonzero(role == flag.role)
    if not len(mine):
        return mine
    readings = runs.readings
    is_on = readings.value[mine] > 0.5
    follows = readings.series[mine - 1] == readings.series[mine]
    follows[0] &= mine[0] > 0
    before = np.where(follows, readings.value[mine - 1], value_before[readings.series[mine]])
    changed: NDArray[np.intp] = mine[is_on != (before > 0.5)]
    return changed
