"""What the engine knows of a record type: its label, its rights and its fields."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Column, Index, Table, inspect
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from hub.errors import T
from hub.kit.records.kinds import Kind, Show, Spec

if TYPE_CHECKING:
    from hub.kit.tables import Record

RESERVED = frozenset({"id", "version", "reason", "archived", "q", "sort", "size", "cursor"})
NOTHING_YET = T("这里还没有内容。", "There is nothing here yet.")


@dataclass(frozen=True, slots=True)
class Computed:
    """A whole number that a record works out itself: the name of a property, only ever read."""

    name: str
    label: T
    unit: T


@dataclass(frozen=True, slots=True)
class RecordType:
    """Declared by `__record__`. `rights` is the subject of its rights, `<rights>.update` and so on.

    `order` is the field the list is sorted by unless asked otherwise, `-field` to descend;
    `start` is the sentence of an empty list: what to do next.
    """

    label: T
    one: T
    rights: str
    order: str
    start: T = NOTHING_YET
    computed: tuple[Computed, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field of one model; required = neither nullable nor with a default."""

    name: str
    spec: Spec
    attribute: InstrumentedAttribute[Any]
    is_required: bool
    is_nullable: bool
    default: Any

    @property
    def label(self) -> T:
        return self.spec.label

    def has(self, show: Show) -> bool:
        return bool(self.spec.show & show)

    @property
    def is_number(self) -> bool:
        return self.spec.kind in (Kind.WHOLE, Kind.NUMBER, Kind.MONEY)


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
def shown(model: "type[Record]", show: Show) -> tuple[Field, ...]:
    """The fields that have one of these flags."""
    return tuple(field for field in fields_of(model).values() if field.has(show))


def path_of(model: "type[Record]") -> str:
    """The record type's name in addresses: its table with hyphens."""
    table: str = model.__tablename__
    return table.replace("_", "-")


def title_of(record: "Record") -> str:
    """What people call this record."""
    titles = shown(type(record), Show.TITLE)
    return str(getattr(record, titles[0].name)) if titles else str(record.id)


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
