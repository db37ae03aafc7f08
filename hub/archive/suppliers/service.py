"""What others ask of suppliers."""

from uuid import UUID

from sqlalchemy.orm import Session

from hub.archive.suppliers.records import Standing, Supplier
from hub.errors import ConflictError, T

_BLOCKED = T("供应商“{name}”已停用，不能下单。", "“{name}” is blocked; no orders go there.")


def refuse_blocked(session: Session, supplier_id: UUID) -> None:
    """Raise ConflictError for a supplier that nothing is ordered from."""
    supplier = session.get(Supplier, supplier_id)
    if supplier and supplier.standing is Standing.BLOCKED:
        raise ConflictError(_BLOCKED.format(name=supplier.name))
