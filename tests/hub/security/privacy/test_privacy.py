"""Consent, assessment, review and the question who was touched (SEC-22, SEC-24, SEC-27)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hub.archive.equipment.records import Equipment
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.records.apply import Change, apply
from hub.kit.records.ports import Wish
from hub.security.accounts import Grant
from hub.security.approvals.gate import Gate
from hub.security.people import People
from hub.security.privacy import consent, review
from hub.security.privacy.consent import HEALTH, Assessments, Consents
from hub.security.privacy.guard import PrivacyGate
from hub.security.privacy.review import Reviews, quarter_of, touched
from tests.hub.chain_under_test import QUICK, ChainUnderTest

NOTICE = T("我们为什么要记录您的过敏史……", "Why we keep your allergies …")
TOLD = ("allergic customers are harmed otherwise", "a leak would hurt people", "sealed, own key")
GATE = PrivacyGate(Gate())


def person(chain: ChainUnderTest, name: str = "chief") -> Asker:
    return Asker(chain.add_user(name, Grant("admin")), name, EveryRight())


def wish(subject: UUID, action: str = "create") -> Wish:
    return Wish("health_profiles", uuid4(), None, action, {"customer_id": subject})


def demand(chain: ChainUnderTest, one: Wish) -> None:
    with chain.write() as session:
        GATE.demand(session, one)


def test_health_data_wait_for_a_signed_assessment_and_a_separate_consent(
    chain: ChainUnderTest,
) -> None:
    """PIPL 29, 55: not even the hub's own work passes."""
    subject, asker = uuid4(), person(chain)
    with pytest.raises(ConflictError, match="impact assessment"):
        demand(chain, wish(subject))
    Assessments(chain.db).sign(chain.id, HEALTH, TOLD, asker)
    with pytest.raises(ConflictError, match="separate consent"):
        demand(chain, wish(subject))
    consents = Consents(chain.db)
    with pytest.raises(ConflictError, match="notice first"):
        consents.give(chain.id, subject, HEALTH, channel="counter", asker=asker)
    consents.publish(chain.id, HEALTH, NOTICE, asker)
    consents.give(chain.id, subject, HEALTH, channel="counter", asker=asker)
    demand(chain, wish(subject))
    with pytest.raises(ConflictError, match="separate consent"):
        demand(chain, wish(uuid4()))


def test_a_consent_to_something_else_is_none_to_health_data(chain: ChainUnderTest) -> None:
    subject, asker, consents = uuid4(), person(chain), Consents(chain.db)
    Assessments(chain.db).sign(chain.id, HEALTH, TOLD, asker)
    consents.publish(chain.id, "marketing", NOTICE, asker)
    consents.give(chain.id, subject, "marketing", channel="web", asker=asker)
    with pytest.raises(ConflictError):
        demand(chain, wish(subject))


def test_withdrawing_stops_use_at_once(chain: ChainUnderTest) -> None:
    subject, asker, consents = uuid4(), person(chain), Consents(chain.db)
    Assessments(chain.db).sign(chain.id, HEALTH, TOLD, asker)
    consents.publish(chain.id, HEALTH, NOTICE, asker)
    consents.give(chain.id, subject, HEALTH, channel="counter", asker=asker)
    assert consents.holds(subject, HEALTH)
    consents.withdraw(chain.id, subject, HEALTH, asker)
    assert not consents.holds(subject, HEALTH)
    with pytest.raises(ConflictError):
        demand(chain, wish(subject))
    with pytest.raises(NotFoundError):
        consents.withdraw(chain.id, subject, HEALTH, asker)


def test_another_chain_withdraws_nothing(chain: ChainUnderTest) -> None:
    subject, asker, consents = uuid4(), person(chain), Consents(chain.db)
    consents.publish(chain.id, HEALTH, NOTICE, asker)
    consents.give(chain.id, subject, HEALTH, channel="counter", asker=asker)
    with pytest.raises(NotFoundError):
        consents.withdraw(uuid4(), subject, HEALTH, asker)
    assert consents.holds(subject, HEALTH)


def test_an_assessment_holds_for_a_year(
    chain: ChainUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessments = Assessments(chain.db)
    assessments.sign(chain.id, HEALTH, TOLD, person(chain))
    assert assessments.holds(chain.id, HEALTH)
    monkeypatch.setattr(consent, "utc_now", lambda: datetime.now(UTC) + timedelta(days=366))
    assert not assessments.holds(chain.id, HEALTH)


@pytest.mark.parametrize("told", [("", "", ""), ("short", TOLD[1], TOLD[2])])
def test_an_empty_assessment_is_none(chain: ChainUnderTest, told: tuple[str, str, str]) -> None:
    with pytest.raises(InvalidError):
        Assessments(chain.db).sign(chain.id, HEALTH, told, person(chain))


def test_each_quarter_everybodys_rights_are_looked_at(chain: ChainUnderTest) -> None:
    chief = person(chain)
    assert chief.user_id is not None
    kept, gone = chain.add_user("kept", Grant("clerk")), chain.add_user("gone", Grant("clerk"))
    people = People(chain.db, QUICK)
    reviews = Reviews(chain.db, people)
    due = {one.person.username for one in reviews.due(chain.id)}
    assert due >= {"chief", "kept", "gone"}
    assert all(one.is_unused for one in reviews.due(chain.id)), "nobody ever signed in"
    reviews.judge(chain.id, kept, chief, keep=True)
    reviews.judge(chain.id, gone, chief, keep=False)
    assert people.get(chain.id, gone).archived_at is not None
    assert {one.person.username for one in reviews.due(chain.id)} == due - {"kept", "gone"}
    with pytest.raises(ConflictError):
        reviews.judge(chain.id, chief.user_id, chief, keep=True)
    with pytest.raises(ConflictError):
        reviews.judge(chain.id, kept, chief, keep=True)


def test_a_new_quarter_asks_again(chain: ChainUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    chief, kept = person(chain), chain.add_user("kept", Grant("clerk"))
    reviews = Reviews(chain.db, People(chain.db, QUICK))
    reviews.judge(chain.id, kept, chief, keep=True)
    monkeypatch.setattr(review, "utc_now", lambda: datetime.now(UTC) + timedelta(days=93))
    assert "kept" in {one.person.username for one in reviews.due(chain.id)}


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 1, 1), date(2026, 1, 1)),
        (date(2026, 3, 31), date(2026, 1, 1)),
        (date(2026, 12, 31), date(2026, 10, 1)),
    ],
)
def test_a_quarter_begins_with_its_first_month(day: date, first: date) -> None:
    assert quarter_of(day) == first


def test_who_was_touched_by_an_account_is_one_question(chain: ChainUnderTest) -> None:
    user = chain.add_user("li", Grant("admin"))
    start = datetime.now(UTC) - timedelta(minutes=1)
    asker = Asker(user, "li", EveryRight(), "203.0.113.9")
    with chain.write() as session:
        bind_asker(session, asker)
        for name in ("a", "b"):
            apply(session, Equipment, Change(chain.stores[0].cabinet, {"name": name}))
        apply(session, Equipment, Change(chain.stores[1].cabinet, {"name": "c"}))
    end = datetime.now(UTC) + timedelta(minutes=1)
    found = touched(chain.db, chain.id, user, start, end)
    times = {one.record_id: one.times for one in found}
    assert times == {chain.stores[0].cabinet: 2, chain.stores[1].cabinet: 1}
    assert touched(chain.db, chain.id, None, start, end, "203.0.113.9") == found
    assert touched(chain.db, chain.id, user, end, end + timedelta(days=1)) == []
    assert touched(chain.db, uuid4(), user, start, end) == []
