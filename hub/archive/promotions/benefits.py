"""What each kind of promotion takes off which lines; one function a kind, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.archive.promotions.model import (
    PIECE_MILLI,
    Basket,
    BasketLine,
    BuyGet,
    FixedPrice,
    Gift,
    Percent,
    SpendSave,
)
from hub.errors import T
from hub.kit.rounding import half_up

NOTHING_FITS = T("购物车里没有参加的商品。", "Nothing in the basket takes part.")
MORE_TO_SPEND = T("再买 {money} 元可用。", "Spend {money} more.")
MORE_PIECES = T("再买 {n} 件可用。", "Buy {n} more.")
NO_GIFT = T("赠品没有库存。", "The gift is out of stock.")
NOT_CHEAPER = T("现价不高于活动价。", "The price is no lower with it.")
UNSAID = T("", "")
SPENT = T("满 {spend} 减 {save}", "{save} off {spend}")
SPENT_EACH = T("每满 {spend} 减 {save}，共 {n} 次", "{save} off each {spend}, {n} times")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Savings by line key; `counted` are the lines that made it, with or without a saving."""

    savings: Mapping[str, int] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    text: T = UNSAID
    gift: tuple[str, int] | None = None
    missing: T | None = None

    @property
    def total_minor(self) -> int:
        return sum(self.savings.values())


Net = Mapping[str, int]  # what a line still costs, by key, minor units


def allocate(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share `total` out by weight, to the last minor unit (largest remainder, then by key)."""
    whole = sum(weights.values())
    shares = {key: total * weight // whole for key, weight in weights.items()}
    left = total - sum(shares.values())
    by_remainder = sorted(weights, key=lambda key: (-(total * weights[key] % whole), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def percent(benefit: Percent, lines: Sequence[BasketLine], net: Net, _: Basket) -> Outcome:
    savings = {one.key: half_up(net[one.key] * benefit.off_percent, 100) for one in lines}
    zh = f"{(100 - benefit.off_percent) / 10:g} 折"
    return _all_of(savings, T(zh, f"{benefit.off_percent}% off"))


def fixed_price(benefit: FixedPrice, lines: Sequence[BasketLine], net: Net, _: Basket) -> Outcome:
    savings = {}
    for one in lines:
        if one.item in benefit.price_minor:
            price = benefit.price_minor[one.item]
            savings[one.key] = net[one.key] - half_up(price * one.quantity_milli, PIECE_MILLI)
    cheaper = {key: saving for key, saving in savings.items() if saving > 0}
    if savings and not cheaper:
        return Outcome(missing=NOT_CHEAPER)
    return _all_of(cheaper, T("活动价", "Special price"))


def spend_save(benefit: SpendSave, lines: Sequence[BasketLine], net: Net, _: Basket) -> Outcome:
    weights = {one.key: net[one.key] for one in lines if net[one.key] > 0}
    spent = sum(weights.values())
    met = [step for step in benefit.steps if spent >= step[0]]
    if not met:
        first = min(benefit.steps)[0]
        return Outcome(missing=MORE_TO_SPEND.format(money=money(first - spent)))
    spend, save = max(met)
    times = spent // spend if benefit.repeats else 1
    text = SPENT_EACH if times > 1 else SPENT
    said = text.format(spend=money(spend), save=money(save), n=times)
    shares = allocate(min(save * times, spent), weights)
    return Outcome(shares, frozenset(weights), said)


def buy_get(benefit: BuyGet, lines: Sequence[BasketLine], net: Net, _: Basket) -> Outcome:
    """The dearest pieces make a group together, so that the cheapest of each group is the gift."""
    pieces = sorted(
        (
            (half_up(net[one.key] * PIECE_MILLI, one.quantity_milli), one.key)
            for one in lines
            for _ in range(one.pieces)
        ),
        key=lambda piece: (-piece[0], piece[1]),
    )
    size = benefit.buy + benefit.get
    times = len(pieces) // size
    if not times:
        return Outcome(missing=MORE_PIECES.format(n=size - len(pieces)))
    if benefit.most_times is not None:
        times = min(times, benefit.most_times)
    savings: dict[str, int] = {}
    for group in range(times):
        for value, key in pieces[group * size + benefit.buy : (group + 1) * size]:
            off = savings.get(key, 0) + half_up(value * benefit.off_percent, 100)
            savings[key] = min(off, net[key])
    counted = frozenset(key for _, key in pieces[: times * size])
    return Outcome(savings, counted, _bought(benefit))


def _bought(benefit: BuyGet) -> T:
    if benefit.off_percent == 100:
        zh, en = f"买 {benefit.buy} 送 {benefit.get}", f"Buy {benefit.buy}, get {benefit.get} free"
        return T(zh, en)
    size, off = benefit.buy + benefit.get, benefit.off_percent
    return T(f"第 {size} 件 {(100 - off) / 10:g} 折", f"Piece {size}: {off}% off")


def gift(benefit: Gift, lines: Sequence[BasketLine], net: Net, basket: Basket) -> Outcome:
    spent = sum(net[one.key] for one in lines)
    pieces = sum(one.pieces for one in lines)
    if spent < benefit.spend_minor:
        return Outcome(missing=MORE_TO_SPEND.format(money=money(benefit.spend_minor - spent)))
    if pieces < benefit.pieces:
        return Outcome(missing=MORE_PIECES.format(n=benefit.pieces - pieces))
    if basket.on_hand_milli.get(benefit.item, benefit.quantity_milli) < benefit.quantity_milli:
        return Outcome(missing=NO_GIFT)
    counted = frozenset(one.key for one in lines)
    handed = (benefit.item, benefit.quantity_milli)
    return Outcome(counted=counted, text=T("赠品", "Gift"), gift=handed)


def _all_of(savings: Mapping[str, int], text: T) -> Outcome:
    given = {key: saving for key, saving in savings.items() if saving > 0}
    if not given:
        return Outcome(missing=NOTHING_FITS)
    return Outcome(given, frozenset(given), text)


APPLY: dict[type, Callable[[Any, Sequence[BasketLine], Net, Basket], Outcome]] = {
    Percent: percent,
    FixedPrice: fixed_price,
    SpendSave: spend_save,
    BuyGet: buy_get,
    Gift: gift,
}
