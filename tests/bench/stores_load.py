"""Many stores at their usual pace: each sends a message of 20 values every second.

What is not acknowledged is sent again, as an agent does. Runs until it is ended; says "flows" on
stdout once every store was acknowledged.
"""

import select
import sys
import time
from dataclasses import dataclass, field

from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.journal import BatchId, OpenEpoch
from protocols.sparkplug.topics import EdgeNode, MessageType, parse_topic
from tests.bench.ingest_load import Connection, names, publish, value

VALUES = 20  # of a store, each once a second
PATIENCE_S = 5.0
SLICES = 20  # of a second; each sends a share of the stores


@dataclass
class Store:
    """One agent: its unacknowledged messages, oldest first."""

    edge: EdgeNode
    epoch: int
    last: int = 0
    acked: int = 0
    progress_s: float = 0.0
    waiting: dict[int, bytes] = field(default_factory=dict)

    def birth(self) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        opened = journal.format_open([OpenEpoch(self.epoch, 1, self.last)])
        own = [
            Declaration(codec.BDSEQ, Datatype.INT64, 0),
            Declaration(journal.OPEN, Datatype.STRING, opened),
        ]
        metrics = [
            Declaration(name, Datatype.DOUBLE, 0.0, alias=alias)
            for alias, name in enumerate(names()[:VALUES], 1)
        ]
        payload = codec.birth([*own, *metrics], time_ms=now_ms, seq=0)
        return publish(self.edge.topic(MessageType.NBIRTH), payload)

    def say(self, now_s: float) -> bytes:
        """The next message, or everything again after too long a silence."""
        self.last += 1
        if now_s - self.progress_s > PATIENCE_S:
            self.progress_s = now_s
            again = b"".join(self.waiting.values())
        else:
            again = b""
        self.waiting[self.last] = self._message(time.time_ns() // 1_000_000)
        return again + self.waiting[self.last]

    def _message(self, now_ms: int) -> bytes:
        metrics = codec.encode_values(
            Sample(alias, Datatype.DOUBLE, now_ms, value(name, self.last))
            for alias, name in enumerate(names()[:VALUES], 1)
        )
        body = journal.encode_body(BatchId(self.epoch, self.last))
        payload = codec.message(metrics, time_ms=now_ms, seq=self.last % 256, body=body)
        return publish(self.edge.topic(MessageType.NDATA), payload)

    def take_ack(self, number: int, now_s: float) -> None:
        self.acked, self.progress_s = number, now_s
        for done in [n for n in self.waiting if n <= number]:
            del self.waiting[done]


def run(port: int, group: str, first: int, count: int) -> None:
    line = Connection(port, group)
    stores = {
        f"store-{n}": Store(EdgeNode(group, f"store-{n}"), 1000 + n)
        for n in range(first, first + count)
    }
    for store in stores.values():
        line.socket.sendall(store.birth())
    everyone, begun, is_told = list(stores.values()), time.monotonic(), False
    for turn in range(1 << 40):
        share = everyone[turn % SLICES :: SLICES]
        line.socket.sendall(b"".join(store.say(time.monotonic()) for store in share))
        due_s = begun + (turn + 1) / SLICES
        while (left_s := due_s - time.monotonic()) > 0:
            select.select([line.socket], [], [], left_s)
            hear(line, stores)
        if not is_told and all(store.acked for store in everyone):
            is_told = True
            sys.stdout.write("flows\n")
            sys.stdout.flush()


def hear(line: Connection, stores: dict[str, Store]) -> None:
    for topic, payload in line.packets():
        node = parse_topic(topic).node
        for ack in journal.acknowledged(codec.parse(payload)):
            if node in stores:
                stores[node].take_ack(ack.id, time.monotonic())


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
