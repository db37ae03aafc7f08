"""A simulated centre: the hub's real journal, intake and acknowledgements; it can be killed, and
restored from an older copy."""

import shutil
from pathlib import Path
from uuid import UUID

from hub.ingest.acks import Acks
from hub.ingest.dead_letters import DeadLetters
from hub.ingest.intake import Arrival, Intake
from hub.ingest.journal import Journal, Row, RowKind, unsigned
from hub.ingest.registry import Registry
from hub.ingest.tables import NodeState
from hub.kit.db import Database
from hub.kit.ids import uuid7
from protocols.mqtt.client import Message
from protocols.sparkplug.topics import EdgeNode
from tests.simulation.store import SimulatedClock


class SimulatedHub:
    """`archive` is the SQL database with the registry; it outlives the journal's accidents.

    `place` is the chain and store of the node, if they are known there.
    """

    def __init__(
        self,
        archive: Database,
        node: EdgeNode,
        folder: Path,
        clock: SimulatedClock,
        place: tuple[UUID, UUID] | None = None,
    ) -> None:
        self._folder, self._clock = folder, clock
        self.registry = Registry(archive)
        chain_id, store_id = place or (uuid7(), uuid7())
        self.registry.approve(node.group, node.node, chain_id=chain_id, store_id=store_id)
        self._node = node
        self.letters = DeadLetters(archive)
        self.outgoing: list[Message] = []
        self._backup: Path | None = None
        self._start()

    def _start(self) -> None:
        self.journal = Journal(self._folder / "journal.sqlite")
        self._acks = Acks(self._send, self._clock.monotonic_s)
        self._intake = Intake(
            self.registry, self.journal, self.letters, self._acks, lambda _node: None
        )

    def _send(self, topic: str, payload: bytes) -> bool:
        self.outgoing.append(Message(topic, payload))
        return True

    def take(self, message: Message) -> None:
        self._intake.take(Arrival(message.topic, message.payload, self._clock.utc_ms()))

    def commit(self) -> None:
        """Group commit, then the acknowledgements that it allows."""
        self._intake.commit()

    def kill(self) -> None:
        self.journal.close()
        self.outgoing.clear()
        self._start()

    def back_up(self) -> None:
        copy = self._folder / "backup"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in self._folder.glob("journal.sqlite*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        self._backup = copy

    def restore(self) -> bool:
        """From the last back-up; False where there is none."""
        if self._backup is None:
            return False
        self.journal.close()
        for file in self._folder.glob("journal.sqlite*"):
            file.unlink()
        shutil.copytree(self._backup, self._folder, dirs_exist_ok=True)
        self.outgoing.clear()
        self._start()
        return True

    @property
    def is_quarantined(self) -> bool:
        node = self.registry.node(self._node.group, self._node.node)
        return node is not None and node.state is NodeState.QUARANTINED

    def rows(self) -> list[Row]:
        found: list[Row] = []
        while chunk := self.journal.read(found[-1].seq if found else 0):
            found += chunk
        return found

    def data(self) -> list[tuple[int, int, bytes]]:
        """(epoch, id, payload) of every batch in the journal, in its order."""
        return [
            (unsigned(row.epoch), row.batch_id, row.payload)
            for row in self.rows()
            if row.kind == RowKind.NODE_DATA
        ]

    def close(self) -> None:
        self.journal.close()
