"""Lines: the rows of a record that has a head, written and logged together with it.

A line is a row of a table of its own, so that the database keeps its rules; to `Change`, forms,
API and history it is a dictionary, and the field a list of these in the order of the page. A line
that is sent with its `id` stays the same row.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Index, Table, select
from sqlalchemy.orm import Mapped, Relationship, mapped_column, relationship

from hub.errors import InvalidError, T
from hub.kit.ids import uuid7
from hub.kit.records.corridor import corridor
from hub.kit.records.custom import held
from hub.kit.records.declare import Field, fields_of, fields_of_line
from hub.kit.records.kinds import NOTHING, Kind, Show, Spec
from hub.kit.records.schemas import SOME_WRONG
from hub.kit.session import ScopedSession
from hub.kit.tables import Base, ChainScoped, Record

LINES_MAX = 500
_GUARDS = Show.COST | Show.PERSONAL | Show.READONLY
_NOT_YOURS = T("这一行属于另一条记录。", "This line belongs to another record.")
_TWICE = T("同一行出现了两次。", "The same line is there twice.")

Line_ = Mapping[str, Any]


class Line(ChainScoped, Base):
    """Base of line tables; a subclass adds the foreign key of its record and its fields."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    chain_id: Mapped[UUID] = mapped_column()  # no index: lines are found by their record alone
    position: Mapped[int] = mapped_column(sort_order=90)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        table = cast(Table, cls.__table__)
        for column in table.columns:
            spec: Spec | None = column.info.get("spec")
            if spec and spec.show & _GUARDS:
                raise TypeError(f"{table.name}.{column.name}: a line hides no field of its own.")
            if spec and spec.show & Show.UNIQUE:
                name = f"uq_{table.name}_{column.name}"
                Index(name, table.c.chain_id, column, unique=True)


def lines(zh: str, en: str, line: type[Line], show: Show = NOTHING) -> Relationship[Any]:
    """The lines of this record, all of one class."""
    spec = Spec(T(zh, en), Kind.LINES, show, list[dict[str, Any]], max=LINES_MAX, line=line)
    return relationship(
        line,
        order_by=line.position,
        cascade="all, delete-orphan",
        lazy="selectin",
        info={"spec": spec},
    )


def value_of(record: Record, field: Field) -> Any:
    """The value of a field as changes know it."""
    if field.code:
        return held(record, field)
    value = getattr(record, field.name)
    return [_told(one) for one in value] if field.spec.kind is Kind.LINES else value


def _told(line: Line) -> dict[str, Any]:
    return {"id": line.id} | {name: getattr(line, name) for name in fields_of_line(type(line))}


def completed(model: type[Record], values: dict[str, Any]) -> dict[str, Any]:
    """The values with an id and every field in each line."""
    for name, field in fields_of(model).items():
        if field.spec.kind is Kind.LINES and name in values:
            values[name] = [_complete(field, line) for line in values[name] or ()]
    return values


def _complete(field: Field, given: Line_) -> dict[str, Any]:
    fields = fields_of_line(field.spec.line)
    told = {name: given.get(name, one.default) for name, one in fields.items()}
    return {"id": given.get("id") or uuid7()} | told


def put(session: ScopedSession, record: Record, field: Field, wanted: Sequence[Line_]) -> None:
    """Make the record's lines these. Removed ones go first, so what was theirs alone is free."""
    present: list[Line] = getattr(record, field.name)
    known = {line.id: line for line in present}
    _refuse_others(session, field, [one["id"] for one in wanted if one["id"] not in known])
    kept = {one["id"] for one in wanted}
    if len(kept) < len(wanted):
        raise InvalidError(SOME_WRONG, {field.name: _TWICE})
    gone = [line for line in present if line.id not in kept]
    if gone:
        for left in gone:
            present.remove(left)
        with corridor(session):
            session.flush()
    for position, one in enumerate(wanted):
        line = known.get(one["id"]) or field.spec.line(id=one["id"])
        if line not in present:
            present.append(line)
        line.position = position
        for name in fields_of_line(field.spec.line):
            setattr(line, name, one[name])


def _refuse_others(session: ScopedSession, field: Field, ids: Sequence[UUID]) -> None:
    """A new id may not be that of another record's line."""
    taken = select(field.spec.line).where(field.spec.line.id.in_(ids)).limit(1)
    if ids and session.scalar(taken):
        raise InvalidError(SOME_WRONG, {field.name: _NOT_YOURS})
