"""The score of a store and what it was made of (ANA-24)."""

from datetime import timedelta

from hub.alerts import service
from hub.alerts.raising import Raising
from hub.analytics.health import Part, health
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.detection.findings import Change, Rule, Severity
from hub.kit.clock import utc_now
from hub.maintenance import service as orders
from tests.hub.alerts.findings import finding
from tests.hub.chain_under_test import ChainUnderTest


def of(chain: ChainUnderTest, days: float = 0):  # type: ignore[no-untyped-def]
    with chain.read() as session:
        store = session.get(Store, chain.stores[0].id)
        assert store is not None
        return health(session, StoreClock.of(store), utc_now() + timedelta(days=days))


def post(chain: ChainUnderTest, hours_ago: float, *, lasting: float | None = None, **given: object):  # type: ignore[no-untyped-def]
    since = utc_now() - timedelta(hours=hours_ago)
    ms = int(since.timestamp() * 1000)
    store_id = chain.stores[0].id
    with chain.db.system("test") as connection:
        raising = Raising(connection, {store_id: chain.id})
        found = finding(store_id, since_ms=ms, at_ms=ms, **given)  # type: ignore[arg-type]
        told = raising.post([found], since)
        if lasting is not None:
            end = ms + int(lasting * 3_600_000)
            over = finding(store_id, Change.CLEARED, since_ms=end, at_ms=end, **given)  # type: ignore[arg-type]
            raising.post([over], since + timedelta(hours=lasting))
    return told[0].alert_id


def scores(chain: ChainUnderTest, days: float = 0) -> dict[Part, int | None]:
    return {one.part: one.score for one in of(chain, days).parts}


def test_a_store_without_trouble_is_well_and_says_what_it_does_not_know(
    chain: ChainUnderTest,
) -> None:
    found = of(chain)
    assert (found.score, found.level, found.problems) == (100, "good", ())
    assert scores(chain) == {
        Part.EQUIPMENT: 100,
        Part.SALES: None,
        Part.TRAFFIC: None,
        Part.DATA: None,
        Part.COMPLIANCE: 100,
    }
    assert all(one.evidence is None for one in found.parts if one.score is None)


def test_open_alerts_cost_and_are_the_first_problems_with_their_measure(
    chain: ChainUnderTest,
) -> None:
    alert = post(chain, 10, severity=Severity.CRITICAL)
    post(chain, 5, rule=Rule.PAPER_OUT, source="till-1/paper_out", severity=Severity.LOW)
    found = of(chain)
    assert scores(chain)[Part.EQUIPMENT] == 58
    assert scores(chain)[Part.COMPLIANCE] == 60
    first = found.problems[0]
    assert (first.alert_id, first.severity) == (alert, Severity.CRITICAL)
    assert first.action.en == "Check that the door and its seal close."
    assert found.score is not None
    assert found.score < 65
    assert found.level == "poor"
    assert found.before == 100


def test_what_is_over_counts_for_compliance_until_a_week_has_passed(chain: ChainUnderTest) -> None:
    post(chain, 48, lasting=5, severity=Severity.HIGH)
    assert scores(chain)[Part.EQUIPMENT] == 100
    assert scores(chain)[Part.COMPLIANCE] == 80
    assert scores(chain, days=6)[Part.COMPLIANCE] == 100


def test_silent_agents_and_late_orders_are_seen(chain: ChainUnderTest) -> None:
    post(chain, 1, rule=Rule.AGENT_OFFLINE, source="agent", severity=Severity.HIGH)
    assert scores(chain)[Part.DATA] == 0
    with chain.write() as session:
        order = orders.report(session, orders.Fault(chain.stores[0].cabinet, "leaks"))
        order.finish_by = utc_now() - timedelta(days=1)
    assert scores(chain)[Part.EQUIPMENT] == 95
    with chain.write() as session:
        alert = service.open_alerts(session)[0]
        service.resolve(session, alert.id, "plugged in")
    assert of(chain).problems == ()
