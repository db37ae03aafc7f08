"""Everything that ever happened to one store, newest first: its time line (STO-02).

Several logs are read up to one moment and merged; each shows only what the visitor may read. A page
ends with the place of its last line, from which the next one goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select

from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.alerts.plays import Plays
from hub.analytics.cold_chain import ColdChainSignature
from hub.archive.catalogue import RECORD_TYPES
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.errors import T
from hub.ingest.tables import AgentRow
from hub.kit.db import Record, ScopedSession
from hub.kit.files.models import StoredFile
from hub.kit.records.access import readable, right_of
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import path_of, title_of
from hub.kit.records.log import ChangeLog
from hub.kit.records.sight import told_changes
from hub.maintenance.models import OrderEvent, WorkOrder
from hub.maintenance.sending import WHAT
from hub.maintenance.service import NAMES
from hub.security.actor import Actor
from hub.web.audit_words import action_words

PAGE, MOST = 50, 200
AGENTS = "agents"
_BEGAN = T("预警：{title}", "Alert: {title}")
_OVER = T("恢复：{title}", "Over: {title}")
_CLOSED = T("处理完毕：{title}", "Resolved: {title}")
_SIGNED = T("冷链记录已签署：{day}", "Cold-chain log signed: {day}")
_FILE = T("文件：{name}", "File: {name}")
_APPROVED = T("采集端接入：{name}", "Agent connected: {name}")
_ORDER = T("工单 #{number} {title}：{what}", "Order #{number} {title}: {what}")
_FIELDS = T("、", ", ")
_ENDS = {
    AlertEventKind.RAISED: _BEGAN,
    AlertEventKind.CLEARED: _OVER,
    AlertEventKind.RESOLVED: _CLOSED,
}


class Kind(StrEnum):
    """What a time line can be narrowed to."""

    RECORDS = "records"
    ALERTS = "alerts"
    REPAIRS = "repairs"
    FILES = "files"
    AGENTS = "agents"
    COLD_CHAIN = "cold_chain"

    @property
    def label(self) -> T:
        return _LABELS[self]


_LABELS = {
    Kind.RECORDS: T("档案变更", "Records"),
    Kind.ALERTS: T("预警", "Alerts"),
    Kind.REPAIRS: T("维修", "Repairs"),
    Kind.FILES: T("文件", "Files"),
    Kind.AGENTS: T("采集端", "Agents"),
    Kind.COLD_CHAIN: T("冷链签署", "Cold chain"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line; `key` orders those of one moment, `detail` is what somebody wrote or changed."""

    at: datetime
    key: str
    kind: Kind
    what: T
    detail: T
    by: str
    href: str
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the time line; `before` is the place of the last line that is known."""

    kinds: frozenset[Kind] = frozenset(Kind)
    before: tuple[datetime, str] | None = None
    size: int = PAGE


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at which store's time line, and how far back a log is read."""

    session: ScopedSession
    actor: Actor
    store: Store
    until: datetime | None
    limit: int

    def may(self, right: str) -> bool:
        return self.actor.may(right, self.store.id)


def story(
    session: ScopedSession, actor: Actor, store: Store, asked: Asked
) -> tuple[list[Happening], tuple[datetime, str] | None]:
    """One page, and the place from which the next goes on."""
    until = asked.before[0] if asked.before else None
    look = Look(session, actor, store, until, asked.size + 1)
    found = [
        one
        for kind in sorted(asked.kinds)
        for one in LOGS[kind](look)
        if asked.before is None or (one.at, one.key) < asked.before
    ]
    found.sort(key=lambda one: (one.at, one.key), reverse=True)
    page = found[: asked.size]
    last = page[-1] if len(found) > asked.size else None
    return page, (last.at, last.key) if last else None


def _records(look: Look) -> Iterator[Happening]:
    models = {m.__tablename__: m for m in RECORD_TYPES if look.may(right_of(m, "read"))}
    row = ChangeLog
    its_own = (row.record_type == Store.__tablename__) & (row.record_id == look.store.id)
    query = select(row).where(
        or_(row.store_id == look.store.id, its_own), row.record_type.in_(list(models))
    )
    if look.until:
        query = query.where(row.at <= look.until)
    rows = look.session.scalars(query.order_by(row.seq.desc()).limit(look.limit)).all()
    names = _names(look, models, rows)
    for one in rows:
        yield _change(look, models[one.record_type], one, names.get(one.record_id, ""))


def _names(
    look: Look, models: Mapping[str, type[Record]], rows: Sequence[ChangeLog]
) -> dict[UUID | None, str]:
    """What the changed records are called now, one query a type."""
    ids: dict[str, set[UUID | None]] = {}
    for row in rows:
        ids.setdefault(row.record_type, set()).add(row.record_id)
    found: dict[UUID | None, str] = {}
    for table, some in ids.items():
        model = models[table]
        here = select(model).where(model.id.in_(some), *readable(look.session, model))
        found |= {one.id: f" {title_of(one)}" for one in look.session.scalars(here)}
    return found


def _change(look: Look, model: type[Record], row: ChangeLog, name: str) -> Happening:
    fields = fields_in(look.session, model)
    told = told_changes(look.session, model, look.store.id, row.values)
    changed = [fields[name].label for name in told if name in fields]
    is_told = row.action == "update" and changed
    listed = T(*(word.join(getattr(f, tongue) for f in changed) for word, tongue in _joined()))
    one, action = model.__record__.one, action_words(row.action)
    return Happening(
        at=row.at,
        key=f"c{row.seq:015}",
        kind=Kind.RECORDS,
        what=T(f"{one.zh}{name}：{action.zh}", f"{one.en}{name}: {action.en}"),
        detail=listed if is_told else T(row.reason, row.reason),
        by=row.asker_name,
        href=f"/archive/{path_of(model)}/{row.record_id}",
    )


