"""Promotions on file: the engine reads them, and counts may ask when they run (MKT-04, SAL-17)."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.archive.prices.reading import Buyer
from hub.archive.prices.records import PriceList
from hub.archive.products.records import Product
from hub.archive.promotions.baskets import Customer, Wanted, work_out
from hub.archive.promotions.reading import Run, promotions_of
from hub.archive.promotions.records import Promotion, PromotionKind
from hub.errors import ConflictError, InvalidError
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from tests.hub.chain_under_test import ChainUnderTest

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 17, 11, 30, tzinfo=ZONE)  # a Tuesday
MEMBER = Customer(is_member=True)


def made(chain: ChainUnderTest, code: str, *, publish: bool = True, **values: Any) -> Promotion:
    told = {"code": code, "name": code} | values
    with chain.write() as session:
        one = apply(session, Promotion, Change(values=told))
        if publish:
            perform(session, Promotion, one.id, "publish")
    return one


def product(chain: ChainUnderTest, price: int) -> Product:
    with chain.write() as session:
        values = {"code": "tea", "name": "tea", "price_minor": price, "category_id": chain.category}
        return apply(session, Product, Change(values=values))


def test_a_basket_is_worked_out_by_what_is_published(chain: ChainUnderTest) -> None:
    tea = product(chain, 2000)
    tier = chain.ids["member_tiers"]
    off: dict[str, Any] = {"off_percent": 10, "goods": [{"category_id": chain.category}]}
    made(chain, "members", kind=PromotionKind.PERCENT, is_for_members=True, stacks=True, **off)
    draft = made(
        chain, "50-5", publish=False, kind=PromotionKind.SPEND,
        spend_minor=5000, save_minor=500, stacks=True,
    )  # fmt: skip
    lists = {"code": "m", "name": "Members", "tier_id": tier, "rank": 5}
    with chain.write() as session:
        prices = [{"product_id": tea.id, "price_minor": 1900}]
        apply(session, PriceList, Change(values=lists | {"prices": prices}))
    basket = [Wanted("1", tea.id, 3000)]
    buyer = Buyer(chain.stores[0].id, AT.date())
    with chain.read() as session:
        stranger = work_out(session, buyer, Customer(), basket, AT)
        member = work_out(session, buyer, MEMBER, basket, AT)
        tried = work_out(session, buyer, MEMBER, basket, AT, drafts=[draft.id])
        of_tier = Buyer(buyer.store_id, buyer.day, tier_id=tier)
        listed = work_out(session, of_tier, Customer(True, tier), basket, AT)
    totals = [one.priced.total_minor for one in (stranger, member, tried, listed)]
    assert totals == [6000, 5400, 4900, 5130]
    assert listed.prices[tea.id].of_list == "Members"
    (line,) = tried.priced.lines
    assert [one.text.en for one in line.savings] == ["members: 10% off", "50-5: 5.00 off 50.00"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "buy_get", "buy": 1}, "get"),
        ({"kind": "fixed_price"}, "goods"),
        ({"kind": "spend_save", "spend_minor": 100, "save_minor": 200}, "save_minor"),
        ({"kind": "percent", "off_percent": 5, "weekdays": "128"}, "weekdays"),
        ({"kind": "percent", "off_percent": 5, "from_time": time(8)}, "until_time"),
    ],
)
def test_what_is_missing_is_said(chain: ChainUnderTest, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        made(chain, "wrong", publish=False, **values)
    assert caught.value.fields.keys() == {field}


def test_what_runs_is_not_changed(chain: ChainUnderTest) -> None:
    one = made(chain, "runs", kind=PromotionKind.PERCENT, off_percent=5)
    with chain.write() as session, pytest.raises(ConflictError):
        apply(session, Promotion, Change(one.id, {"off_percent": 50}))


def test_when_promotions_run_is_told_to_those_who_count(chain: ChainUnderTest) -> None:
    """MKT-17: a happy hour on working days; a week for the other store alone; a draft never."""
    here, other = chain.stores[0].id, chain.stores[1].id
    off: dict[str, Any] = {"kind": PromotionKind.PERCENT, "off_percent": 20}
    hours: dict[str, Any] = {"weekdays": "12345", "from_time": time(16), "until_time": time(18)}
    made(chain, "happy", **off, **hours, expected_factor=1.5)
    made(chain, "week", **off, starts_on=date(2026, 3, 16), ends_on=date(2026, 3, 22),
         stores=[other])  # fmt: skip
    made(chain, "draft", publish=False, **off)
    start, end = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 3, 24, tzinfo=UTC)
    runs = promotions_of(chain.db, chain.id, here, start, end)
    assert runs == [
        Run(datetime(2026, 3, day, 8, tzinfo=UTC), datetime(2026, 3, day, 10, tzinfo=UTC), 1.5)
        for day in (20, 23)
    ]
    both = promotions_of(chain.db, chain.id, other, start, end)
    assert Run(start, datetime(2026, 3, 22, 16, tzinfo=UTC), None) in both
    assert len(both) == 3
