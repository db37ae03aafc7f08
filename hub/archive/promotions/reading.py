"""Promotions on file as the price engine takes them, and when they run for whoever counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hub.archive.prices.records import PriceChannel
from hub.archive.promotions.model import (
    Benefit,
    BuyGet,
    FixedPrice,
    Gift,
    Goods,
    Percent,
    Rule,
    Slot,
    SpendSave,
)
from hub.archive.promotions.records import Promotion, PromotionKind, PromotionStatus
from hub.archive.stores.records import Store
from hub.kit.db import Database, Scope, ScopedSession

ANY_MEMBER = "member"
"""What a basket's `tier` is for a member without a tier."""


def rules_of(
    session: ScopedSession, zone: ZoneInfo, *, also: Sequence[UUID] = ()
) -> list[tuple[Promotion, Rule]]:
    """What runs, and the drafts that are to be tried with it; times are those of the zone."""
    wanted = select(Promotion).where(
        Promotion.archived_at.is_(None),
        (Promotion.status == PromotionStatus.RUNNING) | Promotion.id.in_(also),
    )
    found = session.scalars(wanted.order_by(Promotion.code)).all()
    return [(one, rule_of(one, zone)) for one in found]


def rule_of(one: Promotion, zone: ZoneInfo) -> Rule:
    """A promotion as a rule of the engine; goods are known to it by product and category."""
    starts, ends = one.starts_on, one.ends_on
    tiers = None
    if one.is_for_members or one.tiers:
        tiers = _Members() if not one.tiers else frozenset(str(tier) for tier in one.tiers)
    return Rule(
        id=str(one.id),
        name=one.title,
        benefit=_benefit(one),
        goods=_goods(one),
        start=datetime.combine(starts, time.min, zone) if starts else None,
        end=datetime.combine(ends + timedelta(days=1), time.min, zone) if ends else None,
        slot=_slot(one),
        stores=frozenset(str(store) for store in one.stores or ()),
        channels=frozenset() if one.channel is PriceChannel.ALL else frozenset({one.channel.value}),
        tiers=tiers,
        coupon=one.coupon or "",
        priority=one.priority,
        stacks=one.stacks,
    )


class _Members(frozenset[str]):
    """Every tier there is: whoever has one is a member."""

    def __contains__(self, tier: object) -> bool:
        return bool(tier)


def _slot(one: Promotion) -> Slot:
    week = frozenset(int(digit) - 1 for digit in one.weekdays or "1234567")
    return Slot(week, one.from_time or time.min, one.until_time or time.max)


def _goods(one: Promotion) -> Goods:
    takes = [line for line in one.goods if not line.is_excluded]
    return Goods(
        items=frozenset(str(line.product_id) for line in takes if line.product_id),
        categories=frozenset(str(line.category_id) for line in takes if line.category_id),
        excluded=frozenset(
            str(line.product_id or line.category_id) for line in one.goods if line.is_excluded
        ),
    )


def _benefit(one: Promotion) -> Benefit:
    match one.kind:
        case PromotionKind.PERCENT:
            return Percent(one.off_percent or 0)
        case PromotionKind.FIXED:
            priced = {str(x.product_id): x.price_minor for x in one.goods if x.product_id}
            return FixedPrice({key: price for key, price in priced.items() if price is not None})
        case PromotionKind.SPEND:
            return SpendSave(((one.spend_minor or 0, one.save_minor or 0),), one.repeats)
        case PromotionKind.BUY_GET:
            off = one.off_percent or 100
            return BuyGet(one.buy or 0, one.get or 1, off, one.most_times)
        case PromotionKind.GIFT:
            return Gift(str(one.gift_id), spend_minor=one.spend_minor or 0, pieces=one.buy or 0)


@dataclass(frozen=True, slots=True)
class Run:
    """A promotion from one instant to another; how many times the usual visitors it may bring."""

    start: datetime
    end: datetime
    factor: float | None


def promotions_of(
    db: Database, chain_id: UUID, store_id: UUID, start: datetime, end: datetime
) -> list[Run]:
    """When published promotions ran, or will run, in a store between two instants, in order."""
    runs: list[Run] = []
    with db.read(Scope(chain_id, frozenset({store_id}))) as session:
        store = session.get(Store, store_id)
        if store is None:
            return []
        wanted = select(Promotion).where(
            Promotion.archived_at.is_(None), Promotion.status != PromotionStatus.DRAFT
        )
        zone = ZoneInfo(store.zone)
        for one in session.scalars(wanted):
            if not one.stores or store_id in one.stores:
                runs += _runs(one, zone, start, end)
    return sorted(runs, key=lambda run: (run.start, run.end))


def _runs(one: Promotion, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Run]:
    """Its hours of each day it is on, cut to the span; one that was ended early, until then."""
    slot, rule = _slot(one), rule_of(one, zone)
    ended = one.updated_at if one.status is PromotionStatus.ENDED else end
    first = max(start, rule.start) if rule.start else start
    last = min(end, ended, rule.end) if rule.end else min(end, ended)
    day = first.astimezone(zone).date() - timedelta(days=1)
    open_run: Run | None = None
    while day <= last.astimezone(zone).date():
        if day.weekday() in slot.weekdays:
            begins = datetime.combine(day, slot.start, zone)
            over = day + timedelta(days=1)
            stops = datetime.combine(over, time.min, zone)
            if slot.end != time.max:
                stops = datetime.combine(day if slot.start <= slot.end else over, slot.end, zone)
            run = Run(max(begins, first), min(stops, last), one.expected_factor)
            if open_run and open_run.end == run.start:
                open_run = Run(open_run.start, run.end, run.factor)
            elif run.start < run.end:
                if open_run:
                    yield open_run
                open_run = run
        day += timedelta(days=1)
    if open_run:
        yield open_run
