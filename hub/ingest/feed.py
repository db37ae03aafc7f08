"""Hands the journal's rows to the consumers as blocks, decoding each row once for all of them.

Whoever asks first decodes, and a block stays until all have had it. When that would be too many,
who is in front waits a moment for the others; one who is stuck soon falls behind all that is kept,
decodes for itself then, and holds nobody up.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from hub.ingest.block import Block
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.decode import Refusal, decode
from hub.ingest.journal import JournalBase, Row
from hub.ingest.registry import Registry
from hub.timeseries.port import Points

KEPT_POINTS = 200_000  # in blocks that somebody has yet to take, about 6 MB; and one block more
MOST_POINTS = 60_000  # in one answer, unless a single block has more
PATIENCE_S = 1.0  # of who is in front


class Feed:
    """Any number of consumers, each in its own thread and with its own name."""

    def __init__(self, journal: JournalBase, registry: Registry, letters: DeadLetters) -> None:
        self._journal, self._registry, self._letters = journal, registry, letters
        self._last_seq = journal.last_seq
        self._grown = threading.Condition()
        self._turn = threading.Condition()  # of who looks at what follows, or decodes it
        self._at: dict[str, int] = {}  # by reader, the last row it has
        self._blocks: OrderedDict[int, Block] = OrderedDict()  # by the row before
        self._points = 0
        self._refused_seq = 0

    @property
    def last_seq(self) -> int:
        """The newest durable row."""
        return self._last_seq

    def committed(self, last_seq: int) -> None:
        """The journal has grown; called by its thread."""
        if last_seq != self._last_seq:
            with self._grown:
                self._last_seq = last_seq
                self._grown.notify_all()

    def wait(self, after: int, timeout_s: float) -> bool:
        """Whether there are rows after this one, now or within the time."""
        with self._grown:
            return self._grown.wait_for(lambda: self._last_seq > after, timeout_s)

    def join(self, reader: str, after: int) -> None:
        """From here on a consumer reads along: blocks are kept for it."""
        with self._turn:
            self._at[reader] = after

    def next(self, reader: str, after: int) -> Block | None:
        """What comes right after a row, as much as is reasonable at once; None if nothing does."""
        found: list[Block] = []
        points = 0
        while points < MOST_POINTS and after < self._last_seq:
            with self._turn:
                self._move(reader, after)
                block = self._take(reader, after)
            if block is None:
                break
            found.append(block)
            points += len(block.points)
            after = block.last_seq
        return _join(found) if found else None

    def single(self, after: int) -> tuple[Block, Row] | None:
        """The one row after a row, by itself: to find out which one cannot be taken in."""
        rows = self._journal.read(after, 1)
        return (decode(rows, self._registry)[0], rows[0]) if rows else None

    def _take(self, reader: str, after: int) -> Block | None:
        if after not in self._blocks:
            self._turn.wait_for(lambda: not self._must_wait(reader, after), PATIENCE_S)
        block = self._blocks.get(after)
        if block is None:
            block = self._decode(after)
            if block is not None and self._is_wanted(after, reader):
                self._keep(after, block)
        if block is not None:
            self._move(reader, block.last_seq)
        return block

    def _must_wait(self, reader: str, after: int) -> bool:
        """As long as as much is kept as may be, and somebody is about to take it."""
        if self._points < KEPT_POINTS or after in self._blocks:
            return False
        return any(at in self._blocks for other, at in self._at.items() if other != reader)

    def _is_wanted(self, after: int, reader: str) -> bool:
        return any(at <= after for other, at in self._at.items() if other != reader)

    def _move(self, reader: str, after: int) -> None:
        """Note how far a reader is; what all have had is let go."""
        self._at[reader] = after
        slowest = min(self._at.values())
        for key in [key for key in self._blocks if key < slowest]:
            self._forget(key)
        self._turn.notify_all()

    def _keep(self, after: int, block: Block) -> None:
        while self._points >= KEPT_POINTS:
            self._forget(next(iter(self._blocks)))
        self._blocks[after] = block
        self._points += len(block.points)

    def _forget(self, after: int) -> None:
        self._points -= len(self._blocks.pop(after).points)

    def _decode(self, after: int) -> Block | None:
        """Up to where a block begins that is there already."""
        kept = min((key for key in self._blocks if key > after), default=self._last_seq)
        rows = [row for row in self._journal.read(after) if row.seq <= kept]
        if not rows:
            return None
        block, refusals = decode(rows, self._registry)
        for refusal in refusals:
            self._report(refusal)
        self._refused_seq = max(self._refused_seq, block.last_seq)
        return block

    def _report(self, refusal: Refusal) -> None:
        """Once: not again when a slower consumer reads the same row."""
        row = refusal.row
        if row.seq > self._refused_seq:
            node = str(self._registry.node_of(row.agent_id))
            self._letters.add(refusal.cause, node, row.payload, refusal.error, count=refusal.values)


def _join(blocks: Sequence[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    parts = [block.points for block in blocks]
    return Block(
        first_seq=blocks[0].first_seq,
        last_seq=blocks[-1].last_seq,
        points=Points(
            np.concatenate([p.series for p in parts]),
            np.concatenate([p.t_ms for p in parts]),
            np.concatenate([p.value for p in parts]),
            np.concatenate([p.quality for p in parts]),
        ),
        historical=np.concatenate([block.historical for block in blocks]),
        received_ms=np.concatenate([block.received_ms for block in blocks]),
        texts=tuple(text for block in blocks for text in block.texts),
        nodes=tuple(node for block in blocks for node in block.nodes),
    )
