"""How much may be under way: acknowledgements, the window, the rate of the backlog; pure."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.outbox_rows import Epoch

SMALLEST_WINDOW = 8
SLOW_S = 2.0  # an acknowledgement that takes longer, and twice as long as ever, waited in a queue
PATIENCE = 3  # times the present delay, but never longer than
LONGEST_PATIENCE_S = 30.0
LONGEST_TIMEOUT_S = 10.0  # so flow resumes soon after a hub that was away; 8 batches are cheap


@dataclass(slots=True)
class SendWindow:
    """What was sent and what was acknowledged on this connection, by epoch.

    Where an epoch has batches under way and none of them is acknowledged for `timeout_s`, all goes
    back to the acknowledgement, the window halves and the time-out doubles. Another epoch's
    progress does not count, nor that the hub has heard of a gap: neither says that what was sent
    has arrived.

    The window opens by what arrives, and closes by a quarter where acknowledgements begin to take
    long: on a narrow line more under way is only a longer queue, and one that is longer than the
    time-out would be sent twice.
    """

    size: int = 256
    timeout_s: float = 5.0
    first: int = 32  # how far it is open at the start of a connection
    sent: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    _progress_s: dict[int, float] = field(default_factory=dict)  # of epochs with any under way
    _sent_s: dict[int, deque[tuple[int, float]]] = field(default_factory=dict)
    _size: int = 0
    _timeout_s: float = 0.0
    _delay_s: float = 0.0
    _least_s: float = math.inf
    _closed_s: float = -math.inf

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new connection: nothing of the old one is under way, and how fast it is has to show."""
        self.sent.clear()
        self._sent_s.clear()
        self._size, self._timeout_s = min(self.size, self.first), self.timeout_s
        self._delay_s, self._least_s, self._closed_s = 0.0, math.inf, -math.inf

    def acknowledged(self, epoch: Epoch) -> int:
        return self.acked.get(epoch.number, epoch.acked)

    def position(self, epoch: Epoch) -> int:
        """The next batch to send is the first one after this id."""
        return max(self.sent.get(epoch.number, 0), self.acknowledged(epoch), epoch.first - 1)

    def waiting(self, epoch: Epoch) -> int:
        """Kept batches that the hub has not acknowledged."""
        return max(0, epoch.last - max(self.acknowledged(epoch), epoch.first - 1))

    def under_way(self, epochs: Iterable[Epoch]) -> int:
        return sum(map(self._under_way, epochs))

    def _under_way(self, epoch: Epoch) -> int:
        sent = self.sent.get(epoch.number, 0)
        return max(0, sent - max(self.acknowledged(epoch), epoch.first - 1))

    def room(self, epochs: Sequence[Epoch], reserve: int = 0) -> int:
        """How many batches may still go; a reserve never takes more than half of the window."""
        return max(0, self._size - min(reserve, self._size // 2) - self.under_way(epochs))

    def mark_sent(self, epoch: Epoch, row_id: int, now_s: float) -> None:
        if not self._under_way(epoch):
            self._progress_s[epoch.number] = now_s
        self.sent[epoch.number] = row_id
        self._sent_s.setdefault(epoch.number, deque()).append((row_id, now_s))

    def take_ack(self, epoch: Epoch, row_id: int, now_s: float) -> bool:
        """True if it says something new; a lower id than before sends the epoch back to it."""
        before = self.acknowledged(epoch)
        if row_id == before:
            return False
        if row_id < before:
            self.sent.pop(epoch.number, None)
            self._sent_s.pop(epoch.number, None)
        elif row_id >= epoch.first:  # a batch that is still here: it has arrived
            self._progress_s[epoch.number] = now_s
            self._timeout_s = self.timeout_s
            self._learn(epoch, row_id, now_s)
        self.acked[epoch.number] = row_id
        return True

    def _learn(self, epoch: Epoch, row_id: int, now_s: float) -> None:
        """How long the newest of what arrived was under way, and what that says of the line."""
        under_way, arrived, sent_s = self._sent_s.get(epoch.number, deque()), 0, now_s
        while under_way and under_way[0][0] <= row_id:
            sent_s, arrived = under_way.popleft()[1], arrived + 1
        if not arrived:
            return
        self._delay_s = now_s - sent_s
        self._least_s = min(self._least_s, self._delay_s)
        if self._delay_s <= max(SLOW_S, 2 * self._least_s):
            self._size = min(self.size, self._size + arrived)
        elif sent_s >= self._closed_s:  # once for all that was under way at that time
            self._size = max(min(self.size, SMALLEST_WINDOW), self._size * 3 // 4)
            self._closed_s = now_s

    def is_stuck(self, epochs: Iterable[Epoch], now_s: float) -> bool:
        return now_s >= self.stuck_at_s(epochs)

    def rewind(self) -> None:
        """Nothing was acknowledged for too long: send again, less at once."""
        self.sent.clear()
        self._sent_s.clear()
        self._size = max(min(self.size, SMALLEST_WINDOW), self._size // 2)
        self._timeout_s = min(LONGEST_TIMEOUT_S, self._timeout_s * 2)

    def stuck_at_s(self, epochs: Iterable[Epoch]) -> float:
        """When to give up waiting; never where nothing is under way."""
        waiting = (self._progress_s[e.number] for e in epochs if self._under_way(e))
        slow_s = min(PATIENCE * self._delay_s, LONGEST_PATIENCE_S)
        patience_s = max(self._timeout_s, slow_s)
        return min(waiting, default=math.inf) + patience_s


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
