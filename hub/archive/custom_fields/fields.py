"""From the definitions of a chain to fields as the engine knows them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.archive.custom_fields.records import CustomField, FieldKind, is_required, named
from hub.archive.equipment.records import EquipmentType
from hub.archive.products.records import ProductCategory
from hub.archive.stores.records import BusinessType, Store
from hub.errors import T
from hub.kit.db import Record, ScopedSession, StoreScoped
from hub.kit.records.custom import custom_field
from hub.kit.records.declare import Field
from hub.kit.records.kinds import MONEY_MAX, Choice, Kind, Show, Spec, choices_of
from hub.kit.records.sealed import hidden

TEXT_MAX, LONG_MAX = 200, 4000
Where = tuple[tuple[str, frozenset[str]], ...]
_KINDS: Mapping[FieldKind, tuple[Kind, Any]] = {
    FieldKind.TEXT: (Kind.TEXT, str),
    FieldKind.LONG_TEXT: (Kind.LONG_TEXT, str),
    FieldKind.WHOLE: (Kind.WHOLE, int),
    FieldKind.DECIMAL: (Kind.MILLI, int),
    FieldKind.MONEY: (Kind.MONEY, int),
    FieldKind.YES_NO: (Kind.YES_NO, bool),
}


class Definitions:
    """The port `custom`: reads the definitions of the session's chain."""

    def fields(self, session: ScopedSession, model: type[Record]) -> Mapping[str, Field]:
        found: dict[str, Field] = {}
        for row in self._rows(session).get(model.__tablename__, ()):
            where = _where(session, model, row)
            if where is not None:
                made = _field(model, row, where)
                found[made.name] = made
        return found

    def _rows(self, session: ScopedSession) -> Mapping[str, Sequence[CustomField]]:
        """Every definition by its record type; one query a session."""
        known: dict[str, list[CustomField]] | None = session.info.get("definitions")
        if known is None:
            known = {}
            query = select(CustomField).where(CustomField.archived_at.is_(None))
            for row in session.scalars(query.order_by(CustomField.position, CustomField.id)):
                known.setdefault(str(row.of_type), []).append(row)
            session.info["definitions"] = known
        return known


def _field(model: type[Record], row: CustomField, where: Where) -> Field:
    return custom_field(model, row.code, _spec(row), is_required=is_required(row), where=where)


def _spec(row: CustomField) -> Spec:
    show = Show.FILTER if row.in_list else Show.NOTHING
    show |= Show.LIST if row.in_list else Show.NOTHING
    show |= Show.PERSONAL if row.is_personal else Show.NOTHING
    words = (T(row.label_zh, row.label_en or row.label_zh), T(row.hint or "", _hint_en(row)))
    label, hint = words
    unit = T(row.unit or "", row.unit or "")
    if row.kind is FieldKind.CHOICE:
        choices = _choices(tuple(row.choices or ()), tuple(row.choices_en or ()))
        return Spec(label, Kind.CHOICE, show, choices, choices=choices, hint=hint)
    if row.kind is FieldKind.REFERENCE and row.target:
        return Spec(label, Kind.REFERENCE, show, UUID, target=str(row.target), hint=hint)
    if row.kind is FieldKind.DAY:
        return Spec(label, Kind.DAY, show, date, hint=hint)
    kind, python = _KINDS[row.kind]
    if python is str:
        most = TEXT_MAX if kind is Kind.TEXT else LONG_MAX
        return Spec(
            label, kind, show | Show.SEARCH, str, max=most, hint=hint, unit=unit, mask=hidden
        )
    digits = 3 if kind is Kind.MILLI else 0
    low, high = (None, None) if python is bool else (-MONEY_MAX, MONEY_MAX)
    return Spec(label, kind, show, python, unit, low, high, digits, hint=hint)


def _hint_en(row: CustomField) -> str:
    return row.hint_en or row.hint or ""


@lru_cache(maxsize=1024)
def _choices(zh: tuple[str, ...], en: tuple[str, ...]) -> type[Choice]:
    """What is stored is the Chinese word; the same words are the same class, which caches hold."""
    english = en or zh
    members = {f"C{n}": (word, word, english[n]) for n, word in enumerate(zh)}
    return choices_of("CustomChoice", members)


def _where(session: ScopedSession, model: type[Record], row: CustomField) -> Where | None:
    """What other fields of a record must be for it to have this one; None: none has it here."""
    found: list[tuple[str, frozenset[str]]] = []
    if row.category_ids:
        found.append(("category_id", _with_inner(session, row.category_ids)))
    if row.equipment_types:
        found.append(("type", _values(EquipmentType, row.equipment_types)))
    if row.business_types:
        trades = _values(BusinessType, row.business_types)
        if model is Store:
            found.append(("business_type", trades))
        elif stores := _stores(session, trades):
            found += [("store_id", stores)] if issubclass(model, StoreScoped) else []
        else:
            return None
    return tuple(found)


def _values(known: type[Choice], words: Iterable[str]) -> frozenset[str]:
    return frozenset(one.value for word in words if (one := named(known, word)))


def _stores(session: ScopedSession, trades: frozenset[str]) -> frozenset[str]:
    """Stores of these trades, as far as the asker's scope reaches."""
    query = select(Store.id).where(Store.business_type.in_(trades), Store.archived_at.is_(None))
    return frozenset(str(one) for one in session.scalars(query))


def _with_inner(session: ScopedSession, chosen: Sequence[UUID]) -> frozenset[str]:
    """Categories and all within them."""
    inner: dict[UUID | None, list[UUID]] = {}
    for one, parent in session.execute(select(ProductCategory.id, ProductCategory.parent_id)):
        inner.setdefault(parent, []).append(one)
    found, waiting = set(), list(chosen)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += inner.get(one, [])
    return frozenset(str(one) for one in found)
