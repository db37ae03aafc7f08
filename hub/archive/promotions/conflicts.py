"""Which promotions meet on the same goods at the same time, and which of them will win (MKT-04)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from hub.archive.promotions.model import Goods, Rule
from hub.errors import T


@dataclass(frozen=True, slots=True)
class Conflict:
    first: str
    second: str
    what: T


def conflicts(rules: Iterable[Rule]) -> list[Conflict]:
    """Pairs of rules of which not both can apply to one line, or whose order is left open."""
    found = []
    for one, other in combinations(sorted(rules, key=lambda rule: (-rule.priority, rule.id)), 2):
        if (one.stacks and other.stacks) or not _meet(one, other):
            continue
        if one.priority == other.priority:
            what = T(
                f"“{one.name.zh}”与“{other.name.zh}”不能叠加，优先级相同：取对顾客更优惠的一个。",
                f"“{one.name.en}” and “{other.name.en}” do not combine and have the same priority: "
                "the one that saves more applies.",
            )
        else:
            what = T(
                f"“{one.name.zh}”优先，“{other.name.zh}”在同一商品上不再适用。",
                f"“{one.name.en}” goes first; “{other.name.en}” does not apply to the same goods.",
            )
        found.append(Conflict(one.id, other.id, what))
    return found


def _meet(one: Rule, other: Rule) -> bool:
    return (
        _overlap_in_time(one, other)
        and _may_both(one.stores, other.stores)
        and _may_both(one.channels, other.channels)
        and _share_goods(one.goods, other.goods)
        and bool(one.slot.weekdays & other.slot.weekdays)
    )


def _overlap_in_time(one: Rule, other: Rule) -> bool:
    starts = [rule.start for rule in (one, other) if rule.start is not None]
    ends = [rule.end for rule in (one, other) if rule.end is not None]
    return not starts or not ends or max(starts) < min(ends)


def _may_both(one: frozenset[str], other: frozenset[str]) -> bool:
    """An empty set means everywhere."""
    return not one or not other or bool(one & other)


def _share_goods(one: Goods, other: Goods) -> bool:
    """Whether a line can be of both; categories and items of unlike kind may always meet."""
    named = (one.items | one.categories, other.items | other.categories)
    if not all(named):
        return True
    is_alike = bool(one.items) == bool(other.items) and bool(one.categories) == bool(
        other.categories
    )
    return bool(named[0] & named[1]) or not is_alike
