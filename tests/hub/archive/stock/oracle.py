"""What the ledger must say, in the plainest words: a list of what happened, read from the start.

It knows no batches, no tables and no rounding but the one rule for the cost of an issue.
"""

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction


@dataclass
class Entry:
    at: datetime
    quantity: int  # thousandths
    value: int  # minor units


@dataclass
class Item:
    entries: list[Entry] = field(default_factory=list)
    counted_at: datetime | None = None
    reserved: int = 0

    @property
    def quantity(self) -> int:
        return sum(one.quantity for one in self.entries)

    @property
    def value(self) -> int:
        return sum(one.value for one in self.entries)

    def receive(self, at: datetime, quantity: int, value: int) -> None:
        self.entries.append(Entry(at, quantity, value))

    def sell(self, at: datetime, quantity: int, unit_cost: int) -> None:
        """Negative for what comes back. Known too late of what a count has seen: no effect now."""
        cost = self.cost_of(abs(quantity), unit_cost)
        value = cost if quantity < 0 else -cost
        self.entries.append(Entry(at, -quantity, value))
        if self.counted_at and at < self.counted_at:
            self.entries.append(Entry(self.counted_at, quantity, -value))

    def count(self, at: datetime, found: int, unit_cost: int) -> int:
        """What the ledger lacks or has too much; the count is the truth from now on."""
        difference = found - self.quantity
        if difference:
            cost = self.cost_of(abs(difference), unit_cost)
            self.entries.append(Entry(at, difference, cost if difference > 0 else -cost))
        self.counted_at = max(self.counted_at or at, at)
        return difference

    def cost_of(self, quantity: int, unit_cost: int) -> int:
        has = max(0, self.quantity)
        inside = min(quantity, has)
        beyond = rounded(Fraction(unit_cost * (quantity - inside), 1000))
        if not inside:
            return beyond
        whole = self.value if inside == has else rounded(Fraction(self.value * inside, has))
        return whole + beyond

    def at(self, when: datetime) -> int:
        return sum(one.quantity for one in self.entries if one.at <= when)


def rounded(value: Fraction) -> int:
    """A half goes away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole
