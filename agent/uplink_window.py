"""How much may be under way: acknowledgements, the window, the rate of the backlog; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.outbox_rows import Epoch

SMALLEST_WINDOW = 8
LONGEST_TIMEOUT_S = 60.0


@dataclass(slots=True)
class SendWindow:
    """What was sent and what was acknowledged on this connection, by epoch.

    Without progress for `timeout_s` all goes back to the acknowledgement, the window halves and the
    time-out doubles; every progress opens the window again.
    """

    size: int = 256
    timeout_s: float = 5.0
    sent: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    progress_s: float = 0.0
    _size: int = 0
    _timeout_s: float = 0.0

    def __post_init__(self) -> None:
        self._size, self._timeout_s = self.size, self.timeout_s

    def reset(self, now_s: float) -> None:
        """A new connection: nothing of the old one is under way."""
        self.sent.clear()
        self.progress_s, self._size, self._timeout_s = now_s, self.size, self.timeout_s

    def acknowledged(self, epoch: Epoch) -> int:
        return self.acked.get(epoch.number, epoch.acked)

    def position(self, epoch: Epoch) -> int:
        """The next batch to send is the first one after this id."""
        return max(self.sent.get(epoch.number, 0), self.acknowledged(epoch), epoch.first - 1)

    def waiting(self, epoch: Epoch) -> int:
        """Kept batches that the hub has not acknowledged."""
        return max(0, epoch.last - max(self.acknowledged(epoch), epoch.first - 1))

    def under_way(self, epochs: Iterable[Epoch]) -> int:
        return sum(
            max(0, self.sent[e.number] - max(self.acknowledged(e), e.first - 1))
            for e in epochs
            if e.number in self.sent
        )

    def room(self, epochs: Sequence[Epoch], reserve: int = 0) -> int:
        """How many batches may still go; a reserve never takes more than half of the window."""
        return max(0, self._size - min(reserve, self._size // 2) - self.under_way(epochs))

    def mark_sent(self, epoch: Epoch, row_id: int, now_s: float) -> None:
        if not self.sent:
            self.progress_s = now_s
        self.sent[epoch.number] = row_id

    def take_ack(self, epoch: Epoch, row_id: int, now_s: float) -> bool:
        """True if it says something new; a lower id than before sends the epoch back to it."""
        before = self.acknowledged(epoch)
        if row_id == before:
            return False
        if row_id < before:
            self.sent.pop(epoch.number, None)
        else:
            self._size = min(self.size, self._size * 2)
            self._timeout_s = self.timeout_s
        self.acked[epoch.number], self.progress_s = row_id, now_s
        return True

    def is_stuck(self, epochs: Iterable[Epoch], now_s: float) -> bool:
        return now_s - self.progress_s >= self._timeout_s and self.under_way(epochs) > 0

    def rewind(self, now_s: float) -> None:
        """Nothing was acknowledged for too long: send again, less at once."""
        self.sent.clear()
        self.progress_s = now_s
        self._size = max(SMALLEST_WINDOW, self._size // 2)
        self._timeout_s = min(LONGEST_TIMEOUT_S, self._timeout_s * 2)

    def stuck_at_s(self) -> float:
        return self.progress_s + self._timeout_s


@dataclass(slots=True)
class Allowance:
    """A token bucket of values; `per_s` 0 is no limit. At most one second's worth is saved up."""

    per_s: int
    _left: float = 0.0
    _at_s: float = 0.0

    def refill(self, now_s: float) -> None:
        elapsed_s = max(0.0, now_s - self._at_s)
        self._left = min(float(self.per_s), self._left + elapsed_s * self.per_s)
        self._at_s = now_s

    @property
    def is_spent(self) -> bool:
        """A batch may go as long as anything is left; what it takes too much is owed."""
        return self.per_s > 0 and self._left <= 0

    def spend(self, values: int) -> None:
        self._left -= values

    def ready_in_s(self) -> float:
        return max(0.0, 1 - self._left) / self.per_s if self.is_spent else 0.0
