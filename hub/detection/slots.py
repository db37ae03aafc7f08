"""Counts by quarter of an hour: 24 weeks of slots for every door and till.

A slot is numbered by UTC quarters of an hour since 1970. The ring is both what the profile learns
from and what the footfall roll-up is written from, so writing a slot twice changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.detection.profile import WEEK_SLOTS

SLOT_MS = 900_000
SLOT_S = 900
WEEKS = 24
SLOTS = WEEKS * WEEK_SLOTS
COVERAGE_STEPS = 100  # of 9 s
_ODD = 128  # beside the steps: a finding stood, not to be learned from
FIRST, SECOND = 0, 1  # channels: entries and exits of a door; tickets of a till


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One counter: a door or a till of one agent."""

    agent_id: UUID
    store_id: UUID
    device: str
    is_till: bool


class Slots:
    """Arrays by (stream, …); a stream's ring holds the slots (newest - SLOTS, newest]."""

    def __init__(self) -> None:
        self.keys: list[StreamKey] = []
        self.number: dict[tuple[UUID, str, bool], int] = {}
        self.count = np.zeros((0, 2, SLOTS), np.uint16)
        self.covered = np.zeros((0, SLOTS), np.uint8)
        self.newest = np.zeros(0, np.int64)
        self.dirty: set[tuple[int, int]] = set()

    def stream(self, key: StreamKey) -> int:
        """The number of a stream; a new one gets its ring here."""
        short = (key.agent_id, key.device, key.is_till)
        number = self.number.get(short)
        if number is None:
            number = self.number[short] = len(self.keys)
            self.keys.append(key)
            self._grow(len(self.keys))
        return number

    def of_agent(self, agent_id: UUID) -> list[int]:
        """Numbers of the streams of one agent."""
        return [i for i, key in enumerate(self.keys) if key.agent_id == agent_id]

    def add(self, stream: int, channel: int, slot: int, amount: int) -> bool:
        """Count `amount` more; False when the slot is older than the ring."""
        self.open(stream, slot)
        if slot <= self.newest[stream] - SLOTS:
            return False
        cell = self.count[stream, channel]
        cell[slot % SLOTS] = min(int(cell[slot % SLOTS]) + amount, 65_535)
        self.dirty.add((stream, slot))
        return True

    def open(self, stream: int, slot: int) -> None:
        """Make the ring reach `slot`; what it drops is 24 weeks old."""
        newest = int(self.newest[stream])
        if slot <= newest:
            return
        gone = np.arange(max(newest + 1, slot - SLOTS + 1), slot + 1) % SLOTS
        self.count[stream][:, gone] = 0
        self.covered[stream, gone] = 0
        self.newest[stream] = slot

    def cover(self, stream: int, slot: int, share: float) -> None:
        """Say for how much of `slot` the counter could count."""
        self.open(stream, slot)
        steps = round(min(max(share, 0.0), 1.0) * COVERAGE_STEPS)
        self.covered[stream, slot % SLOTS] = steps | (self.covered[stream, slot % SLOTS] & _ODD)
        self.dirty.add((stream, slot))

    def share(self, stream: int, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """For how much of each slot the counter could count."""
        steps = self.covered[stream, cells] & ~np.uint8(_ODD)
        found: NDArray[np.float64] = steps / COVERAGE_STEPS
        return found

    def disown(self, streams: Iterable[int], cells: NDArray[np.int64]) -> None:
        """Say that these slots are not to be learned from."""
        for stream in streams:
            self.covered[stream, cells] |= _ODD

    def is_odd(self, stream: int, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which slots are not to be learned from."""
        found: NDArray[np.bool_] = (self.covered[stream, cells] & _ODD) > 0
        return found

    def window(self, stream: int, last: int, length: int) -> NDArray[np.int64]:
        """The slots (last - length, last], as far as the ring reaches."""
        first = max(last - length + 1, int(self.newest[stream]) - SLOTS + 1, 0)
        return np.arange(first, last + 1)

    def _grow(self, size: int) -> None:
        more = max(size, 2 * len(self.newest)) - len(self.newest)
        if size <= len(self.newest):
            return
        self.count = np.concatenate((self.count, np.zeros((more, 2, SLOTS), np.uint16)))
        self.covered = np.concatenate((self.covered, np.zeros((more, SLOTS), np.uint8)))
        self.newest = np.concatenate((self.newest, np.zeros(more, np.int64)))
