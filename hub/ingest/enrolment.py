"""How an agent gets its identity, keeps it, and loses it (EDG-13).

A code lets one agent into one store; from then on a certificate speaks for it. To renew, the old
key signs the request of the new one: that proves as much as a TLS connection with the old
certificate, and works through every proxy.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from hub.archive.stores.records import Store
from hub.errors import ForbiddenError, NotFoundError, T
from hub.ingest.enrolment_tables import CertificateRow, EnrolmentCodeRow, RenewalRow
from hub.ingest.registry import Registry
from hub.ingest.tables import AgentRow, NodeState
from hub.kit.asker import Asker, EveryRight
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.lockout import Rule, count_failure, locked_until
from hub.security.passwords import Passwords
from hub.security.pki import Authority, Issued

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is taken for another
LOCATOR, LENGTH = 3, 8
CODE_LIFE = timedelta(hours=24)
TRIES = 5
SHARDS = 1024
ADDRESS = Rule("enrol", 20)
_NO_CODE = T(
    "安装码不对、已用过或已过期。请在中心重新生成一个。",
    "This code is wrong, used or too old. Make a new one in the hub.",
)
_TOO_MANY = T("尝试太多，请过一会儿再试。", "Too many tries; wait some minutes.")
_REVOKED = T(
    "这台采集端已被吊销，请用新的安装码重新接入。",
    "This agent was revoked; enrol it anew with a new code.",
)
_NO_AGENT = T("没有这个采集端。", "There is no such agent.")


@dataclass(frozen=True, slots=True)
class Place:
    """The store that a code is for, and that an agent belongs to."""

    chain_id: UUID
    store_id: UUID


@dataclass(frozen=True, slots=True)
class Offer:
    """What the installer types; it is told once and kept as a hash only."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """What an agent needs to speak: `certificate` with its chain, and whom to trust."""

    agent: str
    group: str
    broker_url: str
    certificate: str
    authority: str
    starts_at: datetime
    ends_at: datetime


class Enrolment:
    """Any thread; each step is one transaction and one row of the audit.

    `on_change` is called after whoever may speak has changed.
    """

    def __init__(
        self,
        db: Database,
        registry: Registry,
        passwords: Passwords,
        authority: Authority,
        broker_url: str,
    ) -> None:
        self._db, self._registry, self._passwords = db, registry, passwords
        self.authority, self._broker_url = authority, broker_url
        self.on_change: Callable[[], None] = lambda: None

    # codes

    def offer(self, place: Place, asker: Asker) -> Offer:
        """A new code for the store; those before it that nobody used are void."""
        now = utc_now()
        table = EnrolmentCodeRow
        with self._db.system("enrolment") as connection:
            code = _free_code(connection, now)
        code_hash = self._passwords.hash(code)
        with self._db.system("enrolment") as connection:
            before = update(table).where(
                table.store_id == place.store_id, table.used_at.is_(None), table.expires_at > now
            )
            connection.execute(before.values(expires_at=now))
            connection.execute(
                insert(table).values(
                    chain_id=place.chain_id,
                    store_id=place.store_id,
                    locator=code[:LOCATOR],
                    code_hash=code_hash,
                    made_by=asker.user_id,
                    created_at=now,
                    expires_at=now + CODE_LIFE,
                )
            )
            _note(connection, "enrolment_code", asker, place)
        return Offer(code, now + CODE_LIFE)

    def enrol(self, code: str, request: str, address: str) -> Identity:
        """Use a code up. Raises NotFoundError for a wrong one, which costs one of its tries."""
        asker = _program("enrolment", address)
        self.authority.demand_request(request)
        place = self._use(clean(code), asker)
        with self._db.system_read("enrolment") as connection:
            store = connection.scalar(select(Store.code).where(Store.id == place.store_id))
        name = f"{_slug(store or '')}-{_random(4).lower()}"
        group = group_of(place)
        issued = self.authority.sign_agent(request, name, place.store_id)
        agent_id = self._registry.approve(
            group, name, chain_id=place.chain_id, store_id=place.store_id
        )
        with self._db.system("enrolment") as connection:
            _keep(connection, agent_id, place, issued)
            _note(connection, "agent_enrolled", asker, place, agent_id)
        self.on_change()
        return self._identity(name, group, issued)

    def _use(self, code: str, asker: Asker) -> Place:
        now, table = utc_now(), EnrolmentCodeRow
        with self._db.system("enrolment") as connection:
            if locked_until(connection, [ADDRESS.key(asker.address)], now):
                raise ForbiddenError(_TOO_MANY)
            # The try is counted before the code is compared: who asks in parallel gains nothing.
            held = (
                table.locator == code[:LOCATOR],
                table.used_at.is_(None),
                table.expires_at > now,
            )
            connection.execute(update(table).where(*held).values(tries=table.tries + 1))
            row = connection.execute(select(table.__table__).where(*held)).first()
        kept = row.code_hash if row is not None and row.tries <= TRIES else None
        with self._passwords.turn():
            is_right = self._passwords.is_right(code, kept)
        with self._db.system("enrolment") as connection:
            if is_right and row is not None:
                once = update(table).where(table.id == row.id, table.used_at.is_(None))
                if connection.execute(once.values(used_at=now)).rowcount == 1:
                    return Place(row.chain_id, row.store_id)
            count_failure(connection, ADDRESS, asker.address, now)
            chain = {"chain_id": row.chain_id, "store_id": row.store_id} if row is not None else {}
            note(connection, "enrolment_refused", asker, record_type="agents", **chain)
        raise NotFoundError(_NO_CODE)

    # certificates

    def renew(
        self, certificate: str, request: str, signature: bytes, address: str
    ) -> Identity | None:
        """A new certificate for a new key; None while a person has to approve it first."""
        serial = self.authority.prove(certificate, request.encode(), signature)
        now, table = utc_now(), CertificateRow
        asker = _program("renewal", address)
        with self._db.system("enrolment") as connection:
            row = connection.execute(
                select(table.__table__, AgentRow.node_id, AgentRow.group_id)
                .join(AgentRow, AgentRow.id == table.agent_id)
                .where(table.serial == serial)
            ).first()
            if row is None or row.revoked_at is not None:
                raise ForbiddenError(_REVOKED)
            if row.expires_at <= now and not _is_approved(connection, row, now):
                return None
            issued = self.authority.sign_agent(request, row.node_id, row.store_id)
            _keep(connection, row.agent_id, _place(row), issued)
            connection.execute(delete(RenewalRow).where(RenewalRow.agent_id == row.agent_id))
            _note(connection, "agent_renewed", asker, _place(row), row.agent_id)
        return self._identity(row.node_id, row.group_id, issued)

    def approve_renewal(self, agent_id: UUID, asker: Asker) -> None:
        """Let an agent whose certificate has ended have a new one, when it next asks."""
        with self._db.system("enrolment") as connection:
            wanted = update(RenewalRow).where(RenewalRow.agent_id == agent_id)
            row = _agent(connection, agent_id)
            if connection.execute(wanted.values(approved_at=utc_now())).rowcount != 1:
                raise NotFoundError(_NO_AGENT)
            _note(connection, "renewal_approved", asker, _place(row), agent_id)

    def revoke(self, agent_id: UUID, asker: Asker) -> None:
        """Take an agent's identity away: its certificates, its rights at the broker, its codes."""
        now, table = utc_now(), CertificateRow
        with self._db.system("enrolment") as connection:
            row = _agent(connection, agent_id)
            its = update(table).where(table.agent_id == agent_id, table.revoked_at.is_(None))
            connection.execute(its.values(revoked_at=now))
            connection.execute(delete(RenewalRow).where(RenewalRow.agent_id == agent_id))
            silent = {"state": NodeState.OFFLINE, "state_since": now}
            connection.execute(update(AgentRow).where(AgentRow.id == agent_id).values(silent))
            _note(connection, "agent_revoked", asker, _place(row), agent_id)
        self._registry.shut_out(agent_id)  # its last will reaches nobody any more
        self.write_revoked()
        self.on_change()

    def write_revoked(self) -> None:
        """The revocation list for the broker, from the table."""
        table = CertificateRow
        still = select(table.serial, table.revoked_at).where(
            table.revoked_at.is_not(None), table.expires_at > utc_now()
        )
        with self._db.system_read("enrolment") as connection:
            revoked = [(serial, at) for serial, at in connection.execute(still) if at]
        self.authority.write_revoked(revoked)

    def speakers(self) -> frozenset[tuple[str, str]]:
        """Group and node of every agent that may speak: enrolled, and not revoked."""
        table = CertificateRow
        query = (
            select(AgentRow.group_id, AgentRow.node_id)
            .join(table, table.agent_id == AgentRow.id)
            .where(table.revoked_at.is_(None))
            .distinct()
        )
        with self._db.system_read("enrolment") as connection:
            return frozenset((group, node) for group, node in connection.execute(query))

    def standing(self) -> dict[UUID, "Standing"]:
        """How it stands with the certificates of every agent that ever had one."""
        table = CertificateRow
        ends = select(
            table.agent_id,
            func.max(table.expires_at).label("ends_at"),
            func.count(table.serial).label("n"),
            func.count(table.revoked_at).label("revoked"),
        ).group_by(table.agent_id)
        with self._db.system_read("enrolment") as connection:
            waiting = set(
                connection.scalars(
                    select(RenewalRow.agent_id).where(RenewalRow.approved_at.is_(None))
                )
            )
            return {
                row.agent_id: Standing(row.ends_at, row.n == row.revoked, row.agent_id in waiting)
                for row in connection.execute(ends)
            }

    def _identity(self, name: str, group: str, issued: Issued) -> Identity:
        return Identity(
            name,
            group,
            self._broker_url,
            issued.pem,
            self.authority.root_pem,
            issued.starts_at,
            issued.ends_at,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one agent: until when, whether it was revoked, whether it waits for a person."""

    ends_at: datetime
    is_revoked: bool
    waits: bool


def group_of(place: Place) -> str:
    """The Sparkplug group: chain and shard, fixed at enrolment."""
    return f"{place.chain_id.hex[-8:]}-{crc32(place.store_id.bytes) % SHARDS}"


def clean(code: str) -> str:
    """As it was meant: without dashes and spaces, in capitals."""
    return re.sub(r"[\s-]", "", code).upper()[:64]


def _free_code(connection: Connection, now: datetime) -> str:
    """Its locator finds one open code only."""
    table = EnrolmentCodeRow
    open_ones = select(table.locator).where(table.used_at.is_(None), table.expires_at > now)
    taken = set(connection.scalars(open_ones))
    while (code := _random(LENGTH))[:LOCATOR] in taken:
        pass
    return code


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _slug(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", code).strip("-").lower()[:40] or "store"


def _agent(connection: Connection, agent_id: UUID) -> Row[Any]:
    row = connection.execute(select(AgentRow.__table__).where(AgentRow.id == agent_id)).first()
    if row is None:
        raise NotFoundError(_NO_AGENT)
    return row


def _is_approved(connection: Connection, row: Row[Any], now: datetime) -> bool:
    """Whether a person said yes; else the question is kept."""
    table = RenewalRow
    found = connection.execute(
        select(table.approved_at).where(table.agent_id == row.agent_id)
    ).first()
    if found is None:
        connection.execute(
            insert(table).values(
                agent_id=row.agent_id, chain_id=row.chain_id, store_id=row.store_id, asked_at=now
            )
        )
    return found is not None and found.approved_at is not None


def _keep(connection: Connection, agent_id: UUID, place: Place, issued: Issued) -> None:
    connection.execute(
        insert(CertificateRow).values(
            serial=issued.serial,
            agent_id=agent_id,
            chain_id=place.chain_id,
            store_id=place.store_id,
            expires_at=issued.ends_at,
        )
    )


def _place(row: Row[Any]) -> Place:
    return Place(row.chain_id, row.store_id)


def _program(name: str, address: str) -> Asker:
    return Asker(None, name, EveryRight(), address)


def _note(
    connection: Connection, action: str, asker: Asker, place: Place, agent_id: UUID | None = None
) -> None:
    of = {"chain_id": place.chain_id, "store_id": place.store_id, "record_id": agent_id}
    note(connection, action, asker, record_type="agents", **of)
