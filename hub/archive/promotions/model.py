"""What the price engine is given and what it answers; values only, no database.

Money is minor units of one currency, quantities are thousandths of the unit that is sold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

from hub.errors import T
from hub.kit.rounding import half_up

PIECE_MILLI = 1000


@dataclass(frozen=True, slots=True)
class BasketLine:
    """`key` is unique within the basket; `categories` holds those above its own too."""

    key: str
    item: str
    quantity_milli: int
    price_minor: int
    categories: frozenset[str] = frozenset()

    @property
    def gross_minor(self) -> int:
        return half_up(self.price_minor * self.quantity_milli, PIECE_MILLI)

    @property
    def pieces(self) -> int:
        """Whole pieces; what is sold by weight counts none below a full unit."""
        return self.quantity_milli // PIECE_MILLI


@dataclass(frozen=True, slots=True)
class Basket:
    """`tier` is the member's, empty for a stranger; `on_hand_milli` says what gifts there are."""

    lines: tuple[BasketLine, ...]
    store: str = ""
    channel: str = "store"
    tier: str = ""
    coupons: frozenset[str] = frozenset()
    on_hand_milli: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goods:
    """Which lines a rule is about: nothing named means all, but for the excluded ones."""

    items: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def has(self, line: BasketLine) -> bool:
        if line.item in self.excluded or line.categories & self.excluded:
            return False
        is_all = not self.items and not self.categories
        return is_all or line.item in self.items or bool(line.categories & self.categories)


@dataclass(frozen=True, slots=True)
class Slot:
    """Hours of the week in the store's own time (0 = Monday); over midnight where end < start."""

    weekdays: frozenset[int] = frozenset(range(7))
    start: time = time.min
    end: time = time.max

    def has(self, local: datetime) -> bool:
        at = local.time()
        if self.start <= self.end:
            return local.weekday() in self.weekdays and self.start <= at < self.end
        if at >= self.start:
            return local.weekday() in self.weekdays
        return at < self.end and (local.weekday() - 1) % 7 in self.weekdays


@dataclass(frozen=True, slots=True)
class Percent:
    """打折: `off_percent` of each line's price."""

    off_percent: int


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """特价, 会员价: the price of a unit, by item."""

    price_minor: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SpendSave:
    """满减: steps of (spend, save); `repeats` gives the only step once for each time it is met."""

    steps: tuple[tuple[int, int], ...]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class BuyGet:
    """买 n 送 m, 第二件半价: of each `buy` + `get` pieces the cheapest `get` are so much off."""

    buy: int
    get: int = 1
    off_percent: int = 100
    most_times: int | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """赠品: so much of another item for whoever spends or buys enough."""

    item: str
    quantity_milli: int = PIECE_MILLI
    spend_minor: int = 0
    pieces: int = 0


Benefit = Percent | FixedPrice | SpendSave | BuyGet | Gift


@dataclass(frozen=True, slots=True)
class Rule:
    """A promotion. The higher `priority` goes first; of equals the one that saves more.

    One that does not stack takes its lines for itself, and takes no line that another has.
    """

    id: str
    name: T
    benefit: Benefit
    goods: Goods = Goods()
    start: datetime | None = None
    end: datetime | None = None
    slot: Slot = Slot()
    stores: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    tiers: frozenset[str] | None = None  # None: everybody; members of these tiers else
    coupon: str = ""
    priority: int = 0
    stacks: bool = False


@dataclass(frozen=True, slots=True)
class Saving:
    """What one rule takes off one line, to be stored with the sale."""

    rule: str
    text: T
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    line: BasketLine
    savings: tuple[Saving, ...]

    @property
    def net_minor(self) -> int:
        return self.line.gross_minor - sum(one.amount_minor for one in self.savings)


@dataclass(frozen=True, slots=True)
class GiftLine:
    rule: str
    text: T
    item: str
    quantity_milli: int


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Why a rule gave nothing: a sentence for the customer or for whoever tries it out."""

    rule: str
    why: T


@dataclass(frozen=True, slots=True)
class Priced:
    lines: tuple[PricedLine, ...]
    gifts: tuple[GiftLine, ...]
    not_applied: tuple[NotApplied, ...]

    @property
    def total_minor(self) -> int:
        return sum(one.net_minor for one in self.lines)
