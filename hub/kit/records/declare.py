"""What the engine knows of a record type: its label, its rights and its fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, Index, Table, inspect
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from hub.errors import T
from hub.kit.records.kinds import Choice, Kind, Show, Spec

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.kit.session import ScopedSession
    from hub.kit.tables import Record

M = TypeVar("M")

RESERVED = frozenset(
    {
        "id",
        "version",
        "reason",
        "archived",
        "custom",
        "q",
        "sort",
        "size",
        "cursor",
        "body",
        "query",
        "path",
    }
)
NO_UNIT = T("", "")
NOTHING_YET = T("这里还没有内容。", "There is nothing here yet.")


@dataclass(frozen=True, slots=True)
class Computed:
    """A whole number that a record works out itself: the name of a property, only ever read.

    With `currency`, the name of a field, it is money in minor units.
    """

    name: str
    label: T
    unit: T = NO_UNIT
    currency: str = ""


def _nothing_more(_session: "Session", _record: Any) -> Mapping[str, Any]:
    return {}


Foresee = Callable[["ScopedSession", Sequence[Mapping[str, Any]]], Sequence[Mapping[str, T]]]


@dataclass(frozen=True)
class RecordAction(Generic[M]):
    """What people do to a record that is more than changing fields: send, approve, cancel.

    Moves the type's `state` field from one of `before` to `after`; needs the right
    `<rights>.<name>`. `do` does the rest, or raises a HubError, and returns values of other fields
    that change along. It makes the button, `POST /{id}/<name>` and a row of the history.
    """

    name: str
    label: T
    before: frozenset[Choice]
    after: Choice
    do: "Callable[[Session, M], Mapping[str, Any]]" = _nothing_more
    is_final: bool = False  # asked for once more before it is done


@dataclass(frozen=True, slots=True)
class RecordType:
    """Declared by `__record__`. `rights` is the subject of its rights, `<rights>.update` and so on.

    `order` is the field the list is sorted by unless asked otherwise, `-field` to descend;
    `start` is the sentence of an empty list: what to do next. `subject` is the field that names the
    person whom the secrets of a record are about; `state` is the READONLY choice that actions move.
    `twins` are sets of fields: two records that agree in all of one set are likely the same, and
    can be merged. `foresee` tells, of many new rows of a file at once, what their later use would
    refuse: a problem by field for each.
    Records of the chain are changed by those whose right reaches all of it; with `is_open` a right
    in any one store is enough, as every till may add a customer. `own` is the reference that leads
    to the one who is responsible, over other types with an `own` if need be, and `account` the
    field of that person's type that names the account: whoever has not `<rights>.all` sees and
    changes what is their own, and no more.
    """

    label: T
    one: T
    rights: str
    order: str
    start: T = NOTHING_YET
    computed: tuple[Computed, ...] = ()
    is_open: bool = False
    subject: str = ""
    own: str = ""
    account: str = ""
    state: str = "status"
    actions: "tuple[RecordAction[Any], ...]" = ()
    twins: tuple[tuple[str, ...], ...] = ()
    foresee: "Foresee | None" = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of one model; a declared one is required if neither nullable nor with a default."""

    name: str
    spec: Spec
    attribute: InstrumentedAttribute[Any]
    is_required: bool
    is_nullable: bool
    default: Any
    code: str = ""  # of a field that the chain added itself
    where: tuple[tuple[str, frozenset[str]], ...] = ()  # the values of other fields that it needs

    @property
    def label(self) -> T:
        return self.spec.label

    def has(self, show: Show) -> bool:
        return bool(self.spec.show & show)

    @property
    def is_secret(self) -> bool:
        return self.spec.kind is Kind.SECRET

    @property
    def is_number(self) -> bool:
        return self.spec.kind in (Kind.WHOLE, Kind.NUMBER, Kind.MONEY, Kind.MILLI)


@cache
def fields_of(model: "type[Record]") -> dict[str, Field]:
    """The fields of a record type by name, in the order of their declaration."""
    found = _columns_of(model)
    for relation in inspect(model).relationships:
        if spec := relation.info.get("spec"):
            attribute = getattr(model, relation.key)
            found[relation.key] = Field(relation.key, spec, attribute, False, False, [])
    return found


