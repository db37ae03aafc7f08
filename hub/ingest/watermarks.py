"""The hub's half of the journal protocol for one edge node (design.md §3); pure.

One watermark per epoch; only watermark + 1 is taken. An announcement closes holes that can never be
filled, and a node that goes back to an epoch which it left as live is a clone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.sparkplug.journal import BatchId, OpenEpoch


class Cause(StrEnum):
    """Why batches will never come."""

    DROPPED = "dropped"  # the outbox was full, or its tail was torn
    FORGOTTEN = "forgotten"  # acknowledged by an earlier state of this hub, kept by nobody
    LOST = "lost"  # the node says so by an empty batch: a damaged file, or no room for readings


class Told(StrEnum):
    """What an announcement means."""

    NEWS = "news"
    REPLAYED = "replayed"  # an old message again: from a broker or from somebody who listens
    CLONE = "clone"


@dataclass(frozen=True, slots=True)
class Hole:
    """The batches `first` to `last` of an epoch, inclusive; `since_ms` is the stamp of the batch
    before, 0 if there was none."""

    epoch: int
    first: int
    last: int
    cause: Cause
    since_ms: int


@dataclass(slots=True)
class Watermarks:
    """`marks` holds the last batch taken of each epoch and `stamps` the time it speaks of; `lives`
    the epochs that were live, oldest first, each with the sending time of its newest announcement.
    """

    marks: dict[int, int] = field(default_factory=dict)
    stamps: dict[int, int] = field(default_factory=dict)
    lives: dict[int, int] = field(default_factory=dict)

    def is_next(self, batch: BatchId) -> bool:
        return batch.id == self.marks.get(batch.epoch, 0) + 1

    def take(self, batch: BatchId, stamp_ms: int) -> None:
        self.marks[batch.epoch] = batch.id
        self.stamps[batch.epoch] = stamp_ms

    def hear(self, opened: Sequence[OpenEpoch], sent_ms: int) -> Told:
        """Judge an announcement by its live epoch, which is the first one."""
        if not opened:
            return Told.NEWS
        live = opened[0].epoch
        newest = next(reversed(self.lives), None)
        if live in self.lives and live != newest:
            return Told.REPLAYED if sent_ms <= self.lives[live] else Told.CLONE
        self.lives[live] = max(sent_ms, self.lives.get(live, 0))
        return Told.NEWS

    def close_holes(self, opened: Sequence[OpenEpoch]) -> list[Hole]:
        """Move the watermarks over what the node no longer has; every listed epoch gets one."""
        holes = []
        for epoch, first, last in opened:
            known = self.marks.setdefault(epoch, 0)
            if first > known + 1:
                cause = Cause.FORGOTTEN if known == 0 and first > last else Cause.DROPPED
                since_ms = self.stamps.get(epoch, 0)
                holes.append(Hole(epoch, known + 1, first - 1, cause, since_ms))
                self.marks[epoch] = first - 1
        return holes
