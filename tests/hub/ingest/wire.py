"""What an edge node puts on the wire, for the tests of ingest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from protocols.reading import Quality
from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.journal import BatchId, OpenEpoch

START_MS = 1_790_000_000_000


@dataclass
class WireNode:
    """An agent in miniature: births, numbered batches, announcements."""

    group: str = "demo-1"
    node: str = "agent-1"
    metrics: Sequence[str] = ("freezer-1/air_temperature_c", "till-1/ticket")
    epoch: int = 7
    last: int = 0
    bdseq: int = 0
    now_ms: int = START_MS
    seq: Iterator[int] = field(default_factory=lambda: iter(int(n % 256) for n in range(10**9)))

    def topic(self, kind: str, device: str = "") -> str:
        return f"spBv1.0/{self.group}/{kind}/{self.node}" + (f"/{device}" if device else "")

    def tick(self) -> int:
        self.now_ms += 1000
        return self.now_ms

    def birth(self, opened: Sequence[OpenEpoch] | None = None) -> tuple[str, bytes]:
        if opened is None:
            opened = [OpenEpoch(self.epoch, 1, self.last)]
        declarations = [
            Declaration(codec.BDSEQ, Datatype.INT64, self.bdseq),
            Declaration(codec.REBIRTH, Datatype.BOOLEAN, False),
            Declaration(journal.OPEN, Datatype.STRING, journal.format_open(opened)),
            Declaration(journal.ACK, Datatype.STRING, ""),
            *(
                Declaration(name, codec.datatype_of(name.rpartition("/")[2]), None, alias=alias)
                for alias, name in enumerate(self.metrics, 1)
            ),
        ]
        now = self.tick()
        return self.topic("NBIRTH"), codec.birth(declarations, time_ms=now, seq=next(self.seq))

    def announce(self, opened: Sequence[OpenEpoch]) -> tuple[str, bytes]:
        now = self.tick()
        metrics = journal.open_metric(opened, time_ms=now)
        return self.topic("NDATA"), codec.message(metrics, time_ms=now, seq=next(self.seq))

    def data(
        self,
        samples: Sequence[Sample],
        batch: BatchId | None = None,
        *,
        is_historical: bool = False,
    ) -> tuple[str, bytes]:
        """The next batch of the epoch, or any other."""
        if batch is None:
            self.last += 1
            batch = BatchId(self.epoch, self.last)
        metrics = codec.encode_values(samples, is_historical=is_historical)
        body = journal.encode_body(batch)
        now = self.tick()
        payload = codec.message(metrics, time_ms=now, seq=next(self.seq), body=body)
        return self.topic("NDATA"), payload

    def temperature(
        self, value: float | None, *, batch: BatchId | None = None
    ) -> tuple[str, bytes]:
        return self.data([self.sample(1, value)], batch)

    def sample(
        self, alias: int, value: float | str | None, quality: Quality = Quality.GOOD
    ) -> Sample:
        datatype = Datatype.STRING if isinstance(value, str) else Datatype.DOUBLE
        return Sample(alias, datatype, self.now_ms, value, quality)

    def death(self) -> tuple[str, bytes]:
        return self.topic("NDEATH"), codec.death(time_ms=self.tick(), bdseq=self.bdseq)
