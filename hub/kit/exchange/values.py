"""A cell as people fill it, turned into the value that the record engine checks."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from hub.errors import InvalidError, T
from hub.kit.exchange.sheet import CUT, MAX_CELL
from hub.kit.records.access import readable
from hub.kit.records.declare import Field, shown, store_of, title_of
from hub.kit.records.kinds import Choice, Kind, Show, Spec
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

MINOR_UNITS = 100  # of every currency the pages know
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES = frozenset({"true", "yes", "y", "1", "是", "有", "对", "√", "✓"})
_NO = frozenset({"false", "no", "n", "0", "否", "无", "不", "×", "✗"})
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00)?)?"
)
_SHORT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_MONEY_SIGNS = "¥￥$€£元 "

_LONG = T("这一格超过 {n:,} 个字。", "This cell holds over {n:,} characters.")
_IS_FORMULA = T("这一格是公式，请填它的值。", "This cell is a formula; enter its value.")
_GARBLED = T("有无法识别的字符，请检查文件编码。", "Has unreadable characters; check the encoding.")
_NOT_CHOICE = T("没有“{word}”这一项；可填：{all}。", "“{word}” is none of: {all}.")
_NO_SUCH = T("找不到“{word}”（{what}）。", "There is no {what} “{word}”.")
_SEVERAL = T(
    "“{word}”（{what}）不止一条，请填编码。", "There are several {what} “{word}”; give the code."
)


class CellError(InvalidError):
    """What is wrong with one cell."""


@dataclass
class Names:
    """Records that cells name by code, name or id; looked up together for some rows."""

    session: ScopedSession
    found: dict[str, dict[str, list[Record]]] = field(default_factory=dict)

    def look_up(self, wanted: Iterable[tuple[Field, str]]) -> None:
        """One query a type for all that is not known yet. Holds what it finds in the session."""
        words: dict[str, set[str]] = {}
        for one, word in wanted:
            if word and word not in self.found.get(one.spec.target, {}):
                words.setdefault(one.spec.target, set()).add(word)
        for target, some in words.items():
            self._find(target, some)

    def _find(self, target: str, words: set[str]) -> None:
        model, known = model_of(target), self.found.setdefault(target, {})
        known |= {word: [] for word in words}
        keys = shown(model, Show.KEY) + shown(model, Show.TITLE)
        ways = [key.attribute.in_(words) for key in keys]
        ids = [made for word in words if (made := _uuid(word))]
        query = select(model).where(model.archived_at.is_(None), *readable(self.session, model))
        for record in self.session.scalars(query.where(or_(model.id.in_(ids), *ways))):
            names = {str(getattr(record, key.name)) for key in keys} | {str(record.id)}
            for name in names & words:
                known[name].append(record)

    def id_of(self, one: Field, word: str, store_id: UUID | None) -> UUID:
        """Of a type that belongs to stores, the one in this store."""
        what = model_of(one.spec.target).__record__.one
        found = self.found.get(one.spec.target, {}).get(word, [])
        if len(found) > 1 and store_id:
            found = [record for record in found if store_of(record) in (store_id, None)]
        if len(found) > 1:
            by_code = [r for r in found if title_of(r) != word]
            found = by_code if len(by_code) == 1 else found
        if len(found) == 1:
            return found[0].id
        raise CellError(_named(_SEVERAL if found else _NO_SUCH, word, what))


def value_of_cell(one: Field, cell: str) -> Any:
    """The value for `Change.values`; references stay words. CellError where it is none."""
    text = cell.strip().strip("\ufeff")
    if text.endswith(CUT):
        raise CellError(_LONG.format(n=MAX_CELL))
    if CUT in text:
        raise CellError(_GARBLED)
    if text.startswith("'") and text[1:2] in FORMULA:
        text = text[1:]  # as our own exports write it
    elif text.startswith("="):
        raise CellError(_IS_FORMULA)
    if read := _READ.get(one.spec.kind):
        return read(text)
    if one.spec.kind in (Kind.WHOLE, Kind.NUMBER):
        return _number(one.spec, text)
    return _choice(one.spec, text) if one.spec.kind is Kind.CHOICE else text


def _number(spec: Spec, text: str) -> str:
    """`１,２３４.5 kg` → `1234.5`."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    for unit in (spec.unit.zh, spec.unit.en):
        plain = plain.removesuffix(unit).strip() if unit else plain
    if spec.python is int and _NUMBER.fullmatch(plain):
        whole = Decimal(plain)
        if abs(whole) < 1e18 and whole == whole.to_integral_value():
            return str(int(whole))
    return plain


def _thousandths(text: str) -> str:
    """`1.5` → 1500."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    try:
        return str(int((Decimal(plain) * 1000).quantize(Decimal(1)))) if plain else ""
    except (InvalidOperation, ValueError, OverflowError):
        return plain


def _money(text: str) -> str:
    """`¥1,280.00` → minor units."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip(_MONEY_SIGNS)
    if not plain:
        return ""
    try:
        minor = Decimal(plain) * MINOR_UNITS
        return str(int(minor.quantize(Decimal(1))))
    except (InvalidOperation, ValueError, OverflowError):
        return plain


def _day(text: str) -> str:
    """`2026年1月31日`, `2026/1/31` and `20260131` → `2026-01-31`."""
    plain = unicodedata.normalize("NFKC", text)
    found = _DAY.fullmatch(plain) or _SHORT_DAY.fullmatch(plain)
    if not found:
        return plain
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return plain


def _clock(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return f"0{plain}" if plain[1:2] == ":" else plain


def _yes_no(text: str) -> str:
    word = unicodedata.normalize("NFKC", text).casefold()
    return "true" if word in _YES else "false" if word in _NO else text


def _choice(spec: Spec, text: str) -> str:
    if not text or spec.choices is None:
        return ""
    word = text.casefold()
    known = _words(spec.choices)
    if word in known:
        return known[word]
    labels = [one.label for one in spec.choices]
    raise CellError(
        T(
            _NOT_CHOICE.zh.format(word=text[:40], all="、".join(label.zh for label in labels)),
            _NOT_CHOICE.en.format(word=text[:40], all=", ".join(label.en for label in labels)),
        )
    )


@cache
def _words(choices: type[Choice]) -> Mapping[str, str]:
    """Every way to write a choice."""
    found = {}
    for one in choices:
        for word in (one.value, one.label.zh, one.label.en):
            found[word.casefold()] = one.value
    return found


_READ: Mapping[Kind, Callable[[str], str]] = {
    Kind.MONEY: _money,
    Kind.MILLI: _thousandths,
    Kind.DAY: _day,
    Kind.CLOCK: _clock,
    Kind.YES_NO: _yes_no,
}


def _named(text: T, word: str, what: T) -> T:
    return T(
        text.zh.format(word=word[:40], what=what.zh),
        text.en.format(word=word[:40], what=what.en.lower()),
    )


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word) if len(word) in (32, 36) else None
    except ValueError:
        return None
