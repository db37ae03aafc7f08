"""What was not understood: tickets of tills and messages of the broker, with their bytes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from hub.analytics.tables import QuarantinedTicketRow
from hub.archive.stores.records import Store
from hub.errors import NotFoundError, T
from hub.ingest.dead_letters import Cause
from hub.ingest.tables import DeadLetterRow
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("agents.read")])

SHOWN = 100  # the newest of each kind
LOOKED_AT = 1000  # messages, to find those of one's own chain
PREVIEW = 160  # characters
TICKETS_RIGHT = "sales.read"
MESSAGES_RIGHT = "users.read"  # of whoever runs the system: a message belongs to no store
GONE = T("这条记录已不在了。", "This is no longer kept.")
CAUSES = {
    Cause.MALFORMED: T("格式无法识别", "cannot be read"),
    Cause.OVERSIZED: T("消息过大", "too large"),
    Cause.FOREIGN: T("不认识的主题", "foreign topic"),
    Cause.REPLAYED: T("重复发送", "sent again"),
    Cause.QUARANTINED: T("采集端已隔离", "agent in quarantine"),
    Cause.SERIES_LIMIT: T("测点太多", "too many channels"),
    Cause.UNKNOWN_METRIC: T("未声明的测点", "channel not declared"),
    Cause.NOT_A_NUMBER: T("不是数值", "not a number"),
    Cause.TIME: T("时间不可能", "impossible time"),
    Cause.POISON: T("无法处理", "cannot be taken in"),
    Cause.FAILED: T("中心内部错误", "error of the hub"),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One ticket or message; `preview` is its beginning as text."""

    id: UUID
    at: datetime
    where: str
    cause: T | str
    error: str
    size_bytes: int
    preview: str


@router.get("/admin/refused")
def show(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    return view.page(
        "refused.html",
        tickets=tickets_of(session, actor),
        messages=[_message(row) for row in letters_of(services, actor)[:SHOWN]],
    )


@router.get("/admin/refused/tickets/{id}")
def ticket_bytes(session: ReadSession, actor: CurrentUser, id: UUID) -> Response:
    row = session.scalar(select(QuarantinedTicketRow).where(QuarantinedTicketRow.id == id))
    if row is None or not actor.may(TICKETS_RIGHT, row.store_id):
        raise NotFoundError(GONE)
    return _as_file(row.raw, f"ticket-{id}")


@router.get("/admin/refused/messages/{id}")
def message_bytes(services: Hub, actor: CurrentUser, id: UUID) -> Response:
    row = next((one for one in letters_of(services, actor) if one.id == id), None)
    if row is None:
        raise NotFoundError(GONE)
    return _as_file(row.payload, f"message-{id}")


def tickets_of(session: ScopedSession, actor: Actor) -> list[Refused]:
    """The newest first, of the stores whose tickets the visitor may read."""
    newest = select(QuarantinedTicketRow).order_by(QuarantinedTicketRow.id.desc()).limit(SHOWN)
    rows = [row for row in session.scalars(newest) if actor.may(TICKETS_RIGHT, row.store_id)]
    stores = session.scalars(select(Store).where(Store.id.in_({row.store_id for row in rows})))
    names = {store.id: store.name for store in stores}
    return [
        Refused(
            row.id,
            row.received_at,
            f"{names.get(row.store_id, '')} · {row.till}",
            row.format,
            row.error,
            len(row.raw),
            preview_of(row.raw),
        )
        for row in rows
    ]


def letters_of(services: Services, actor: Actor) -> list[DeadLetterRow]:
    """Messages belong to nobody yet; those of another chain's agents are not shown."""
    if not actor.may(MESSAGES_RIGHT):
        return []
    foreign = {
        (node.group, node.node)
        for node in services.registry.nodes()
        if node.chain_id != actor.chain_id
    }
    with services.db.system_read("dead letters") as connection:
        newest = select(DeadLetterRow.__table__).order_by(DeadLetterRow.id.desc())
        rows = connection.execute(newest.limit(LOOKED_AT)).all()
    letters = [DeadLetterRow(**row._mapping) for row in rows]
    return [one for one in letters if not foreign & _pairs(one.topic)]


def _pairs(topic: str) -> set[tuple[str, str]]:
    """What in a topic, or a node's name, may be group and node."""
    levels = topic.split("/")
    return {(a, b) for n, a in enumerate(levels) for b in levels[n + 1 : n + 3]}


def _message(row: DeadLetterRow) -> Refused:
    cause = CAUSES.get(Cause(row.cause), row.cause)
    preview = preview_of(row.payload)
    return Refused(row.id, row.at, row.topic, cause, row.error, row.size_bytes, preview)


def preview_of(raw: bytes) -> str:
    """Text where it is text, else the bytes as hexadecimal digits."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw[: 4 * PREVIEW].decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(one.isprintable() or one.isspace() for one in text):
            return " ".join(text.split())[:PREVIEW]
    return raw[: PREVIEW // 3].hex(" ")


def _as_file(data: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.bin"'}
    return Response(data, media_type="application/octet-stream", headers=headers)
