"""Lists of records: the words of a query string, and the SQL they become.

`?q=&sort=-f&size=&cursor=&archived=true&filter[f]=a,b&filter[f][gte|lte|gt|lt|has|not|empty]=…`;
pages follow each other by the last row's sort value and id, so page 2,000 costs what page 1 does.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import ge, gt, le, lt
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import Field as Rule
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, lazyload
from sqlalchemy.sql.base import ExecutableOption

from hub.errors import InvalidError, T
from hub.kit.records.access import readable
from hub.kit.records.custom import fields_in, held
from hub.kit.records.declare import Field, fields_of
from hub.kit.records.kinds import Kind
from hub.kit.records.labels import kept
from hub.kit.records.owning import is_limited
from hub.kit.records.schemas import SOME_WRONG, value_type
from hub.kit.records.search import Searchable
from hub.kit.records.sentences import sentence
from hub.kit.records.sight import demand_sight
from hub.kit.records.words import Found, searched, words_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

M = TypeVar("M", bound=Record)

DEFAULT_SIZE, MAX_SIZE = 50, 200
COUNTED = 10_000  # rows are counted up to here; a bigger number helps nobody
MAX_Q, MAX_VALUES = 100, 50
_FILTER = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?")
_NO_FIELD = T("没有这个字段。", "There is no such field.")
_NO_SORT = T("不能按这个字段排序。", "The list cannot be sorted by this.")
_NO_OPERATOR = T("不能这样筛选。", "This cannot be filtered so.")
_LONG = T("太长了。", "This is too long.")
_CURSOR = T("页码已失效，请回到第一页。", "This page is no longer there; go back to the first.")


class Operator(StrEnum):
    """How a filter compares. IN is `filter[f]=a,b`; NOT takes `a,b` too, EMPTY true or false."""

    IN = "in"
    GTE = "gte"
    LTE = "lte"
    GT = "gt"
    LT = "lt"
    HAS = "has"
    NOT = "not"
    EMPTY = "empty"


_COMPARE: dict[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.GTE: ge,
    Operator.LTE: le,
    Operator.GT: gt,
    Operator.LT: lt,
}
_RANGE = tuple(_COMPARE)
_RANGED = (Kind.WHOLE, Kind.NUMBER, Kind.MONEY, Kind.MILLI, Kind.DAY, Kind.INSTANT, Kind.CLOCK)
_WORDS = (Kind.TEXT, Kind.LONG_TEXT, Kind.PHONE, Kind.EMAIL)
_LISTED = (Kind.CHOICE, Kind.REFERENCE, Kind.YES_NO)
_LISTS = (Kind.LABELS, Kind.REFERENCES)
_STAMPS = ("created_at", "updated_at")
_UNSORTED = (Kind.REFERENCE, Kind.LONG_TEXT, Kind.LINES, Kind.SECRET, *_LISTS)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; more of one field are joined by AND, its values by OR."""

    field: str
    operator: Operator
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for, checked."""

    filters: tuple[Filter, ...] = ()
    q: str = ""
    sort: str = ""  # a field, or -field
    size: int = DEFAULT_SIZE
    cursor: str = ""
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Rows(Generic[M]):
    """One page of records, and the cursor of the next."""

    items: Sequence[M]
    next: str | None


def parse(
    model: type[Record],
    params: Sequence[tuple[str, str]],
    fields: Mapping[str, Field] | None = None,
) -> Query:
    """A query from the pairs of a query string; InvalidError names every pair that is wrong.

    `fields` are those of `fields_in`, where the chain may have added some.
    """
    known = fields or fields_of(model)
    query, wrong = Query(sort=model.__record__.order), dict[str, T]()
    for name, value in params:
        try:
            query = _with(known, query, name, value)
        except InvalidError as error:
            wrong[name] = error.text
    if wrong:
        raise InvalidError(SOME_WRONG, wrong)
    return query


def _with(fields: Mapping[str, Field], query: Query, name: str, value: str) -> Query:
    if matched := _FILTER.fullmatch(name):
        found = _filter(fields, matched[1], matched[2], value)
        return replace(query, filters=(*query.filters, *found))
    match name:
        case "q" if len(value) > MAX_Q:
            raise InvalidError(_LONG)
        case "q":
            return replace(query, q=unicodedata.normalize("NFKC", value).strip())
        case "sort":
            _order(fields, value)
            return replace(query, sort=value)
        case "size":
            return replace(query, size=_as(_SIZE, value))
        case "archived":
            return replace(query, is_archived=_as(_BOOL, value))
        case "cursor":
            return replace(query, cursor=value)
        case _:
            raise InvalidError(_NO_FIELD)


def _filter(
    fields: Mapping[str, Field], name: str, operator: str | None, value: str
) -> list[Filter]:
    field = fields.get(name)
    if field is None or not is_filterable(field):
        raise InvalidError(_NO_FIELD)
    if not value.strip():
        return []  # an input left empty in a form filters nothing
    if operator is not None and operator not in operators(field):
        raise InvalidError(_NO_OPERATOR)
    how = Operator(operator or Operator.IN)
    return [Filter(name, how, _compared(field, how, value))]


def _compared(field: Field, operator: Operator, value: str) -> tuple[Any, ...]:
    """What a filter compares with, in its Python type."""
    match operator:
        case Operator.IN | Operator.NOT:
            return tuple(_as(_adapter(field), part) for part in value.split(",")[:MAX_VALUES])
        case Operator.HAS:
            return (value[:MAX_Q],)
        case Operator.EMPTY:
            return (_as(_BOOL, value),)
        case _:
            return (_as(_adapter(field), value),)


def operators(field: Field) -> tuple[Operator, ...]:
    """How a field can be filtered besides by equality."""
    found: tuple[Operator, ...] = ()
    if field.spec.kind in _WORDS:
        found = (Operator.HAS,)
    elif field.spec.kind in _RANGED:
        found = _RANGE
    elif field.spec.kind in _LISTED:
        found = (Operator.NOT,)
    return (*found, Operator.EMPTY) if field.is_nullable else found


_SIZE: TypeAdapter[int] = TypeAdapter(Annotated[int, Rule(ge=1, le=MAX_SIZE)])
_BOOL: TypeAdapter[bool] = TypeAdapter(bool)


@cache
def _type_adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _adapter(field: Field) -> TypeAdapter[Any]:
    if field.spec.kind in _WORDS or field.spec.kind is Kind.LABELS:
        return _type_adapter(str)
    if field.spec.kind is Kind.REFERENCES:
        return _type_adapter(UUID)
    return _type_adapter(value_type(field.spec))


def _as(adapter: TypeAdapter[Any], value: object) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise InvalidError(sentence(error.errors()[0])) from error


def rows(
    session: ScopedSession, model: type[M], query: Query, *, with_lines: bool = True
) -> Rows[M]:
    """One page, in the order asked for, then by id; empty values come last."""
    found = select(model) if with_lines else select(model).options(*_without_lines(model))
    items = _page(session, found, model, query)
    more = len(items) > query.size
    items = items[: query.size]
    return Rows(items, _cursor(session, query, items[-1]) if more else None)


@cache
def _without_lines(model: type[Record]) -> tuple[ExecutableOption, ...]:
    """Lines are read when somebody looks at them, record by record."""
    fields = fields_of(model).values()
    return tuple(lazyload(one.attribute) for one in fields if one.spec.kind is Kind.LINES)


def first_ids(session: ScopedSession, model: type[Record], query: Query) -> Sequence[UUID]:
    """The ids of one page, for who reads the rest by a statement of their own."""
    return _page(session, select(model.id), model, query)[: query.size]


def _page(
    session: ScopedSession, entity: Select[Any], model: type[Record], query: Query
) -> Sequence[Any]:
    """What is on one page, and one more where there is one."""
    column, is_nullable = _sorted_by(session, model, query.sort)
    descending = query.sort.startswith("-")
    demand_sight(session, model, {query.sort.removeprefix("-")})
    found = _known(session, model, query)
    if found and found.is_all and not found.ids:
        return ()
    page = _narrowed(session, entity, model, query)
    if query.cursor:
        page = page.where(_after(session, model, column, query))
    if is_nullable:
        page = page.order_by(case((column.is_(None), 1), else_=0))
    order = column.desc() if descending else column.asc()
    page = page.order_by(order, model.id).limit(query.size + 1)
    if found and (found.is_all or query.sort == model.__record__.order):
        items = session.scalars(page.where(model.id.in_(found.ids))).all()
        if found.is_all or (len(items) > query.size and not query.cursor):
            return items
    return session.scalars(page.where(*_has_words(model, query.q))).all()


def total(session: ScopedSession, model: type[Record], query: Query) -> int | str:
    """How many match on all pages: exact up to COUNTED, then "10000+"."""
    found = count(session, model, query, COUNTED + 1)
    return found if found <= COUNTED else f"{COUNTED}+"


def count(session: ScopedSession, model: type[Record], query: Query, limit: int) -> int:
    """How many match on all pages, counted up to `limit`."""
    some = matching(session, select(model.id), model, query).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def matching(
    session: ScopedSession, found: Select[Any], model: type[Record], query: Query
) -> Select[Any]:
    """`found` narrowed to what the query asks for and the asker may read."""
    known = _known(session, model, query)
    words = [model.id.in_(known.ids)] if known and known.is_all else _has_words(model, query.q)
    return _narrowed(session, found, model, query).where(*words)


def _narrowed(
    session: ScopedSession, found: Select[Any], model: type[Record], query: Query
) -> Select[Any]:
    """All that `matching` does, but for the words."""
    archived = model.archived_at.is_not(None) if query.is_archived else model.archived_at.is_(None)
    demand_sight(session, model, {one.field for one in query.filters})
    found = found.where(archived, *readable(session, model))
    return found.where(*(_condition(session, model, f) for f in query.filters))


def _known(session: ScopedSession, model: type[Record], query: Query) -> Found | None:
    """The records with these words, where the words in memory tell."""
    words = words_of(session)
    if words is None or not query.q or query.is_archived or is_limited(session, model):
        return None
    return words.find(session, model, query.q)


def _has_words(model: type[Record], q: str) -> list[ColumnElement[bool]]:
    """Each in one of the fields as typed, in how their Chinese is read, or in a line."""
    return [or_(false(), *_has_word(model, word)) for word in q.split()]


def _has_word(model: type[Record], word: str) -> list[ColumnElement[bool]]:
    ways = [one.attribute.icontains(word, autoescape=True) for one in searched(model)]
    if issubclass(model, Searchable):
        ways.append(model.search_words.contains(word.lower(), autoescape=True))
    return ways


def _condition(session: ScopedSession, model: type[Record], wanted: Filter) -> ColumnElement[bool]:
    field = fields_in(session, model).get(wanted.field)
    if field is None:
        raise InvalidError(SOME_WRONG, {wanted.field: _NO_FIELD})
    column = field.attribute
    match wanted.operator:
        case Operator.EMPTY:
            return column.is_(None) if wanted.values[0] else column.is_not(None)
        case Operator.IN if field.spec.kind in _LISTS:
            ways = (column.contains(kept([str(v)]), autoescape=True) for v in wanted.values)
            return or_(*ways)
        case Operator.IN:
            return column.in_(wanted.values)
        case Operator.NOT:
            return or_(column.not_in(wanted.values), column.is_(None))
        case Operator.HAS:
            return column.icontains(wanted.values[0], autoescape=True)
        case _:
            return _COMPARE[wanted.operator](column, wanted.values[0])


def is_filterable(field: Field) -> bool:
    return field.spec.kind not in (Kind.LINES, Kind.SECRET)


def is_sortable(field: Field) -> bool:
    return field.spec.kind not in _UNSORTED


def _order(fields: Mapping[str, Field], sort: str) -> Field | None:
    """The field that a list is sorted by; None for the moments that every record has."""
    name = sort.removeprefix("-")
    if name in _STAMPS:
        return None
    field = fields.get(name)
    if field is None or not is_sortable(field):
        raise InvalidError(_NO_SORT)
    return field


def _sorted_by(
    session: ScopedSession, model: type[Record], sort: str
) -> tuple[InstrumentedAttribute[Any], bool]:
    """The column, and whether it may be empty."""
    field = _order(fields_in(session, model), sort)
    if field is None:
        return getattr(model, sort.removeprefix("-")), False
    return field.attribute, field.is_nullable


def _cursor(session: ScopedSession, query: Query, last: Record) -> str:
    field = _order(fields_in(session, type(last)), query.sort)
    value = held(last, field) if field else getattr(last, query.sort.removeprefix("-"))
    place = orjson.dumps([query.sort, value, last.id])
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _after(
    session: ScopedSession, model: type[Record], column: InstrumentedAttribute[Any], query: Query
) -> ColumnElement[bool]:
    """Rows behind the one that the cursor names."""
    value, last_id = _place(session, model, query)
    same = and_(column.is_(None) if value is None else column == value, model.id > last_id)
    if value is None:
        return same
    beyond = column < value if query.sort.startswith("-") else column > value
    return or_(beyond, column.is_(None), same)


def _place(session: ScopedSession, model: type[Record], query: Query) -> tuple[Any, UUID]:
    padded = query.cursor + "=" * (-len(query.cursor) % 4)
    try:
        sort, value, last_id = orjson.loads(base64.urlsafe_b64decode(padded))
        if sort != query.sort:
            raise ValueError(sort)
        field = _order(fields_in(session, model), sort)
        python: Any = field.spec.python if field else datetime
        return (None if value is None else _as(_type_adapter(python), value)), UUID(last_id)
    except (ValueError, TypeError, AttributeError, binascii.Error, InvalidError) as error:
        raise InvalidError(SOME_WRONG, {"cursor": _CURSOR}) from error
