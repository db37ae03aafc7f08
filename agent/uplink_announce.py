"""When the agent says anew which epochs it holds, and what of them; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.outbox_rows import Epoch
from agent.uplink_window import SendWindow
from protocols.sparkplug.journal import OpenEpoch

LISTED_EPOCHS = 500


@dataclass(slots=True)
class Announcer:
    """On a timer; at once for a new epoch; soon after the outbox had to drop batches."""

    window: SendWindow
    every_s: float
    _epoch: int = 0
    _drops: frozenset[tuple[int, int]] = frozenset()
    told_s: float = 0.0

    @property
    def next_s(self) -> float:
        return self.told_s + self.every_s

    def is_due(self, epochs: Sequence[Epoch], now_s: float) -> bool:
        if self._epoch != epochs[-1].number:
            return True
        wait_s = self.every_s if self._drops == self._dropped(epochs) else 1.0
        return now_s - self.told_s >= wait_s

    def note(self, epochs: Sequence[Epoch], now_s: float) -> None:
        self.told_s, self._drops = now_s, self._dropped(epochs)
        self._epoch = epochs[-1].number

    def open_epochs(self, epochs: Sequence[Epoch]) -> list[OpenEpoch]:
        """Newest first; of those that are drained only the newest, or the list had no end."""
        newest_first = list(reversed(epochs))
        drained = (e for e in newest_first[LISTED_EPOCHS:] if self.window.waiting(e))
        return [e.announcement() for e in (*newest_first[:LISTED_EPOCHS], *drained)]

    def _dropped(self, epochs: Sequence[Epoch]) -> frozenset[tuple[int, int]]:
        """Where batches are gone that the hub does not have."""
        gone = (e for e in epochs if e.first > self.window.acknowledged(e) + 1)
        return frozenset((epoch.number, epoch.first) for epoch in gone)
