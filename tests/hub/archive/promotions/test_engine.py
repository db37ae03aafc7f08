"""Worked examples of every kind of promotion (MKT-05), their order (MKT-04), and what always
holds (SAL-17, MKT-17)."""

from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.archive.promotions import engine
from hub.archive.promotions.benefits import MORE_PIECES, MORE_TO_SPEND, NO_GIFT, allocate
from hub.archive.promotions.conflicts import conflicts
from hub.archive.promotions.engine import price
from hub.archive.promotions.model import (
    Basket,
    BasketLine,
    Benefit,
    BuyGet,
    FixedPrice,
    Gift,
    Goods,
    Percent,
    Priced,
    Rule,
    Slot,
    SpendSave,
)
from hub.errors import T

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Monday
TEA = BasketLine("1", "tea", 2000, 4990, frozenset({"drinks"}))
MILK = BasketLine("2", "milk", 3000, 1250, frozenset({"drinks", "dairy"}))
CAKE = BasketLine("3", "cake", 1000, 8800, frozenset({"bakery"}))
HAM = BasketLine("4", "ham", 355, 6980, frozenset({"deli"}))  # by weight: 355 g
BASKET = Basket((TEA, MILK, CAKE, HAM))
GROSS = 9980 + 3750 + 8800 + 2478


def rule(name: str, benefit: Benefit, **more: Any) -> Rule:
    return replace(Rule(name, T(name, name), benefit), **more)


def nets(priced: Priced) -> list[int]:
    return [one.net_minor for one in priced.lines]


def why(priced: Priced, name: str) -> T:
    (found,) = (one.why for one in priced.not_applied if one.rule == name)
    return found


def test_without_promotions_a_basket_costs_what_it_costs() -> None:
    assert nets(price(BASKET, [], NOON)) == [9980, 3750, 8800, 2478]


def test_a_discount_takes_its_share_of_each_line() -> None:
    drinks = Goods(categories=frozenset({"drinks"}))
    priced = price(BASKET, [rule("-20%", Percent(20), goods=drinks)], NOON)
    assert nets(priced) == [7984, 3000, 8800, 2478]
    (saving,) = priced.lines[0].savings
    assert (saving.text.zh, saving.text.en) == ("-20%：8 折", "-20%: 20% off")


def test_a_special_price_never_raises_one() -> None:
    special = FixedPrice({"tea": 3990, "milk": 1300})
    assert nets(price(BASKET, [rule("special", special)], NOON)) == [7980, 3750, 8800, 2478]


def test_spend_and_save_takes_the_highest_step_and_shares_it_to_the_cent() -> None:
    """满 100 减 10，满 200 减 30: 250.08 is in the basket."""
    steps = SpendSave(((10000, 1000), (20000, 3000)))
    priced = price(BASKET, [rule("steps", steps)], NOON)
    assert priced.total_minor == GROSS - 3000
    assert [sum(s.amount_minor for s in one.savings) for one in priced.lines] == [
        1197,
        450,
        1056,
        297,
    ]


def test_each_hundred_saves_again_where_it_repeats() -> None:
    priced = price(BASKET, [rule("each", SpendSave(((10000, 1000),), repeats=True))], NOON)
    assert priced.total_minor == GROSS - 2000


def test_what_is_missing_to_a_step_is_said() -> None:
    priced = price(BASKET, [rule("far", SpendSave(((30000, 5000),)))], NOON)
    assert why(priced, "far") == MORE_TO_SPEND.format(money="49.92")


def test_of_three_the_cheapest_is_free() -> None:
    goods = Goods(categories=frozenset({"drinks"}))
    priced = price(BASKET, [rule("2+1", BuyGet(2, 1), goods=goods)], NOON)
    assert nets(priced)[:2] == [9980, 2500]  # tea, tea, milk: one milk is free; two milks are left


def test_the_second_piece_at_half_price() -> None:
    goods = Goods(items=frozenset({"tea"}))
    priced = price(BASKET, [rule("half", BuyGet(1, 1, 50), goods=goods)], NOON)
    assert nets(priced)[0] == 9980 - 2495
    assert priced.lines[0].savings[0].text.zh == "half：第 2 件 5 折"


def test_buy_and_get_counts_no_more_often_than_it_may() -> None:
    six = Basket((replace(MILK, quantity_milli=6000),))
    assert price(six, [rule("1+1", BuyGet(1))], NOON).total_minor == 3750
    assert price(six, [rule("1+1", BuyGet(1, most_times=1))], NOON).total_minor == 6250


def test_removing_the_second_piece_removes_its_discount() -> None:
    """SAL-17: worked out anew from what is there."""
    one_tea = Basket((replace(TEA, quantity_milli=1000),))
    priced = price(one_tea, [rule("half", BuyGet(1, 1, 50))], NOON)
    assert nets(priced) == [4990]
    assert why(priced, "half") == MORE_PIECES.format(n=1)


