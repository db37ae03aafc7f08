"""The consumer "orders": what agents answer, and what is due to be told to them."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select

from hub.ingest.block import Block, TextEvent
from hub.ingest.order_tables import AgentDocumentRow
from hub.ingest.orders import Orders
from hub.ingest.positions import load_position, row_name, save_position
from hub.ingest.registry import Registry
from hub.ingest.shards import Lease
from hub.ingest.tables import AgentRow, NodeState
from hub.kit.clock import utc_now
from hub.kit.db import Database
from protocols.errors import FrameError
from protocols.orders import DOCUMENTS, ORDER, RESULT, parse_result
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Datatype
from protocols.sparkplug.topics import EdgeNode, MessageType

log = logging.getLogger(__name__)

LOOK_S = 2.0
SAVE_S = 5.0
_PLACES = UUID("6f1d1d4e-6f57-4f7b-9d3f-3a8f6f6f0a52")
"""Under it a document's id is that of its place in the journal: twice taken in, once kept."""

Send = Callable[[str, bytes], bool]


def _unsent(topic: str, payload: bytes) -> bool:  # noqa: ARG001 the broker is not there yet
    return False


class OrderKeeper:
    """All calls come from one thread; `send` is set by who has the broker, `orders` is None where
    the hub has no authority: then it keeps what agents say and sends nothing."""

    name = "orders"

    def __init__(
        self, db: Database, registry: Registry, orders: Orders | None, lease: Lease | None = None
    ) -> None:
        self._db, self._registry, self._orders = db, registry, orders
        self._row = row_name(self.name, lease)
        self.send: Send = _unsent
        with db.system_read("orders") as connection:
            self._committed = self._taken = load_position(connection, self._row)
        self._looked = self._saved = 0.0

    def position(self) -> int:
        return self._taken

    def floor(self) -> int:
        return self._committed

    def apply(self, block: Block) -> None:
        documents = [text for text in block.texts if text.metric in DOCUMENTS]
        self._taken = block.last_seq
        if documents or time.monotonic() - self._saved >= SAVE_S:
            self._save(documents)

    def tick(self) -> None:
        now = time.monotonic()
        if now - self._saved >= SAVE_S and self._taken > self._committed:
            self._save([])
        if self._orders is None or now - self._looked < LOOK_S:
            return
        self._looked = now
        online = [n.agent_id for n in self._registry.nodes() if n.state is NodeState.ONLINE]
        self._orders.advance(online, utc_now())
        self._send_due(self._orders, online)

    def _send_due(self, orders: Orders, online: list[UUID]) -> None:
        letters = []
        for letter in orders.due(online, utc_now()):
            topic = EdgeNode(letter.group, letter.node).topic(MessageType.NCMD)
            now_ms = time.time_ns() // 1_000_000
            command = codec.command(ORDER, Datatype.STRING, letter.signed, time_ms=now_ms)
            if self.send(topic, command):
                letters.append(letter)
        if letters:
            orders.note_sent(letters, utc_now())

    def _save(self, documents: list[TextEvent]) -> None:
        with self._db.system("orders") as connection:
            for document in documents:
                self._keep(connection, document)
            save_position(connection, self._row, self._taken, utc_now())
        self._committed, self._saved = self._taken, time.monotonic()

    def _keep(self, connection: Connection, document: TextEvent) -> None:
        if document.metric == RESULT:
            self._take_result(connection, document)
            return
        place = f"{document.agent_id}/{document.epoch}/{document.batch_id}/{document.index}"
        own, table = uuid5(_PLACES, place), AgentDocumentRow
        if connection.scalar(select(table.id).where(table.id == own)) is not None:
            return
        chain_id = connection.scalar(
            select(AgentRow.chain_id).where(AgentRow.id == document.agent_id)
        )
        at = datetime.fromtimestamp(document.t_ms / 1000, UTC)
        row: dict[str, object] = {
            "id": own,
            "agent_id": document.agent_id,
            "chain_id": chain_id,
            "at": at,
        }
        row |= {"store_id": document.store_id, "kind": document.metric, "text": document.text}
        connection.execute(insert(table).values(row))

    def _take_result(self, connection: Connection, document: TextEvent) -> None:
        try:
            result = parse_result(document.text)
        except FrameError as error:
            log.warning("An agent's answer was not understood: %s", error)
            return
        if self._orders is not None:
            self._orders.take_result(connection, document.agent_id, result)
