"""What a phone sends, late perhaps: each act once, and only to an order that is as it was seen."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from hub.errors import ConflictError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.maintenance.models import OrderEvent, SentAct, WorkOrder
from hub.maintenance.service import NAMES, get, history

_CHANGED = T(
    "您看过之后，工单变了：现在是“{now}”{last}。",
    "The order changed after you saw it: it is “{now}” now{last}.",
)
_LAST = T("，最后由 {who} 改动：{what}", ", last changed by {who}: {what}")
WHAT = {
    "created": T("开单", "Made"),
    "declined": T("拒单", "Declined"),
    "part": T("用料", "Part used"),
    "photo": T("照片", "Photo"),
    "link": T("发出链接", "Link made"),
    "revoked": T("收回链接", "Link revoked"),
    "opened": T("打开链接", "Link opened"),
}


def is_done(session: ScopedSession, order_id: UUID, sent_id: UUID | None) -> bool:
    """Whether this very act came before; if not, it is noted together with what it will do."""
    if sent_id is None:
        return False
    known = session.scalar(
        select(SentAct).where(SentAct.id == sent_id, SentAct.order_id == order_id)
    )
    if known is None:
        order = get(session, order_id)
        at = utc_now()
        session.add(SentAct(id=sent_id, order_id=order_id, store_id=order.store_id, at=at))
    return known is not None


def demand_seen(session: ScopedSession, order: WorkOrder, version: int | None) -> None:
    """ConflictError, saying how it is now, where the order is no longer the one that was seen."""
    if version is None or order.version == version:
        return
    now = NAMES[order.order_status]
    last = _last(history(session, order.id)[-1:])
    raise ConflictError(
        T(
            _CHANGED.zh.format(now=now.zh, last=last.zh),
            _CHANGED.en.format(now=now.en, last=last.en),
        )
    )


def _last(newest: Sequence[OrderEvent]) -> T:
    if not newest:
        return T("", "")
    one = newest[0]
    what = WHAT.get(one.kind) or next((NAMES[key] for key in NAMES if key == one.kind), T("", ""))
    note = f"：{one.note}" if one.note else ""
    return T(
        _LAST.zh.format(who=one.user_name, what=what.zh + note),
        _LAST.en.format(who=one.user_name, what=what.en + note.replace("：", ": ")),
    )
