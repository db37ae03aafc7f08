"""Orders to agents: signed once, sent until answered or expired, and in the audit (EDG-14)."""

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, Row, insert, select, update

from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.ingest.enrolment_tables import CertificateRow
from hub.ingest.order_tables import FINAL, OrderRow, OrderState, RolloutRow, RolloutState
from hub.ingest.tables import AgentRow
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.security.pki import Authority
from protocols.orders import SIGNER, Order, Outcome, Result, SignedOrder, Verb, encode

LIFE = timedelta(hours=24)
ROLLOUT_LIFE = timedelta(days=7)
AGAIN = timedelta(seconds=20)
STAGES = (1, 10, 100)  # percent
SOAK = timedelta(minutes=30)  # between the last agent of a stage and the first of the next
MOST_AT_ONCE = 100
_BUNDLE = re.compile(r"storevitals-agent-(?P<version>[0-9A-Za-z.+_-]{1,60})\.tar")
_BAD = frozenset({Outcome.REFUSED.value, Outcome.FAILED.value, Outcome.RETURNED.value})
_NO_AGENT = T("没有这个采集端。", "There is no such agent.")
_NO_BUNDLE = T("没有这个软件包。", "There is no such bundle.")
_NO_ROLLOUT = T("没有这次推送。", "There is no such roll-out.")
_RUNS = T("已有一次推送在进行，请先停止它。", "A roll-out is running: stop it first.")
_NO_AGENTS = T("没有可以推送的采集端。", "There are no agents to roll out to.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an agent."""

    verb: Verb
    arguments: Mapping[str, str | int]
    life: timedelta = LIFE
    rollout_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file in `<data_dir>/bundles`."""

    version: str
    sha256: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True)
class Letter:
    """An order that is due to be sent."""

    id: UUID
    agent_id: UUID
    group: str
    node: str
    signed: str


class Orders:
    """Any thread; each call is one transaction."""

    def __init__(self, db: Database, authority: Authority, bundles: Path) -> None:
        self._db, self._authority, self._bundles = db, authority, bundles

    # by people

    def issue(self, agent_id: UUID, wish: Wish, asker: Asker) -> UUID:
        with self._db.system("orders") as connection:
            agent = _agent(connection, agent_id)
            return self._issue(connection, agent, wish, asker)

    def roll_out(
        self, chain_id: UUID, bundle: Bundle, asker: Asker, region_id: UUID | None = None
    ) -> UUID:
        """Begin with the first stage; in one region's stores alone. Raises ConflictError."""
        with self._db.system("orders") as connection:
            running = select(RolloutRow.id).where(
                RolloutRow.chain_id == chain_id,
                RolloutRow.state.in_((RolloutState.RUNNING, RolloutState.PAUSED)),
            )
            if connection.scalar(running) is not None:
                raise ConflictError(_RUNS)
            if not _of_chain(connection, chain_id, region_id):
                raise ConflictError(_NO_AGENTS)
            own = uuid7()
            row: dict[str, object] = {"id": own, "chain_id": chain_id, "made_by": asker.user_id}
            row |= {"version": bundle.version, "sha256": bundle.sha256, "size": bundle.size}
            row |= {"region_id": region_id}
            connection.execute(insert(RolloutRow).values(made_by_name=asker.name, **row))
            note(
                connection,
                "rollout_started",
                asker,
                record_type="agents",
                record_id=own,
                chain_id=chain_id,
            )
            self._fill_stage(connection, _rollout(connection, own), asker)
            return own

    def set_rollout(self, rollout_id: UUID, state: RolloutState, asker: Asker) -> None:
        """Stop it, or go on after a pause; orders that wait are withdrawn when it stops."""
        with self._db.system("orders") as connection:
            row = _rollout(connection, rollout_id)
            connection.execute(
                update(RolloutRow)
                .where(RolloutRow.id == rollout_id)
                .values(state=state, stage_since=utc_now())
            )
            if state is RolloutState.STOPPED:
                waiting = OrderRow.rollout_id == rollout_id, OrderRow.state == OrderState.WAITING
                connection.execute(
                    update(OrderRow).where(*waiting).values(state=OrderState.EXPIRED.value)
                )
            note(
                connection,
                f"rollout_{state.value}",
                asker,
                record_type="agents",
                record_id=rollout_id,
                chain_id=row.chain_id,
            )

    # bundles

    def bundles(self) -> list[Bundle]:
        """Newest first."""
        found = [p for p in self._bundles.glob("*.tar") if _BUNDLE.fullmatch(p.name)]
        return [_read_bundle(p) for p in sorted(found, key=lambda p: -p.stat().st_mtime)]

    def bundle(self, digest: str) -> Bundle:
        for bundle in self.bundles():
            if bundle.sha256 == digest:
                return bundle
        raise NotFoundError(_NO_BUNDLE)

    # by the keeper

    def due(self, online: Iterable[UUID], now: datetime) -> list[Letter]:
        """Unanswered orders of agents that are there; what is told of is counted as sent."""
        there = set(online)
        waiting = (
            select(OrderRow.id, OrderRow.agent_id, OrderRow.signed, OrderRow.sent_at)
            .add_columns(AgentRow.group_id, AgentRow.node_id)
            .join(AgentRow, AgentRow.id == OrderRow.agent_id)
            .where(OrderRow.state == OrderState.WAITING, OrderRow.expires_at > now)
            .order_by(OrderRow.id)
        )
        with self._db.system_read("orders") as connection:
            rows = connection.execute(waiting).all()
        ready = [
            Letter(row.id, row.agent_id, row.group_id, row.node_id, row.signed)
            for row in rows
            if row.agent_id in there and (row.sent_at is None or row.sent_at < now - AGAIN)
        ]
        return ready[:MOST_AT_ONCE]

    def note_sent(self, letters: Sequence[Letter], now: datetime) -> None:
        with self._db.system("orders") as connection:
            sent = OrderRow.id.in_([letter.id for letter in letters])
            connection.execute(update(OrderRow).where(sent).values(sent_at=now))

    def take_result(self, connection: Connection, agent_id: UUID, result: Result) -> None:
        """An answer; a final one is never overwritten, whatever comes late."""
        try:
            order_id = UUID(result.order)
        except ValueError:
            return
        row = connection.execute(
            select(OrderRow.__table__).where(OrderRow.id == order_id, OrderRow.agent_id == agent_id)
        ).first()
        if row is None or row.state in FINAL:
            return
        values: dict[str, Any] = {"state": result.outcome.value, "answered_at": utc_now()}
        values |= {"told_zh": result.zh, "told_en": result.en}
        connection.execute(update(OrderRow).where(OrderRow.id == order_id).values(values))
        if result.outcome.is_final:
            _note(connection, f"order_{result.outcome.value}", Asker.hub("agent"), row)

    def advance(self, online: Iterable[UUID], now: datetime) -> None:
        """Expire what nobody answered; move the roll-outs on, or stop them."""
        there = set(online)
        with self._db.system_read("orders") as connection:
            is_late = select(OrderRow.id).where(
                OrderRow.state.not_in(FINAL), OrderRow.expires_at <= now
            )
            late = connection.scalars(is_late).all()
            running = connection.scalars(
                select(RolloutRow.id).where(RolloutRow.state == RolloutState.RUNNING)
            ).all()
        if not late and not running:
            return
        with self._db.system("orders") as connection:
            if late:
                gone = update(OrderRow).where(OrderRow.id.in_(late))
                connection.execute(gone.values(state=OrderState.EXPIRED.value))
            for rollout_id in running:
                self._advance(connection, _rollout(connection, rollout_id), there, now)

    def _advance(
        self, connection: Connection, rollout: Row[Any], there: set[UUID], now: datetime
    ) -> None:
        orders = connection.execute(
            select(OrderRow.agent_id, OrderRow.state, OrderRow.answered_at).where(
                OrderRow.rollout_id == rollout.id
            )
        ).all()
        if any(order.state in _BAD for order in orders):
            self._set(connection, rollout, state=RolloutState.PAUSED)
            return
        is_open = any(o.agent_id in there for o in orders if o.state not in FINAL)
        answers = [order.answered_at for order in orders if order.answered_at]
        if is_open or (orders and not answers):
            return
        if rollout.stage == len(STAGES) - 1:
            if all(order.state in FINAL for order in orders):
                self._set(connection, rollout, state=RolloutState.DONE)
        elif now - max([rollout.stage_since, *answers]) >= SOAK:
            self._set(connection, rollout, stage=rollout.stage + 1)
            asker = Asker.hub("rollout")
            self._fill_stage(connection, _rollout(connection, rollout.id), asker)

    def _set(self, connection: Connection, rollout: Row[Any], **values: object) -> None:
        its = update(RolloutRow).where(RolloutRow.id == rollout.id)
        connection.execute(its.values(stage_since=utc_now(), **values))

    def _fill_stage(self, connection: Connection, rollout: Row[Any], asker: Asker) -> None:
        """Orders for as many agents as the stage has, in an order that the id of the roll-out
        gives, so that the first are others each time."""
        agents = _of_chain(connection, rollout.chain_id, rollout.region_id)
        agents.sort(key=lambda a: sha256(rollout.id.bytes + a.id.bytes).digest())
        wanted = math.ceil(len(agents) * STAGES[rollout.stage] / 100)
        have = set(
            connection.scalars(select(OrderRow.agent_id).where(OrderRow.rollout_id == rollout.id))
        )
        bundle = Bundle(rollout.version, rollout.sha256, rollout.size, self._bundles)
        wish = Wish(Verb.UPDATE, named(bundle), ROLLOUT_LIFE, rollout.id)
        for agent in agents[:wanted]:
            if agent.id not in have:
                self._issue(connection, agent, wish, asker)

    def _issue(self, connection: Connection, agent: Row[Any], wish: Wish, asker: Asker) -> UUID:
        now, own = utc_now(), uuid7()
        expires_at = now + wish.life
        times = _ms(now), _ms(expires_at)
        order = Order(str(own), agent.node_id, wish.verb, wish.arguments, *times)
        row = {
            "id": own,
            "agent_id": agent.id,
            "chain_id": agent.chain_id,
            "store_id": agent.store_id,
            "verb": wish.verb.value,
            "arguments": dict(wish.arguments),
            "signed": encode(self._sign(encode(order))),
            "issued_at": now,
            "expires_at": expires_at,
            "made_by": asker.user_id,
            "made_by_name": asker.name,
            "rollout_id": wish.rollout_id,
        }
        connection.execute(insert(OrderRow).values(row))
        place = connection.execute(select(OrderRow.__table__).where(OrderRow.id == own)).one()
        _note(connection, f"order_{wish.verb.value}", asker, place)
        return own

    def _sign(self, text: str) -> SignedOrder:
        pem = self._authority.issue(SIGNER).read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the key that signs orders is no P-256 key")
        signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        chain = pem[pem.index(b"-----BEGIN CERTIFICATE") :].decode()
        return SignedOrder(text, b64encode(signature).decode(), chain)


def named(bundle: Bundle) -> dict[str, str | int]:
    """The arguments of an update."""
    return {"version": bundle.version, "sha256": bundle.sha256, "size": bundle.size}


def add_bundle(path: Path, folder: Path) -> Bundle:
    """Take a file of `deploy/make-bundle.sh` into the hub's folder. Raises InvalidError."""
    if not path.is_file() or not _BUNDLE.fullmatch(path.name):
        raise InvalidError(
            T(
                f"{path} 不是软件包：文件名应为 storevitals-agent-<版本>.tar。",
                f"{path} is no bundle: its name is storevitals-agent-<version>.tar.",
            )
        )
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    fresh = folder / f".{path.name}.new"
    fresh.write_bytes(path.read_bytes())
    return _read_bundle(fresh.replace(folder / path.name))


def _read_bundle(path: Path) -> Bundle:
    found = _BUNDLE.fullmatch(path.name)
    assert found is not None  # noqa: S101 by its callers
    data = path.read_bytes()
    return Bundle(found["version"], sha256(data).hexdigest(), len(data), path)


def _of_chain(connection: Connection, chain_id: UUID, region_id: UUID | None) -> list[Row[Any]]:
    """Agents that may speak."""
    good = select(CertificateRow.agent_id).where(CertificateRow.revoked_at.is_(None))
    mine = [AgentRow.chain_id == chain_id, AgentRow.id.in_(good)]
    if region_id is not None:
        there = Store.chain_id == chain_id, Store.region_id == region_id
        mine.append(AgentRow.store_id.in_(select(Store.id).where(*there)))
    return list(connection.execute(select(AgentRow.__table__).where(*mine)).all())


def _agent(connection: Connection, agent_id: UUID) -> Row[Any]:
    row = connection.execute(select(AgentRow.__table__).where(AgentRow.id == agent_id)).first()
    if row is None:
        raise NotFoundError(_NO_AGENT)
    return row


def _rollout(connection: Connection, rollout_id: UUID) -> Row[Any]:
    of = RolloutRow.id == rollout_id
    row = connection.execute(select(RolloutRow.__table__).where(of)).first()
    if row is None:
        raise NotFoundError(_NO_ROLLOUT)
    return row


def _note(connection: Connection, action: str, asker: Asker, order: Row[Any]) -> None:
    note(
        connection,
        action,
        asker,
        record_type="agents",
        record_id=order.agent_id,
        chain_id=order.chain_id,
        store_id=order.store_id,
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
