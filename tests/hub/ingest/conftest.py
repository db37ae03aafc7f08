"""The parts of ingest on real SQLite files, without a broker."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from hub.ingest.acks import Acks
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.feed import Feed
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal, Row
from hub.ingest.node import Node
from hub.ingest.registry import Registry
from hub.kit.db import Database
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId
from tests.databases import forget, new_address
from tests.hub.conftest import Template
from tests.hub.ingest.wire import START_MS, WireNode

Messages = tuple[str, bytes]


@dataclass
class Hub:
    """What is durable lies in `folder`; `restart` throws all the rest away."""

    folder: Path
    url: str
    sent: list[Messages] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    now_s: float = 1000.0

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.db = Database(self.url)
        self.registry = Registry(self.db)
        self.journal = Journal(self.folder / "journal.sqlite")
        self.letters = DeadLetters(self.db)
        self.acks = Acks(self._send, lambda: self.now_s)
        self.intake = Intake(self.registry, self.journal, self.letters, self.acks, self._note)
        self.feed = Feed(self.journal, self.registry, self.letters)

    def restart(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.journal.close()
        self.db.close()

    def _send(self, topic: str, payload: bytes) -> bool:
        self.sent.append((topic, payload))
        return True

    def _note(self, node: Node) -> None:
        self.states.append(node.state.value)

    def approve(self, wire: WireNode, store_id: UUID | None = None) -> UUID:
        chain_id, store_id = uuid4(), store_id or uuid4()
        return self.registry.approve(wire.group, wire.node, chain_id=chain_id, store_id=store_id)

    def take(self, *messages: Messages, received_ms: int = START_MS + 60_000) -> None:
        """One group commit, a second after the last one."""
        self.now_s += 1.0
        for topic, payload in messages:
            self.intake.take(Arrival(topic, payload, received_ms))
        self.intake.commit()
        self.feed.committed(self.journal.last_seq)

    def rows(self) -> list[Row]:
        return self.journal.read(0)

    def acknowledged(self) -> list[BatchId]:
        """All acknowledgements so far; asking empties the list."""
        payloads = [codec.parse(payload) for _, payload in self.sent]
        self.sent.clear()
        return [ack for payload in payloads for ack in journal.acknowledged(payload)]

    def rebirths(self) -> int:
        payloads = [codec.parse(payload) for _, payload in self.sent]
        return sum(metric.name == codec.REBIRTH for p in payloads for metric in p.metrics)


@pytest.fixture
def hub(tmp_path: Path, template: Template) -> Iterator[Hub]:
    found = Hub(tmp_path, new_address(tmp_path, template.empty))
    yield found
    found.close()
    forget(found.url)


@pytest.fixture
def wire() -> WireNode:
    return WireNode()


@pytest.fixture
def born(hub: Hub, wire: WireNode) -> WireNode:
    """An approved node whose birth is taken."""
    hub.approve(wire)
    hub.take(wire.birth())
    hub.acknowledged()
    return wire
