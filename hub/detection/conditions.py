"""Conditions that people write: `air_temperature_c > 8 ~ 1 and not defrost_active > 0.5`.

A leaf compares a metric with a number; after `~` stands its hysteresis: how far the value must come
back before the leaf is off. Leaves are joined by and, or, not (且, 或, 非) and brackets. Everything
is arrays of minutes, so that a rule is tried on months as it is watched now.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from hub.errors import T
from protocols.metrics import METRICS, Kind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_LEAVES = 12
MAX_DEPTH = 8
_TOKEN = re.compile(r"\s*(?:(\()|(\))|(>|<)|(~)|(-?\d+(?:\.\d+)?)|([a-z][a-z0-9_]*)|([且或非]))")
_WORDS = {"且": "and", "或": "or", "非": "not"}
_JOINS = ("and", "or", "not")


class ConditionError(Exception):
    """What is wrong with a condition, in both languages."""

    def __init__(self, says: T) -> None:
        super().__init__(says.en)
        self.says = says


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metric above (`is_above`) or below a limit."""

    metric: str
    is_above: bool
    limit: float
    hysteresis: float = 0.0


class Join(StrEnum):
    AND = "and"
    OR = "or"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Branch:
    """Conditions joined; NOT has one."""

    join: Join
    parts: "tuple[Condition, ...]"


Condition = Leaf | Branch


def parse(text: str) -> Condition:
    """The tree of a condition; ConditionError says what is wrong, and where."""
    reader = _Reader(list(_tokens(text)))
    found = reader.either(0)
    if reader.left:
        raise ConditionError(_at(reader.left[0]))
    if sum(1 for _ in leaves(found)) > MAX_LEAVES:
        many = T("最多 {n} 个比较。", "At most {n} comparisons.")
        raise ConditionError(many.format(n=MAX_LEAVES))
    return found


def problem(text: str) -> T | None:
    """What is wrong with a condition as typed, or None."""
    try:
        parse(text)
    except ConditionError as error:
        return error.says
    return None


def leaves(condition: Condition) -> Iterator[Leaf]:
    """All comparisons, in the order they are written."""
    if isinstance(condition, Leaf):
        yield condition
    else:
        for part in condition.parts:
            yield from leaves(part)


def holds(condition: Condition, values: Mapping[str, Floats]) -> Bools:
    """Where it holds, minute by minute; what is not known (NaN) is neither above nor below."""
    if isinstance(condition, Leaf):
        return _compare(condition, values[condition.metric])
    parts = [holds(part, values) for part in condition.parts]
    if condition.join is Join.NOT:
        known = np.ones(len(parts[0]), np.bool_)
        for leaf in leaves(condition):
            known &= ~np.isnan(values[leaf.metric])
        return ~parts[0] & known
    reduce = np.logical_and if condition.join is Join.AND else np.logical_or
    found: Bools = reduce.reduce(parts)
    return found


def _compare(leaf: Leaf, value: Floats) -> Bools:
    """On beyond the limit, off when it has come back by the hysteresis, else as before."""
    sign = 1.0 if leaf.is_above else -1.0
    over = sign * (value - leaf.limit)
    on, off = over > 0.0, ~(over > -leaf.hysteresis)
    says = np.where(on | off, np.arange(len(value)), -1)
    last = np.maximum.accumulate(says) if len(says) else says
    found: Bools = np.where(last >= 0, on[last], False)
    return found


@dataclass(frozen=True, slots=True)
class Spell:
    """Minutes [start, end) in which a rule would have alerted; `begun` is when the condition did.
    `end` is None while it goes on."""

    begun: int
    start: int
    end: int | None