def _joined() -> Sequence[tuple[str, str]]:
    return ((_FIELDS.zh, "zh"), (_FIELDS.en, "en"))


def _alerts(look: Look) -> Iterator[Happening]:
    if not look.may("alerts.read"):
        return
    plays = Plays.of(look.session)
    query = (
        select(AlertEvent, Alert)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(AlertEvent.store_id == look.store.id, AlertEvent.kind.in_(list(_ENDS)))
    )
    if look.until:
        query = query.where(AlertEvent.at <= look.until)
    newest = query.order_by(AlertEvent.at.desc(), AlertEvent.id.desc()).limit(look.limit)
    for event, alert in look.session.execute(newest):
        title = plays[Rule(alert.rule)].title
        text = _ENDS[AlertEventKind(event.kind)]
        is_start = event.kind == AlertEventKind.RAISED
        yield Happening(
            at=event.at,
            key=f"a{event.id.hex}",
            kind=Kind.ALERTS,
            what=T(text.zh.format(title=title.zh), text.en.format(title=title.en)),
            detail=T(event.note or alert.source, event.note or alert.source),
            by=event.user_name,
            href=f"/alerts/{alert.id}",
            severity=Severity(event.severity).word if is_start else "ok",
        )


def _repairs(look: Look) -> Iterator[Happening]:
    if not look.may("work_orders.read"):
        return
    query = (
        select(OrderEvent, WorkOrder)
        .join(WorkOrder, WorkOrder.id == OrderEvent.order_id)
        .where(OrderEvent.store_id == look.store.id)
    )
    if look.until:
        query = query.where(OrderEvent.at <= look.until)
    newest = query.order_by(OrderEvent.at.desc(), OrderEvent.id.desc()).limit(look.limit)
    for event, order in look.session.execute(newest):
        what = _steps().get(event.kind, T(event.kind, event.kind))
        told = _ORDER.format(number=order.number, title=order.title, what="{what}")
        yield Happening(
            at=event.at,
            key=f"o{event.id.hex}",
            kind=Kind.REPAIRS,
            what=T(told.zh.replace("{what}", what.zh), told.en.replace("{what}", what.en)),
            detail=T(event.note, event.note),
            by=event.user_name,
            href=f"/work-orders/{order.id}",
        )


def _steps() -> dict[str, T]:
    return WHAT | {status.value: name for status, name in NAMES.items()}


def _files(look: Look) -> Iterator[Happening]:
    models = {m.__tablename__: m for m in RECORD_TYPES if look.may(right_of(m, "read"))}
    row = StoredFile
    its_own = (row.owner_type == Store.__tablename__) & (row.owner_id == look.store.id)
    query = select(row).where(
        or_(row.store_id == look.store.id, its_own),
        row.owner_type.in_(list(models)),
        row.removed_at.is_(None),
    )
    if look.until:
        query = query.where(row.added_at <= look.until)
    newest = query.order_by(row.added_at.desc(), row.id.desc()).limit(look.limit)
    for one in look.session.scalars(newest):
        of = models[one.owner_type].__record__.one
        where = f"/archive/{path_of(models[one.owner_type])}/{one.owner_id}"
        name = _FILE.format(name=one.name)
        yield Happening(one.added_at, f"f{one.id.hex}", Kind.FILES, name, of, one.added_by, where)


def _agents(look: Look) -> Iterator[Happening]:
    if not look.may("agents.read"):
        return
    row = ChangeLog
    query = select(row).where(row.store_id == look.store.id, row.record_type == AGENTS)
    first = select(AgentRow).where(AgentRow.store_id == look.store.id)
    if look.until:
        query = query.where(row.at <= look.until)
        first = first.where(AgentRow.approved_at <= look.until)
    for one in look.session.scalars(query.order_by(row.seq.desc()).limit(look.limit)):
        what, why = action_words(one.action), T(one.reason, one.reason)
        key = f"g{one.seq:015}"
        yield Happening(one.at, key, Kind.AGENTS, what, why, one.asker_name, "/admin/agents")
    for agent in look.session.scalars(first.limit(look.limit)):
        what, key = _APPROVED.format(name=agent.node_id), f"n{agent.id.hex}"
        yield Happening(agent.approved_at, key, Kind.AGENTS, what, T("", ""), "", "/admin/agents")


def _cold_chain(look: Look) -> Iterator[Happening]:
    if not look.may("readings.read"):
        return
    row = ColdChainSignature
    query = select(row).where(row.store_id == look.store.id)
    if look.until:
        query = query.where(row.at <= look.until)
    for one in look.session.scalars(query.order_by(row.at.desc()).limit(look.limit)):
        yield Happening(
            at=one.at,
            key=f"s{one.id.hex}",
            kind=Kind.COLD_CHAIN,
            what=_SIGNED.format(day=one.day.isoformat()),
            detail=T(one.note, one.note),
            by=one.user_name,
            href=f"/stores/{look.store.id}/cold-chain?day={one.day.isoformat()}",
        )


LOGS: dict[Kind, Callable[[Look], Iterator[Happening]]] = {
    Kind.RECORDS: _records,
    Kind.ALERTS: _alerts,
    Kind.REPAIRS: _repairs,
    Kind.FILES: _files,
    Kind.AGENTS: _agents,
    Kind.COLD_CHAIN: _cold_chain,
}
