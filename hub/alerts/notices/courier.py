"""The courier: twice a second it takes what is due out of the outbox and carries it out."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.models import Alert
from hub.alerts.notices import outbox
from hub.alerts.notices.links import Links
from hub.alerts.notices.models import Notice, NoticeState
from hub.alerts.notices.outbox import Envelope
from hub.alerts.notices.services import AllowedHosts, DeliveryError, Letter, send
from hub.alerts.notices.words import Subject, letter
from hub.alerts.playbook import PLAYBOOK
from hub.alerts.plays import Plays
from hub.archive.equipment.records import Equipment
from hub.archive.practice.service import is_practice
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.errors import HubError
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope
from hub.kit.records.ports import Place, Vault
from hub.kit.rounds import every

log = logging.getLogger(__name__)

EVERY_S = 0.5
CARRIERS = 8
CHANNELS = ("notice_channels", "url")


class Courier:
    """Sends in threads of its own; nothing is sent inside a transaction."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        links: Links,
        hosts: AllowedHosts,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db, self._vault, self._links, self._hosts = db, vault, links, hosts
        self._now = now
        self._pool = ThreadPoolExecutor(CARRIERS, "courier")

    async def run(self) -> None:
        """Until cancelled; messages under way are finished by their own time limit."""
        try:
            await every(EVERY_S, self.tick, "send notices")
        finally:
            self.close()

    def close(self) -> None:
        """What is under way ends by its own time limit; what is not sent is sent after a start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tick(self, *, wait: bool = False) -> int:
        """Hand over what is due; how many messages. `wait`: until they are all recorded."""
        now = self._now()
        with self._db.system_read("notices due") as connection:
            waits = Notice.state.in_((NoticeState.QUEUED, NoticeState.SENDING))
            if (
                connection.execute(select(Notice.id).where(waits, Notice.due_at <= now)).first()
                is None
            ):
                return 0
        with self._db.system("claim notices") as connection:
            envelopes = outbox.claim(connection, now)
        under_way = [self._pool.submit(self._carry, envelope) for envelope in envelopes]
        for one in under_way if wait else ():
            one.result()
        return len(envelopes)

    def _carry(self, envelope: Envelope) -> None:
        title, trouble = "", ""
        try:
            said = self._letter(envelope)
            title = said.title
            self.deliver(envelope.chain_id, envelope.way, said)
        except (DeliveryError, HubError) as error:
            trouble = str(error) or "not delivered"
        except Exception:
            log.exception("A notice could not be written or sent.")
            trouble = "The hub could not write or send it; its log says why."
        with self._db.system("record notice") as connection:
            outbox.record(connection, envelope, title, trouble, self._now())

    def deliver(self, chain_id: UUID, way: outbox.Way, said: Letter) -> None:
        """One message by one way; DeliveryError says why not. Out of practice nothing goes."""
        with self._db.system_read("practice") as connection:
            if is_practice(connection, chain_id):
                return
        url = self._vault.open(Place(chain_id, *CHANNELS, way.channel_id), way.sealed_url)
        send(way.kind, url, way.to, said, self._hosts)

    def _letter(self, envelope: Envelope) -> Letter:
        with self._db.read(Scope(envelope.chain_id)) as session:
            plays = Plays.of(session)
        with self._db.system_read("letters") as connection:
            subjects = _subjects(connection, envelope.alerts, plays)
        return letter(subjects, envelope.language, self._links.of(envelope))


def _subjects(connection: Connection, alert_ids: Sequence[UUID], plays: Plays) -> Sequence[Subject]:
    rows = connection.execute(
        select(Alert, Store.name.label("store"), Store.zone)
        .join(Store, Store.id == Alert.store_id)
        .where(Alert.id.in_(alert_ids))
    ).all()
    names = _names(connection, {row.store_id for row in rows})
    return [
        Subject(
            alert_id=row.id,
            rule=Rule(row.rule),
            severity=Severity(row.severity),
            store=row.store,
            zone=row.zone,
            thing=names.get((row.store_id, row.device or ""), row.device or ""),
            began_at=row.began_at,
            evidence=row.evidence,
            play=plays[Rule(row.rule)],
        )
        for row in rows
        if row.rule in {rule.value for rule in PLAYBOOK}
    ]


def _names(connection: Connection, store_ids: set[UUID]) -> dict[tuple[UUID, str], str]:
    found = connection.execute(
        select(Equipment.store_id, Equipment.device_id, Equipment.name).where(
            Equipment.store_id.in_(store_ids),
            Equipment.device_id.is_not(None),
            Equipment.archived_at.is_(None),
        )
    )
    return {(row.store_id, row.device_id or ""): row.name for row in found}