def spells(on: Bools, hold: int, keep: int) -> list[Spell]:
    """An alert begins when the condition has held for `hold` minutes on end, and ends when it has
    been gone for `keep`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    found: list[Spell] = []
    for begun, gone in edges.reshape(-1, 2).tolist():
        start = begun + max(hold, 1) - 1
        is_last = gone == len(on)
        end = None if is_last or gone + keep > len(on) else gone + keep
        before = found[-1] if found else None
        if before is not None and (before.end is None or begun < before.end):
            found[-1] = Spell(before.begun, before.start, end)
        elif start < gone:
            found.append(Spell(begun, start, end))
    return found


class _Reader:
    """Recursive descent over the tokens that are left."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def either(self, depth: int) -> Condition:
        return self._joined(Join.OR, depth)

    def _joined(self, join: Join, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise ConditionError(T("括号太深。", "Brackets are nested too deeply."))
        inner = Join.AND if join is Join.OR else None
        parts = [self._joined(inner, depth) if inner else self._one(depth)]
        while self.left and self.left[0] == join:
            self.left.pop(0)
            parts.append(self._joined(inner, depth) if inner else self._one(depth))
        return parts[0] if len(parts) == 1 else Branch(join, tuple(parts))

    def _one(self, depth: int) -> Condition:
        token = self._next()
        if token == "not":  # noqa: S105 a word of the grammar
            if depth >= MAX_DEPTH:
                raise ConditionError(T("非太多。", "Too many nots."))
            return Branch(Join.NOT, (self._one(depth + 1),))
        if token == "(":  # noqa: S105
            found = self.either(depth + 1)
            if self._next() != ")":
                raise ConditionError(T("缺少右括号。", "A closing bracket is missing."))
            return found
        return self._leaf(token)

    def _leaf(self, metric: str) -> Leaf:
        known = METRICS.get(metric)
        if known is None or known.kind is Kind.DOCUMENT:
            raise ConditionError(
                T("没有“{name}”这个指标。", "No metric “{name}”.").format(name=metric)
            )
        sign = self._next()
        if sign not in (">", "<"):
            raise ConditionError(_at(sign))
        limit = self._number()
        hysteresis = 0.0
        if self.left and self.left[0] == "~":
            self.left.pop(0)
            hysteresis = abs(self._number())
        return Leaf(metric, sign == ">", limit, hysteresis)

    def _number(self) -> float:
        token = self._next()
        try:
            return float(token)
        except ValueError:
            raise ConditionError(_at(token)) from None

    def _next(self) -> str:
        if not self.left:
            raise ConditionError(T("条件没有写完。", "The condition is not finished."))
        return self.left.pop(0)


def _tokens(text: str) -> Iterator[str]:
    place = 0
    text = text.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ConditionError(_at(text[place : place + 12]))
        token = found.group().strip()
        yield _WORDS.get(token, token)
        place = found.end()


def _at(what: str) -> T:
    return T(
        "看不懂“{what}”。例：air_temperature_c > 8 ~ 1 且 非 defrost_active > 0.5",
        "“{what}” is not understood. Example: air_temperature_c > 8 ~ 1 and not door_open > 0.5",
    ).format(what=what)


def words(condition: Condition, is_chinese: bool) -> str:
    """The condition as people say it."""
    if isinstance(condition, Leaf):
        metric = METRICS[condition.metric]
        sign = ">" if condition.is_above else "<"
        name = metric.zh if is_chinese else metric.en
        if metric.kind is Kind.STATE and 0.0 < condition.limit < 1.0:
            said = ("{}", "未{}") if is_chinese else ("{}", "not {}")
            return said[0 if condition.is_above else 1].format(name)
        return f"{name} {sign} {condition.limit:g} {metric.unit}".rstrip()
    parts = [_bracketed(part, is_chinese) for part in condition.parts]
    if condition.join is Join.NOT:
        return ("不是 " if is_chinese else "not ") + parts[0]
    said = {Join.AND: ("，并且 ", " and "), Join.OR: ("，或者 ", " or ")}[condition.join]
    return said[0 if is_chinese else 1].join(parts)


def _bracketed(condition: Condition, is_chinese: bool) -> str:
    text = words(condition, is_chinese)
    return text if isinstance(condition, Leaf) else f"({text})"
