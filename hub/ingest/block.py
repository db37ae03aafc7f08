"""What the journal's rows become: decoded once, read by every consumer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.timeseries.port import Points


class NodeEventKind(StrEnum):
    """What may happen to an edge node as a whole."""

    BIRTH = "birth"
    DEATH = "death"
    DEVICE_BIRTH = "device_birth"
    DEVICE_DEATH = "device_death"
    GAP = "gap"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class TextEvent:
    """A document: a ticket, or one that was not understood.

    Its identity is (agent, epoch, batch_id, index), whatever its content; `batch_id` counts from 1.
    """

    seq: int
    agent_id: UUID
    epoch: int
    batch_id: int
    index: int
    store_id: UUID
    device: str
    metric: str
    t_ms: int
    text: str
    is_historical: bool


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """Something about an edge node; `detail` is the device's id, or JSON for GAP (see `Gap`)."""

    seq: int
    agent_id: UUID
    store_id: UUID
    kind: NodeEventKind
    t_ms: int
    detail: str


@dataclass(frozen=True, slots=True)
class Block:
    """The rows `first_seq` to `last_seq` of the journal; all arrays have the length of `points`.

    `points` are in journal order, which is not the order of their stamps.
    `historical` is what the agent says: not the present value of the metric.
    """

    first_seq: int
    last_seq: int
    points: Points
    historical: NDArray[np.bool_]
    received_ms: NDArray[np.int64]
    texts: tuple[TextEvent, ...]
    nodes: tuple[NodeEvent, ...]


def empty_block(seq: int) -> Block:
    """A row that says nothing."""
    return Block(
        first_seq=seq,
        last_seq=seq,
        points=Points.empty(),
        historical=np.zeros(0, np.bool_),
        received_ms=np.zeros(0, np.int64),
        texts=(),
        nodes=(),
    )


class Consumer(Protocol):
    """Follows the journal in a thread of its own, block by block; a kill anywhere is a replay."""

    @property
    def name(self) -> str:
        """One word for logs, numbers and dead letters."""

    def position(self) -> int:
        """The last row whose results are durable: after a start it is fed from here on."""

    def floor(self) -> int:
        """Rows after this one must be kept for it: its older checkpoint, else `position`."""

    def apply(self, block: Block) -> None:
        """Take in one block; commit the position with the results.

        The same rows come again when this raises, so it must leave no half of them behind. Errors
        of the data (ValueError, TypeError, LookupError …) are tried three times, then each row by
        itself, and the one that fails is skipped as a dead letter; all others (a full disk, a busy
        database) are tried until they pass.
        """

    def tick(self) -> None:
        """Called from the same thread about five times a second, also when nothing arrives."""
