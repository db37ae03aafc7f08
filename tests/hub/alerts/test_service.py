"""What people do with alerts (ALR-07), within their scope and rights."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.alerts import service
from hub.alerts.announce import announce_after_commit
from hub.alerts.models import Alert, AlertStatus
from hub.alerts.raising import Raising
from hub.alerts.service import AlertQuery
from hub.alerts.timers import run_due
from hub.detection.findings import Rule, Severity
from hub.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from hub.kit.clock import utc_now
from hub.live import Live
from tests.hub.alerts.findings import NOW, finding
from tests.hub.chain_under_test import ChainUnderTest, RightsOf

READER = RightsOf({service.READ: None})


@pytest.fixture
def alert_id(any_chain: ChainUnderTest) -> UUID:
    """An open alert in the first of two stores."""
    with any_chain.db.system("test") as connection:
        Raising(connection, {s.id: any_chain.id for s in any_chain.stores}).post(
            [finding(any_chain.stores[0].id)], NOW
        )
    with any_chain.read() as session:
        return session.scalars(select(Alert.id)).one()


def test_life_from_raised_to_resolved(any_chain: ChainUnderTest, alert_id: UUID) -> None:
    person = UUID(int=5)
    with any_chain.write() as session:
        assert service.acknowledge(session, alert_id, "on my way").status == "acknowledged"
    with any_chain.write() as session:
        service.acknowledge(session, alert_id)
        service.assign(session, alert_id, person)
        service.comment(session, alert_id, "Fan is stuck.")
        alert = service.resolve(session, alert_id, "Fan replaced.")
        assert (alert.status, alert.assigned_to) == (AlertStatus.RESOLVED, person)
    with any_chain.read() as session:
        told = service.history(session, alert_id)
        assert [line.kind for line in told] == [
            "raised",
            "acknowledged",
            "assigned",
            "commented",
            "resolved",
        ]
        assert [line.seq for line in told] == [1, 2, 3, 4, 5]
        assert told[-1].note == "Fan replaced."
        assert (told[0].user_name, told[-1].user_name) == ("", "test")
        assert service.open_alerts(session) == []


def test_a_closed_alert_cannot_be_assigned(any_chain: ChainUnderTest, alert_id: UUID) -> None:
    with any_chain.write() as session:
        service.resolve(session, alert_id)
        with pytest.raises(ConflictError):
            service.assign(session, alert_id, UUID(int=5))


def test_shelved_until_a_time_and_then_back(any_chain: ChainUnderTest, alert_id: UUID) -> None:
    until = utc_now() + timedelta(hours=1)
    with any_chain.write() as session:
        service.acknowledge(session, alert_id)
        assert service.shelve(session, alert_id, until, "waiting for a part").status == "shelved"
        with pytest.raises(InvalidError):
            service.shelve(session, alert_id, utc_now() - timedelta(hours=1), "past")
    with any_chain.db.system("test") as connection:
        assert run_due(connection, until - timedelta(seconds=1)) == []
        told = run_due(connection, until)
    assert [(t.kind, t.status) for t in told] == [("unshelved", "acknowledged")]


def test_others_stores_alerts_do_not_exist(any_chain: ChainUnderTest, alert_id: UUID) -> None:
    other = frozenset({any_chain.stores[1].id})
    with any_chain.read(stores=other) as session:
        assert service.open_alerts(session) == []
        with pytest.raises(NotFoundError):
            service.get(session, alert_id)
    with any_chain.read(RightsOf({service.READ: other})) as session:
        assert service.find(session, AlertQuery()) == []
        assert service.count_open(session) == {}


def test_a_reader_may_not_change(any_chain: ChainUnderTest, alert_id: UUID) -> None:
    with any_chain.write(READER) as session:
        assert len(service.open_alerts(session)) == 1
        with pytest.raises(ForbiddenError):
            service.acknowledge(session, alert_id)


def test_lists_filter_count_and_page(any_chain: ChainUnderTest) -> None:
    one, two = (store.id for store in any_chain.stores)
    with any_chain.db.system("test") as connection:
        found = [finding(one, source=f"d{n}/air_temperature_c") for n in range(5)]
        found.append(finding(two, severity=Severity.CRITICAL, rule=Rule.DEVICE_ALARM))
        Raising(connection, {one: any_chain.id, two: any_chain.id}).post(found, NOW)
    with any_chain.read() as session:
        assert service.count_open(session) == {
            one: {Severity.MEDIUM: 5},
            two: {Severity.CRITICAL: 1},
        }
        assert service.open_alerts(session)[0].store_id == two
        assert len(service.open_alerts(session, one)) == 5
        assert service.total(session, AlertQuery(severities=(Severity.CRITICAL,))) == 1
        assert service.total(session, AlertQuery(statuses=("closed",))) == 0
        assert service.total(session, AlertQuery(rules=("device-alarm",))) == 1
        pages, before = [], None
        while rows := service.find(session, AlertQuery(size=4, before=before)):
            page = rows[:4]
            pages.append([alert.id for alert in page])
            before = (page[-1].raised_at, page[-1].id)
        assert [len(page) for page in pages] == [4, 2]
        assert len({number for page in pages for number in page}) == 6


def test_a_change_is_told_after_the_commit_only(
    any_chain: ChainUnderTest, alert_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, heard = Live(), []
    monkeypatch.setattr(live, "publish", lambda event: heard.append(event.data["change"]))
    with any_chain.write() as session:
        alert = service.acknowledge(session, alert_id)
        announce_after_commit(session, live, alert, "acknowledged")
        session.flush()
        assert heard == []
    assert heard == ["acknowledged"]
