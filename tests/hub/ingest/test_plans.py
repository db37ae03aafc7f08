"""Promotions as the detectors of counts take them (ALR-03)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from hub.archive.promotions.records import Promotion, PromotionKind, PromotionStatus
from hub.ingest.plans import KEPT_FOR, Plans
from hub.kit.records.apply import Change, apply
from tests.hub.chain_under_test import ChainUnderTest

NOW = datetime(2026, 3, 17, 3, 30, tzinfo=UTC)


def test_published_promotions_reach_the_counts_with_what_they_may_bring(
    chain: ChainUnderTest,
) -> None:
    clock = [NOW]
    plans = Plans(chain.db, lambda: clock[0])
    store = chain.stores[0].id
    before = plans.of(chain.id, store)
    with chain.write() as session:
        values = {
            "code": "D11",
            "name": "Double eleven",
            "kind": PromotionKind.PERCENT,
            "off_percent": 10,
            "starts_on": (NOW - timedelta(days=1)).date(),
            "ends_on": (NOW + timedelta(days=1)).date(),
            "expected_factor": 1.8,
        }
        made = apply(session, Promotion, Change(values=values))
    with chain.db.system("test") as connection:
        on = update(Promotion).where(Promotion.id == made.id)
        connection.execute(on.values(status=PromotionStatus.RUNNING))
    assert plans.of(chain.id, store) == before  # kept for a while
    clock[0] += KEPT_FOR
    found = [one for one in plans.of(chain.id, store) if one.factor == 1.8]
    now_ms = NOW.timestamp() * 1000
    assert [one.start_ms < now_ms < one.end_ms for one in found] == [True]