def test_a_gift_comes_when_there_is_one() -> None:
    cup = rule("cup", Gift("cup", spend_minor=20000))
    (handed,) = price(BASKET, [cup], NOON).gifts
    assert (handed.item, handed.quantity_milli) == ("cup", 1000)
    sold_out = replace(BASKET, on_hand_milli={"cup": 0})
    priced = price(sold_out, [cup], NOON)
    assert priced.gifts == ()
    assert why(priced, "cup") == NO_GIFT


def test_members_coupons_stores_and_hours_are_asked_for() -> None:
    rules = [
        rule("members", Percent(10), tiers=frozenset({"gold"})),
        rule("coupon", Percent(10), coupon="AUTUMN"),
        rule("elsewhere", Percent(10), stores=frozenset({"SH009"})),
        rule("evening", Percent(10), slot=Slot(start=time(18), end=time(21))),
        rule("web", Percent(10), channels=frozenset({"web"})),
    ]
    priced = price(BASKET, rules, NOON)
    assert priced.total_minor == GROSS
    assert [one.why for one in priced.not_applied] == [
        engine.MEMBERS_ONLY,
        engine.NO_COUPON,
        engine.OTHER_STORE,
        engine.OTHER_HOURS,
        engine.OTHER_CHANNEL,
    ]
    known = replace(BASKET, tier="gold", coupons=frozenset({"AUTUMN"}))
    assert price(known, rules, NOON).total_minor < GROSS


def test_a_night_slot_belongs_to_the_day_it_began() -> None:
    friday_night = Slot(frozenset({4}), time(22), time(2))
    saturday = datetime(2026, 11, 28, 1, 30, tzinfo=NOON.tzinfo)
    assert friday_night.has(saturday)
    assert not friday_night.has(saturday.replace(day=27))


def test_two_that_do_not_combine_the_better_one_wins_whatever_the_order() -> None:
    """C10: never both, never at random."""
    ten, twenty = rule("ten", Percent(10)), rule("twenty", Percent(20))
    for rules in ([ten, twenty], [twenty, ten]):
        priced = price(BASKET, rules, NOON)
        assert {s.rule for one in priced.lines for s in one.savings} == {"twenty"}
        assert why(priced, "ten") == engine.TAKEN
    first = price(BASKET, [replace(ten, priority=1), twenty], NOON)
    assert {s.rule for one in first.lines for s in one.savings} == {"ten"}


def test_those_that_combine_work_on_what_is_left() -> None:
    both = [
        rule("ten", Percent(10), stacks=True, priority=2),
        rule("save", SpendSave(((20000, 3000),)), stacks=True),
    ]
    assert price(BASKET, both, NOON).total_minor == 8982 + 3375 + 7920 + 2230 - 3000


def test_a_try_out_names_what_will_meet() -> None:
    ten = rule("ten", Percent(10), goods=Goods(items=frozenset({"tea"})))
    twenty = rule("twenty", Percent(20))
    later = replace(twenty, id="later", start=NOON.replace(year=2027))
    ended = replace(ten, end=NOON)
    (found,) = conflicts([ten, twenty])
    assert "two" not in found.what.en
    assert found.what.en.endswith("the one that saves more applies.")
    assert conflicts([ended, later]) == []
    assert conflicts([replace(ten, stacks=True), replace(twenty, stacks=True)]) == []


lines = st.lists(
    st.builds(
        BasketLine,
        st.uuids().map(str),
        st.sampled_from(["tea", "milk", "cake"]),
        st.integers(1, 20_000),
        st.integers(0, 100_000),
    ),
    max_size=12,
)
benefits = st.one_of(
    st.builds(Percent, st.integers(1, 100)),
    st.builds(
        lambda spend, save: SpendSave(((spend, min(spend, save)),)), *[st.integers(1, 9999)] * 2
    ),
    st.builds(BuyGet, st.integers(1, 3), st.integers(1, 2), st.integers(1, 100)),
)
offers = st.lists(
    st.builds(
        lambda n, benefit, priority, stacks: rule(
            str(n), benefit, priority=priority, stacks=stacks
        ),
        st.integers(0, 10**9),
        benefits,
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)


@given(lines, offers)
def test_nothing_costs_less_than_nothing_and_order_never_matters(
    some: list[BasketLine], rules: list[Rule]
) -> None:
    basket = Basket(tuple(some))
    priced = price(basket, rules, NOON)
    assert all(0 <= one.net_minor <= one.line.gross_minor for one in priced.lines)
    assert price(basket, reversed(rules), NOON).lines == priced.lines


@given(
    st.integers(0, 10**6), st.dictionaries(st.text(min_size=1), st.integers(1, 10**6), min_size=1)
)
def test_what_is_shared_out_is_all_of_it(total: int, weights: dict[str, int]) -> None:
    shares = allocate(total, weights)
    whole = sum(weights.values())
    assert sum(shares.values()) == total
    assert all(abs(shares[key] - total * weights[key] / whole) < 1 for key in weights)
