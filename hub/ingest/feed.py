"""Hands the journal's rows to the consumers as blocks, decoding each row once for all of them.

Whoever asks first decodes; who asks for the same rows soon after gets the same blocks. A consumer
that lags far behind decodes for itself and so holds nobody up.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from hub.ingest.block import Block
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.decode import Refusal, decode
from hub.ingest.journal import Journal, Row
from hub.ingest.registry import Registry
from hub.timeseries.port import Points

KEPT_POINTS = 300_000  # in blocks that somebody may still ask for, about 12 MB
MOST_POINTS = 100_000  # in one answer, unless a single block has more


class Feed:
    """Any number of consumers, each in its own thread."""

    def __init__(self, journal: Journal, registry: Registry, letters: DeadLetters) -> None:
        self._journal, self._registry, self._letters = journal, registry, letters
        self._last_seq = journal.last_seq
        self._grown = threading.Condition()
        self._decoding = threading.Lock()
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

    def next(self, after: int) -> Block | None:
        """What comes right after a row, as much as is reasonable at once; None if nothing does."""
        found: list[Block] = []
        points = 0
        while points < MOST_POINTS and after < self._last_seq:
            with self._decoding:
                block = self._blocks.get(after) or self._decode(after)
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

    def _decode(self, after: int) -> Block | None:
        rows = self._journal.read(after)
        if not rows:
            return None
        block, refusals = decode(rows, self._registry)
        for refusal in refusals:
            self._report(refusal)
        self._refused_seq = max(self._refused_seq, block.last_seq)
        self._keep(after, block)
        return block

    def _report(self, refusal: Refusal) -> None:
        """Once: not again when a slower consumer reads the same row."""
        row = refusal.row
        if row.seq > self._refused_seq:
            node = str(self._registry.node_of(row.agent_id))
            self._letters.add(refusal.cause, node, row.payload, refusal.error, count=refusal.values)

    def _keep(self, after: int, block: Block) -> None:
        self._blocks[after] = block
        self._points += len(block.points)
        while self._points > KEPT_POINTS and len(self._blocks) > 1:
            _, oldest = self._blocks.popitem(last=False)
            self._points -= len(oldest.points)


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
