"""A cashier who discounts far beyond the usual is told of to administrators (SEC-11, ALR-12)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.analytics.discounts import RULE, watch
from hub.archive.staff.records import Employee
from hub.errors import ForbiddenError
from hub.kit.asker import Asker, EveryRight
from hub.kit.records.apply import Change, apply
from hub.security.accounts import Grant
from hub.security.audit.models import SecurityFinding
from hub.security.audit.watch import RULES, Findings
from protocols.pos.ticket import Line, Tender, TenderKind, Ticket
from tests.hub.analytics.conftest import AT, DAY, Register, ticket

NOW = AT + timedelta(minutes=30)


def cheap(number: int, percent: int = 60, cashier: str | None = "07", days: int = 0) -> Ticket:
    """10.00 less so many per cent."""
    off = 10 * percent
    line = Line(
        name="鲜牛奶",
        code="690001",
        quantity=1,
        price_cents=1000,
        amount_cents=1000,
    )
    told: dict[str, Any] = ticket(str(number), at=AT - timedelta(days=days)).model_dump()
    tender = Tender(kind=TenderKind.CASH, amount_cents=1000 - off)
    told |= {"lines": (line,), "tenders": (tender,), "discount_cents": off}
    told |= {"business_day": DAY - timedelta(days=days)}
    return Ticket.model_validate(told | {"total_cents": 1000 - off, "cashier": cashier})


def found(register: Register) -> list[SecurityFinding]:
    return Findings(register.chain.db).listed(register.chain.id)


def test_five_in_an_hour_are_told_once(register: Register) -> None:
    register.ring_up(*(cheap(n) for n in range(5)))
    assert watch(register.chain.db, NOW) == 1
    register.ring_up(cheap(9))
    assert watch(register.chain.db, NOW) == 0
    (one,) = found(register)
    assert (one.rule, one.subject_name) == (RULE, "07 · till-1")
    assert one.evidence["discount_percent"] == 60
    assert RULE in RULES, "the page has words for it"


@pytest.mark.parametrize(
    ("count", "percent", "days"), [(4, 60, 0), (8, 20, 0), (8, 60, 1)], ids=["few", "small", "old"]
)
def test_what_is_usual_is_not_told(register: Register, count: int, percent: int, days: int) -> None:
    register.ring_up(*(cheap(n, percent, days=days) for n in range(count)))
    assert watch(register.chain.db, NOW) == 0


def test_a_store_in_a_sale_is_measured_by_itself(register: Register) -> None:
    register.ring_up(*(cheap(n, 40, days=1) for n in range(20)))
    register.ring_up(*(cheap(n + 50) for n in range(8)))
    assert watch(register.chain.db, NOW) == 0


def test_the_cashier_cannot_close_it(register: Register) -> None:
    chain = register.chain
    user: UUID = chain.add_user("seven", Grant("admin"))
    values = {"store_id": register.store_id, "code": "07", "name": "Seven", "user_id": user}
    with chain.write() as session:
        apply(session, Employee, Change(values=values))
    register.ring_up(*(cheap(n) for n in range(5)))
    watch(chain.db, NOW)
    (one,) = found(register)
    assert one.subject_id == user
    with pytest.raises(ForbiddenError):
        Findings(chain.db).close(chain.id, one.id, "all fine", Asker(user, "Seven", EveryRight()))
