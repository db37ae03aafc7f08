"""Open alerts follow what holds: after restarts, early resolutions and causes that are gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from hub.alerts import service
from hub.alerts.families import AFTERMATH, RERAISE_HOLD
from hub.alerts.models import Alert
from hub.alerts.raising import Raising
from hub.alerts.reconcile import reconcile
from hub.detection.findings import Change, Finding, Rule
from hub.kit.clock import utc_now
from tests.hub.alerts.findings import finding
from tests.hub.chain_under_test import ChainUnderTest

MINUTE = timedelta(minutes=1)


def run(chain: ChainUnderTest, standing: Sequence[Finding], now: datetime) -> list[str]:
    chains = {store.id: chain.id for store in chain.stores}
    with chain.db.system("test") as connection:
        return [str(told.kind) for told in reconcile(connection, standing, chains, now)]


def post(chain: ChainUnderTest, now: datetime, *findings: Finding) -> None:
    chains = {store.id: chain.id for store in chain.stores}
    with chain.db.system("test") as connection:
        Raising(connection, chains).post(findings, now)


def open_ids(chain: ChainUnderTest) -> list[UUID]:
    with chain.read() as session:
        return list(session.scalars(select(Alert.id).where(Alert.closed_at.is_(None))))


def test_nothing_happens_while_alerts_and_conditions_agree(chain: ChainUnderTest) -> None:
    now, found = utc_now(), finding(chain.stores[0].id)
    post(chain, now, found)
    assert run(chain, [found], now) == []


def test_an_alert_whose_end_was_missed_is_cleared(chain: ChainUnderTest) -> None:
    post(chain, utc_now(), finding(chain.stores[0].id))
    assert run(chain, [], utc_now()) == ["cleared"]
    assert open_ids(chain) == []


def test_a_resolved_alert_that_goes_on_is_raised_again_after_the_hold(
    chain: ChainUnderTest,
) -> None:
    now, found = utc_now(), finding(chain.stores[0].id)
    post(chain, now, found)
    (first,) = open_ids(chain)
    with chain.write() as session:
        service.resolve(session, first)
    assert run(chain, [found], now + RERAISE_HOLD - MINUTE) == []
    assert run(chain, [found], now + RERAISE_HOLD + MINUTE) == ["raised"]
    (second,) = open_ids(chain)
    assert second != first


def test_what_a_cause_explained_speaks_for_itself_when_the_cause_is_gone(
    chain: ChainUnderTest,
) -> None:
    store, now = chain.stores[0].id, utc_now()
    door = finding(store, rule=Rule.DOOR_OPEN, source="freezer-1/door_open")
    warm = finding(store)
    post(chain, now, door, warm)
    assert run(chain, [door, warm], now) == []
    at_ms = int(now.timestamp() * 1000)
    closed = finding(store, Change.CLEARED, Rule.DOOR_OPEN, "freezer-1/door_open", at_ms=at_ms)
    post(chain, now, closed)
    assert run(chain, [warm], now + AFTERMATH - MINUTE) == []
    assert run(chain, [warm], now + AFTERMATH + MINUTE) == ["raised"]
