"""ALR-01, INV-03, INV-04, J5.1: one alert until there is enough, for that store's purchaser."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hub.alerts.models import Alert, AlertStatus
from hub.alerts.notices.routing import people_of, steps_for
from hub.alerts.rows import COLUMNS, AlertState
from hub.alerts.service import resolve
from hub.alerts.shortage import HELD, watch
from hub.archive.duty.records import Whom
from hub.archive.products.records import ProductVariant
from hub.archive.stock.limits import Level, Limit, set_limit
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.archive.stock.watch import outages, watched
from hub.detection.findings import Rule, Severity
from hub.errors import InvalidError
from hub.live import Live
from hub.security.accounts import Grant
from tests.hub.chain_under_test import ChainUnderTest

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def tea(chain: ChainUnderTest) -> UUID:
    """50 pieces in both stores since 60 days, of which at least 10 should be there."""
    with chain.db.system("test") as connection:
        wanted = select(ProductVariant.id).where(ProductVariant.product_id == chain.product)
        item: UUID = connection.execute(wanted).scalar_one()
    for store in (0, 1):
        move(chain, item, 50_000, NOON - 60 * DAY, store=store)
        place = {"chain_id": chain.id, "store_id": chain.stores[store].id, "item_id": item}
        with chain.db.system("test") as connection:
            set_limit(connection, place, Limit(10_000, 60_000), uuid4(), NOON)
    return item


def move(
    chain: ChainUnderTest, item: UUID, milli: int, at: datetime = NOON, store: int = 1
) -> None:
    kind = MovementKind.RECEIPT if milli > 0 else MovementKind.SALE
    where = (chain.id, chain.stores[store].id, item)
    with chain.db.system("test") as connection:
        post(connection, [Movement(*where, kind, "test", uuid4(), 0, milli, at)], at)


def alerts(chain: ChainUnderTest) -> list[Alert]:
    with chain.read() as session:
        found = select(Alert).where(Alert.rule == Rule.STOCK_LOW.value).order_by(Alert.id)
        return list(session.scalars(found))


def test_a_sale_takes_tea_below_the_limit_of_one_store(chain: ChainUnderTest, tea: UUID) -> None:
    near, far = (chain.add_user(n, Grant("purchaser", chain.stores[1].id)) for n in ("b1", "b2"))
    chain.add_user("a", Grant("purchaser", chain.stores[0].id))
    live = Live()
    assert watch(chain.db, live, NOON) == 0
    for sold, level in (
        (-39_000, Severity.LOW),
        (-3_000, Severity.MEDIUM),
        (-8_000, Severity.HIGH),
    ):
        move(chain, tea, sold)
        assert watch(chain.db, live, NOON) == 1
        assert watch(chain.db, live, NOON) == 0, "told once"
        (alert,) = alerts(chain)
        assert (alert.store_id, alert.severity) == (chain.stores[1].id, level)
    assert alert.evidence["expected"] == 60.0
    with chain.db.system("test") as connection:
        row = connection.execute(select(*COLUMNS).where(Alert.id == alert.id)).one()
        state = AlertState.of(row)
        (step,) = steps_for(connection, state, NOON)
        assert set(people_of(connection, state, step.whom, NOON)) == {near, far}
        assert step.whom is Whom.PURCHASER
    move(chain, tea, 40_000)
    assert watch(chain.db, live, NOON + HOUR) == 1
    assert alerts(chain)[0].status == AlertStatus.CLEARED


def test_what_a_person_resolved_is_quiet_for_a_day(chain: ChainUnderTest, tea: UUID) -> None:
    move(chain, tea, -42_000)
    watch(chain.db, Live(), NOON)
    with chain.write() as session:
        resolve(session, alerts(chain)[0].id, "ordered")
    at = datetime.now(UTC)
    assert watch(chain.db, Live(), at) == 0
    move(chain, tea, -8_000)
    assert watch(chain.db, Live(), at) == 1, "worse"
    assert watch(chain.db, Live(), at + HELD + HOUR) == 0, "still open"


def test_how_long_it_was_out_and_how_it_turns(chain: ChainUnderTest, tea: UUID) -> None:
    """INV-03, INV-08: by the ledger, and by the day."""
    store = chain.stores[1].id
    move(chain, tea, -50_000, NOON - 10 * DAY)
    move(chain, tea, -1000, NOON - 9 * DAY)  # sold what the books did not have
    move(chain, tea, 30_000, NOON - 7 * DAY)
    with chain.read() as session:
        (gone,) = outages(session, store, NOON - 28 * DAY)
        one = next(row for row in watched(session, store, NOON) if row.name.item_id == tea)
    assert (gone.since, gone.until) == (NOON - 10 * DAY, NOON - 7 * DAY)
    assert (one.sold_milli, one.available_milli, one.level) == (51_000, 29_000, Level.ENOUGH)
    assert one.cover_days == pytest.approx(29 / (51 / 28))
    assert not one.is_slow(NOON)
    assert one.is_slow(NOON + 30 * DAY)
    with pytest.raises(InvalidError), chain.db.system("test") as connection:
        set_limit(connection, {}, Limit(5000, 5000), uuid4(), NOON)
