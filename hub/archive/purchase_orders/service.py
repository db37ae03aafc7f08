"""What is done to purchase orders: sending and receiving."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from hub.archive.suppliers.service import refuse_blocked
from hub.errors import ConflictError, T
from hub.kit.clock import utc_now

if TYPE_CHECKING:
    from hub.archive.purchase_orders.records import PurchaseOrder

_EMPTY = T("采购单没有明细，不能发出。", "An order without items cannot be sent.")


def send(session: Session, order: "PurchaseOrder") -> Mapping[str, Any]:
    """ConflictError for an empty order, or a supplier that is blocked."""
    if not order.items:
        raise ConflictError(_EMPTY)
    refuse_blocked(session, order.supplier_id)
    return {"sent_on": utc_now().date()}


def receive(_session: Session, _order: "PurchaseOrder") -> Mapping[str, Any]:
    return {"received_on": utc_now().date()}