@cache
def fields_of_line(line: Any) -> dict[str, Field]:
    """The fields of a class of lines."""
    return _columns_of(line)


def _columns_of(model: Any) -> dict[str, Field]:
    found = {}
    for attribute in inspect(model).column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and "spec" in column.info:
            if attribute.key in RESERVED:
                raise TypeError(f"{model.__name__}.{attribute.key}: the engine uses this name.")
            found[attribute.key] = _field(model, attribute.key, column)
    return found


def _field(model: Any, name: str, column: Column[Any]) -> Field:
    default = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
    nullable = bool(column.nullable)
    required = not nullable and default is None
    attribute = getattr(model, name)
    return Field(name, column.info["spec"], attribute, required, nullable, default)


@cache
def guarded(model: "type[Record]") -> tuple[Field, ...]:
    """The fields that not everybody sees who reads the record."""
    found = fields_of(model).values()
    return tuple(f for f in found if f.has(Show.COST | Show.PERSONAL) or f.is_secret)


@cache
def rights_of(model: "type[Record]") -> tuple[str, ...]:
    """The actions that rights for this type can be given for."""
    found = ["read", "create", "update", "archive"]
    found += ["cost"] if shown(model, Show.COST) else []
    found += ["personal"] if shown(model, Show.PERSONAL) else []
    found += ["all"] if model.__record__.own else []
    found += ["reveal"] if any(f.is_secret for f in fields_of(model).values()) else []
    return (*found, *(one.name for one in model.__record__.actions))


def is_secret(model: "type[Record]", name: str) -> bool:
    return any(field.name == name and field.is_secret for field in guarded(model))


@cache
def written_fields(model: "type[Record]") -> dict[str, Field]:
    """The fields that people may write."""
    return {name: f for name, f in fields_of(model).items() if not f.has(Show.READONLY)}


@cache
def shown(model: "type[Record]", show: Show) -> tuple[Field, ...]:
    """The fields that have one of these flags."""
    return tuple(field for field in fields_of(model).values() if field.has(show))


def path_of(model: "type[Record]") -> str:
    """The record type's name in addresses: its table with hyphens."""
    table: str = model.__tablename__
    return table.replace("_", "-")


def title_of(record: "Record") -> str:
    """What people call this record, whoever asks: a title is never guarded."""
    titles = shown(type(record), Show.TITLE)
    return str(getattr(record, titles[0].name)) if titles else str(record.id)


def amounts_of(record: "Record") -> dict[str, float]:
    """Every number that the record holds or computes, by the name of its field."""
    model = type(record)
    names = [name for name, field in fields_of(model).items() if field.is_number]
    names += [one.name for one in model.__record__.computed]
    found = {name: getattr(record, name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def store_of(record: "Record") -> UUID | None:
    """The store that a record belongs to; None where it belongs to the chain."""
    store_id: UUID | None = getattr(record, "store_id", None)
    return store_id


def index_keys(table: Table, owner: str) -> None:
    """Give `table` the unique indexes that its KEY and UNIQUE fields ask for.

    Archived records do not count, so a code may be used again; `owner` is the column of the store
    or chain within which a KEY is unique.
    """
    alive = table.c.archived_at.is_(None)
    for column in table.columns:
        spec: Spec | None = column.info.get("spec")
        if spec is None or not spec.show & (Show.KEY | Show.UNIQUE):
            continue
        within = owner if spec.show & Show.KEY else "chain_id"
        Index(
            f"uq_{table.name}_{column.name}",
            table.c[within],
            column,
            unique=True,
            sqlite_where=alive,
            postgresql_where=alive,
        )


def index_order(table: Table, order: str) -> None:
    """Give `table` the index that the first page of its list is read from, however long the list.

    Other orders are sorted when asked for. Chains, of which there are few, have none.
    """
    name = order.removeprefix("-")
    if {name, "chain_id"} <= set(table.c.keys()):
        alive = table.c.archived_at.is_(None)
        Index(
            f"ix_{table.name}_order",
            table.c.chain_id,
            table.c[name],
            table.c.id,
            sqlite_where=alive,
            postgresql_where=alive,
        )
