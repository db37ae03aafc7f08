"""From a visitor who buys to a ticket: basket, discounts, tenders; rarely a return or a void."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from protocols.pos.assortment import PRODUCTS, Product
from protocols.pos.ticket import Line, Tax, Tender, TenderKind, Ticket, TicketKind

_TENDERS = (TenderKind.WECHAT, TenderKind.ALIPAY, TenderKind.CASH, TenderKind.CARD)
_TENDER_WEIGHTS = (0.56, 0.30, 0.09, 0.05)
_RETURN_SHARE = 0.006
_VOID_SHARE = 0.004
_SPLIT_SHARE = 0.015
_MEMBER_SHARE = 0.34
_PROMOTION_SHARE = 0.07
_CENT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Basket:
    """Articles with quantities, decided when the visitor enters."""

    items: tuple[tuple[Product, Decimal], ...]

    def cabinets(self) -> set[str]:
        return {product.cabinet for product, _ in self.items if product.cabinet}


class Shopper:
    """Fills baskets; an hour's weights are worked out once."""

    def __init__(self) -> None:
        self._weights = {
            hour: [product.weight * product.want.at(hour) for product in PRODUCTS]
            for hour in range(24)
        }

    def basket(self, hour: int, rng: random.Random) -> Basket:
        wanted = 1
        while wanted < 9 and rng.random() < 0.5:
            wanted += 1
        picked = dict.fromkeys(rng.choices(PRODUCTS, self._weights[hour], k=wanted))
        return Basket(tuple((product, _quantity(product, rng)) for product in picked))


class Till:
    """Rings up baskets in order of time; numbers begin anew each business day."""

    def __init__(self, device: str, zone: ZoneInfo, rng: random.Random) -> None:
        self.device = device
        self._zone = zone
        self._rng = rng
        self._day: date | None = None
        self._number = 0
        self._last_sale: Ticket | None = None

    def ring_up(self, basket: Basket, at_s: float) -> list[Ticket]:
        """The ticket of `basket`; now and then a return or a void beside it."""
        at = datetime.fromtimestamp(int(at_s), UTC)
        local = at.astimezone(self._zone)
        if local.date() != self._day:
            self._day, self._number, self._last_sale = local.date(), 0, None
        rng = self._rng
        tickets = [self._sale(basket, at, local)]
        if self._last_sale and rng.random() < _RETURN_SHARE:
            tickets.append(self._taken_back(self._last_sale, TicketKind.RETURN, at, local))
        elif rng.random() < _VOID_SHARE:
            tickets.append(self._taken_back(tickets[0], TicketKind.VOID, at, local))
        self._last_sale = tickets[0] if len(tickets) == 1 else None
        return tickets

    def _sale(self, basket: Basket, at: datetime, local: datetime) -> Ticket:
        rng = self._rng
        lines = tuple(_line(product, quantity, rng) for product, quantity in basket.items)
        total = sum(line.amount_cents for line in lines)
        tenders, change = _pay(total, rng)
        return Ticket(
            till=self.device,
            business_day=local.date(),
            number=self._next_number(),
            kind=TicketKind.SALE,
            at=at,
            currency="CNY",
            lines=lines,
            tenders=tenders,
            taxes=_taxes(basket, lines),
            change_cents=change,
            total_cents=total,
            member=f"M{rng.randrange(10_000, 14_000)}" if rng.random() < _MEMBER_SHARE else None,
            cashier=_cashier(local),
        )

    def _taken_back(self, sale: Ticket, kind: TicketKind, at: datetime, local: datetime) -> Ticket:
        return Ticket(
            till=self.device,
            business_day=local.date(),
            number=self._next_number(),
            kind=kind,
            at=at,
            currency=sale.currency,
            lines=tuple(_negative(line) for line in sale.lines),
            tenders=(Tender(kind=sale.tenders[0].kind, amount_cents=-sale.total_cents),),
            taxes=tuple(
                Tax(rate_percent=tax.rate_percent, amount_cents=-tax.amount_cents)
                for tax in sale.taxes
            ),
            total_cents=-sale.total_cents,
            member=sale.member,
            cashier=_cashier(local),
            original_day=sale.business_day,
            original_number=sale.number,
        )

    def _next_number(self) -> str:
        self._number += 1
        return f"{self._number:04d}"


def _quantity(product: Product, rng: random.Random) -> Decimal:
    if product.is_weighed:
        return Decimal(rng.randrange(180, 1400)) / 1000
    return Decimal(rng.choices((1, 2, 3, 6), (0.86, 0.105, 0.025, 0.01))[0])


def _line(product: Product, quantity: Decimal, rng: random.Random) -> Line:
    gross = _round(quantity * product.price_cents)
    discount = 0
    if not product.is_weighed and rng.random() < _PROMOTION_SHARE:
        discount = gross // 10 // 10 * 10
    return Line(
        name=product.name,
        code=product.code,
        quantity=quantity,
        price_cents=product.price_cents,
        discount_cents=discount,
        amount_cents=gross - discount,
    )


def _negative(line: Line) -> Line:
    return Line(
        name=line.name,
        code=line.code,
        quantity=-line.quantity,
        price_cents=line.price_cents,
        discount_cents=-line.discount_cents,
        amount_cents=-line.amount_cents,
    )


def _pay(total: int, rng: random.Random) -> tuple[tuple[Tender, ...], int]:
    """Tenders as handed over, and the change."""
    kind = rng.choices(_TENDERS, _TENDER_WEIGHTS)[0]
    if kind is TenderKind.CASH:
        handed = next(note for note in (1000, 2000, 5000, 10_000, 20_000, 100_000) if note >= total)
        if rng.random() < 0.3:
            handed = total
        return (Tender(kind=kind, amount_cents=handed),), handed - total
    if total > 1500 and rng.random() < _SPLIT_SHARE:
        voucher = 500
        parts = (TenderKind.VOUCHER, voucher), (kind, total - voucher)
        return tuple(Tender(kind=part, amount_cents=cents) for part, cents in parts), 0
    return (Tender(kind=kind, amount_cents=total),), 0


def _taxes(basket: Basket, lines: tuple[Line, ...]) -> tuple[Tax, ...]:
    amounts: dict[Decimal, int] = defaultdict(int)
    for (product, _), line in zip(basket.items, lines, strict=True):
        amounts[product.tax_percent] += line.amount_cents
    return tuple(
        Tax(rate_percent=rate, amount_cents=_round(cents * rate / (100 + rate)))
        for rate, cents in sorted(amounts.items())
    )


def _cashier(local: datetime) -> str:
    """Two shifts a day; the crew changes at weekends."""
    shift = 1 if local.hour < 15 else 2
    return f"{shift + (2 if local.weekday() >= 5 else 0):03d}"


def _round(cents: Decimal) -> int:
    return int(cents.quantize(_CENT, ROUND_HALF_UP))
