"""Opening balances into the one ledger: as of the cut-over, once each, and back again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from hub.archive.openings import posting
from hub.archive.stock.items import items_of
from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.session import ScopedSession

if TYPE_CHECKING:
    from hub.archive.openings.records import OpeningBalance

_UNKNOWN = T("没有商品用这个编码或条码。", "No item has this code or barcode.")
_TWICE = T(
    "这件商品在这家店已有期初库存；先冲回那一条。",
    "This item has an opening balance in this store already; take that one back first.",
)
_FUTURE = T("切换日还没有到，到那天再过账。", "The cut-over day has not come; post it then.")


def foresee(session: ScopedSession, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, T]]:
    """What is wrong with rows of a file beside the rules of each: codes that no item has."""
    codes = {str(one.get("code") or "") for one in rows}
    known = items_of(_bare(session), session.scope.chain_id, codes)
    return [{} if one.get("code") in known else {"code": _UNKNOWN} for one in rows]


def post(session: Session, record: "OpeningBalance") -> Mapping[str, Any]:
    """Into the ledger as of the beginning of the day, in the store's own time."""
    connection, store = _bare(session), session.get_one(Store, record.store_id)
    begin = datetime.combine(record.cut_over, store.day_start, ZoneInfo(store.zone))
    if begin > utc_now():
        raise ConflictError(_FUTURE)
    item = items_of(connection, record.chain_id, [record.code]).get(record.code)
    if item is None:
        raise InvalidError(_UNKNOWN, {"code": _UNKNOWN})
    if posting.has_one(connection, record.store_id, item.id):
        raise ConflictError(_TWICE)
    posting.put_in(connection, record, item.id, begin.astimezone(UTC), asker_of(session).user_id)
    return {}


def take_back(session: Session, record: "OpeningBalance") -> Mapping[str, Any]:
    """The opposite movement at the same instant: the books are as if it had never been."""
    posting.take_out(_bare(session), record.id, asker_of(session).user_id)
    return {}


def _bare(session: Session) -> Connection:
    if not isinstance(session, ScopedSession):
        raise TypeError("Opening balances are kept in a scoped session.")
    return session.bare_connection()
