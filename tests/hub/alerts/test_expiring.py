"""What ends soon is told again at each lead time until somebody decided (SUP-12, STF-01)."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.alerts.expiring import Ending, remind
from hub.alerts.models import Alert
from hub.alerts.service import resolve
from hub.archive.contracts.records import Contract
from hub.archive.customers.records import Customer
from hub.archive.documents.records import Document
from hub.archive.person_requests import records as requests
from hub.archive.person_requests.records import PersonRequest
from hub.archive.safety.records import Drill, SecurityCase
from hub.archive.staff.records import Certificate
from hub.detection.findings import Rule, Severity
from hub.kit.records.actions import perform
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.query import Query, rows
from hub.kit.tables import Record
from hub.live import Live
from tests.hub.chain_under_test import ChainUnderTest

END = date(2027, 3, 1)
Owed = tuple[type[Record], dict[str, object], str]
"""A record type, what such a record holds, and the action that ends it."""


def at(days_before: int) -> datetime:
    return datetime(END.year, END.month, END.day, 9, tzinfo=UTC) - timedelta(days=days_before)


@pytest.fixture
def quiet(chain: ChainUnderTest) -> ChainUnderTest:
    """The chain without anything that ends."""
    with chain.write() as session:
        for model in (Contract, Document, Certificate, PersonRequest, Drill, SecurityCase):
            kept: type[Record] = model
            for record in rows(session, kept, Query(sort=kept.__record__.order)).items:
                apply(session, kept, Change(record.id, action=Action.ARCHIVE))
    return chain


def contract(chain: ChainUnderTest, **more: object) -> UUID:
    values = {"number": "HT-9", "title": "房屋租赁", "valid_until": END, **more}
    with chain.write() as session:
        return apply(session, Contract, Change(values=values)).id


def alerts(chain: ChainUnderTest) -> Sequence[Alert]:
    with chain.read() as session:
        found = select(Alert).where(Alert.rule == Rule.EXPIRING.value)
        return session.scalars(found.order_by(Alert.raised_at, Alert.id)).all()


def asked_for(chain: ChainUnderTest) -> Owed:
    values = {"customer_id": chain.ids["customers"], "kind": "copy", "received_on": "2027-02-08"}
    values["wording"] = "All you have of me"
    return PersonRequest, values, "answer"


def planned(_: ChainUnderTest) -> Owed:
    values = {"title": "Restore", "kind": "restore", "planned_on": END, "took_minutes": 12}
    return Drill, values, "passed"


def broken(_: ChainUnderTest) -> Owed:
    values = {"title": "Old nginx", "kind": "advisory", "level": "3", "due_on": END}
    values |= {"noticed_at": "2026-01-01T00:00:00Z", "report": "Updated."}
    return SecurityCase, values, "close"


@pytest.mark.parametrize("what", [asked_for, planned, broken])
def test_what_security_and_privacy_owe_is_told_of_until_it_is_done(
    quiet: ChainUnderTest,
    what: Callable[[ChainUnderTest], Owed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SEC-27, SEC-20, SEC-21: by the day alone, without anybody's name."""
    monkeypatch.setattr(requests, "utc_now", lambda: at(20))
    live, (model, values, done) = Live(), what(quiet)
    with quiet.write() as session:
        made = apply(session, model, Change(values=values)).id
        name = session.get_one(Customer, quiet.ids["customers"]).name
    assert remind(quiet.db, live, at(80)) == 0
    assert remind(quiet.db, live, at(7)) == 1
    (alert,) = alerts(quiet)
    assert str(made) in alert.source
    assert name not in str(alert.evidence)
    with quiet.write() as session:
        perform(session, model, made, done)
    remind(quiet.db, live, at(6))
    assert alerts(quiet)[0].clears_at is not None or alerts(quiet)[0].closed_at is not None


def test_a_contract_is_told_of_at_each_lead_time_until_decided(quiet: ChainUnderTest) -> None:
    live = Live()
    made = contract(quiet, stores=[str(quiet.stores[1].id)])
    assert remind(quiet.db, live, at(61)) == 0
    for days, level in ((60, Severity.LOW), (30, Severity.MEDIUM), (7, Severity.HIGH)):
        assert remind(quiet.db, live, at(days)) == 1
        assert remind(quiet.db, live, at(days)) == 0, "told once"
        (alert,) = alerts(quiet)
        assert (alert.severity_level, alert.store_id) == (level, quiet.stores[1].id)
        assert alert.step_at is not None, "people are told again"
    assert alert.device == "房屋租赁 HT-9 · 2027-03-01"
    with quiet.write() as session:
        perform(session, Contract, made, "renegotiate", Change(made))
    assert remind(quiet.db, live, at(6)) == 1
    assert alerts(quiet)[0].closed_at is not None


def test_what_was_resolved_undecided_comes_back_at_the_next_lead_time(
    quiet: ChainUnderTest,
) -> None:
    live = Live()
    contract(quiet)
    remind(quiet.db, live, at(59))
    (alert,) = alerts(quiet)
    with quiet.write() as session:
        resolve(session, alert.id, "Later.")
    assert remind(quiet.db, live, at(40)) == 0
    assert remind(quiet.db, live, at(30)) == 1
    assert [one.closed_at is None for one in alerts(quiet)] == [False, True]


def test_documents_and_certificates_end_by_a_new_date(quiet: ChainUnderTest) -> None:
    live, store = Live(), quiet.stores[0]
    with quiet.write() as session:
        values = {"store_id": store.id, "title": "食品经营许可证", "valid_until": END}
        document = apply(session, Document, Change(values=values | {"reminder_days": "90"}))
        values = {"store_id": store.id, "employee_id": store.ids["employees"], "name": "健康证"}
        card = apply(session, Certificate, Change(values=values | {"valid_until": END}))
    assert remind(quiet.db, live, at(45)) == 2
    assert {one.severity_level for one in alerts(quiet)} == {Severity.HIGH, Severity.LOW}
    with quiet.write() as session:
        apply(session, Document, Change(document.id, {"valid_until": END + timedelta(days=900)}))
        apply(session, Certificate, Change(card.id, action=Action.ARCHIVE))
    assert remind(quiet.db, live, at(44)) == 2
    assert all(one.closed_at for one in alerts(quiet))


@pytest.mark.parametrize(
    ("days", "before", "level"),
    [
        ("60, 30, 7", 61, None),
        ("60, 30, 7", 8, Severity.MEDIUM),
        ("60, 30, 7", -20, Severity.HIGH),
        ("30", 30, Severity.HIGH),
        ("180, 90, 60, 30, 7", 100, Severity.LOW),
        ("180, 90, 60, 30, 7", 60, Severity.LOW),
    ],
)
def test_the_last_lead_time_is_the_urgent_one(
    days: str, before: int, level: Severity | None
) -> None:
    ending = Ending(UUID(int=1), "contracts/1", "Lease", END, days)
    found = ending.level(at(before).date())
    assert (found[0] if found else None) is level
