"""Does this suit this customer? Asked at a booking, a service or the till (CUS-09).

The answer names the thing and how grave it is, never the condition: staff who may not read health
profiles learn that they must ask the customer, and nothing else. Without a live consent there is
no profile, and so no answer. The one who goes on says why, which is in the audit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from hub.archive.customers.records import Customer
from hub.archive.health import codes
from hub.archive.health.records import Condition, ConditionKind, HealthProfile
from hub.archive.products.records import Product
from hub.archive.services.records import Service
from hub.errors import InvalidError, T
from hub.kit.records.declare import fields_of
from hub.kit.records.log import row_of, tell
from hub.kit.records.reveal import REASON_MAX, opened
from hub.kit.session import ScopedSession

OVERRIDE = "warning_overridden"
_NO_REASON = T("请写明为什么仍然继续。", "Say why you go on all the same.")


class Grave(StrEnum):
    """An allergy blocks; a condition warns."""

    BLOCK = "block"
    WARN = "warn"


SAYS = {
    Grave.BLOCK: T(
        "可能伤害这位顾客：先停下，请本人确认。",
        "This may harm this customer: stop, and ask them first.",
    ),
    Grave.WARN: T(
        "可能不适合这位顾客，请先问本人。", "This may not suit this customer; ask them first."
    ),
}


@dataclass(frozen=True, slots=True)
class Unfit:
    """One product or service that does not suit the customer."""

    thing_id: UUID
    name: str
    grave: Grave


def check(session: ScopedSession, customer_id: UUID, things: Iterable[UUID]) -> list[Unfit]:
    """What of these products and services the customer should not have, the gravest first.

    The caller has checked that the asker may see the customer.
    """
    held = _held(session, customer_id)
    if not held:
        return []
    wanted, found = list(things), []
    chosen: list[Product | Service] = [
        *session.scalars(select(Product).where(Product.id.in_(wanted))),
        *session.scalars(select(Service).where(Service.id.in_(wanted))),
    ]
    for thing in chosen:
        kinds = {held[one] for one in thing.not_suitable_for or () if one in held}
        if kinds:
            grave = Grave.BLOCK if ConditionKind.ALLERGY in kinds else Grave.WARN
            found.append(Unfit(thing.id, thing.name, grave))
    return sorted(found, key=lambda one: (one.grave, one.name))


def override(
    session: ScopedSession, customer: Customer, unfit: Sequence[Unfit], reason: str
) -> None:
    """Somebody goes on all the same; the things are in the audit, no condition is."""
    if not reason.strip():
        raise InvalidError(_NO_REASON, {"reason": _NO_REASON})
    things = {"things": [None, [str(one.thing_id) for one in unfit]]}
    row = row_of(session, customer, OVERRIDE, things, reason=reason.strip()[:REASON_MAX])
    session.add(row)
    session.flush()
    tell(session, [row])


def _held(session: ScopedSession, customer_id: UUID) -> dict[UUID, ConditionKind]:
    """The conditions of a person by id; opened for this answer alone and shown to nobody."""
    mine = select(HealthProfile).where(
        HealthProfile.customer_id == customer_id, HealthProfile.archived_at.is_(None)
    )
    profile = session.scalars(mine).first()
    if profile is None:
        return {}
    fields = fields_of(HealthProfile)
    conditions, allergies = (
        set(codes.split(opened(session, profile, fields[name]) or ""))
        for name in ("conditions", "allergies")
    )
    known = select(Condition.id, Condition.code, Condition.kind).where(
        Condition.code.in_(conditions | allergies)
    )
    return {
        row.id: ConditionKind.ALLERGY if row.code in allergies else row.kind
        for row in session.execute(known)
    }
