"""`price(basket, rules, at)`: which promotions a basket gets, line by line, with the reason.

The same for a till's explanation, the hub's own sales, the web shop and the try-out before a
promotion goes live (SAL-17, MKT-04, MKT-05). A line that leaves the basket takes its savings along:
everything is worked out anew from what is there.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hub.archive.promotions.benefits import APPLY, NOTHING_FITS, Outcome
from hub.archive.promotions.model import (
    Basket,
    BasketLine,
    GiftLine,
    NotApplied,
    Priced,
    PricedLine,
    Rule,
    Saving,
)
from hub.errors import T

TOO_EARLY = T("活动还没有开始。", "It has not begun yet.")
OVER = T("活动已经结束。", "It is over.")
OTHER_HOURS = T("不在活动时段内。", "Not at this hour.")
OTHER_STORE = T("本店不参加。", "Not in this store.")
OTHER_CHANNEL = T("这个渠道不参加。", "Not in this channel.")
MEMBERS_ONLY = T("只限会员。", "For members only.")
NO_COUPON = T("需要优惠券。", "It needs a coupon.")
TAKEN = T("商品已享受其他不可叠加的优惠。", "Its goods have another offer that does not combine.")


def price(basket: Basket, rules: Iterable[Rule], at: datetime) -> Priced:
    """Every saving by line; `at` is the store's own time (aware)."""
    counter = _Counter(basket)
    fitting: list[tuple[Rule, int]] = []
    for rule in rules:
        why = refusal(rule, basket, at)
        if why is None:
            fitting.append((rule, counter.try_out(rule).total_minor))
        else:
            counter.refuse(rule, why)
    fitting.sort(key=lambda one: (-one[0].priority, -one[1], one[0].id))
    for rule, _ in fitting:
        counter.apply(rule)
    return counter.priced()


def refusal(rule: Rule, basket: Basket, at: datetime) -> T | None:
    """Why a rule is not for this customer, place or time; None when it is."""
    others = rule.tiers is not None and basket.tier not in rule.tiers
    checks = (
        (rule.start is not None and at < rule.start, TOO_EARLY),
        (rule.end is not None and at >= rule.end, OVER),
        (not rule.slot.has(at), OTHER_HOURS),
        (bool(rule.stores) and basket.store not in rule.stores, OTHER_STORE),
        (bool(rule.channels) and basket.channel not in rule.channels, OTHER_CHANNEL),
        (others, MEMBERS_ONLY),
        (bool(rule.coupon) and rule.coupon not in basket.coupons, NO_COUPON),
    )
    return next((why for is_so, why in checks if is_so), None)


class _Counter:
    """One basket while rule after rule is applied to it."""

    def __init__(self, basket: Basket) -> None:
        self._basket = basket
        self._net = {one.key: one.gross_minor for one in basket.lines}
        self._savings: dict[str, list[Saving]] = {one.key: [] for one in basket.lines}
        self._taken: set[str] = set()  # by rules that do not stack
        self._touched: set[str] = set()
        self._gifts: list[GiftLine] = []
        self._refused: list[NotApplied] = []

    def refuse(self, rule: Rule, why: T) -> None:
        self._refused.append(NotApplied(rule.id, why))

    def try_out(self, rule: Rule) -> Outcome:
        """What the rule would give now."""
        lines = self._lines_for(rule)
        if not lines:
            return Outcome(missing=self._why_none(rule))
        return APPLY[type(rule.benefit)](rule.benefit, lines, self._net, self._basket)

    def apply(self, rule: Rule) -> None:
        outcome = self.try_out(rule)
        if outcome.missing is not None:
            self.refuse(rule, outcome.missing)
            return
        text = T(f"{rule.name.zh}：{outcome.text.zh}", f"{rule.name.en}: {outcome.text.en}")
        for key, amount in outcome.savings.items():
            if amount:
                self._net[key] -= amount
                self._savings[key].append(Saving(rule.id, text, amount))
        if outcome.gift:
            self._gifts.append(GiftLine(rule.id, text, *outcome.gift))
        self._touched |= outcome.counted
        if not rule.stacks:
            self._taken |= outcome.counted

    def priced(self) -> Priced:
        lines = tuple(PricedLine(one, tuple(self._savings[one.key])) for one in self._basket.lines)
        return Priced(lines, tuple(self._gifts), tuple(self._refused))

    def _lines_for(self, rule: Rule) -> Sequence[BasketLine]:
        closed = self._taken if rule.stacks else self._touched
        return [one for one in self._basket.lines if rule.goods.has(one) and one.key not in closed]

    def _why_none(self, rule: Rule) -> T:
        has_goods = any(rule.goods.has(one) for one in self._basket.lines)
        return TAKEN if has_goods else NOTHING_FITS
