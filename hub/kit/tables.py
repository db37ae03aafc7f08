"""What every table of the hub is built on: `Base`, its column types and the scoping mixins."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Table, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.records.declare import RecordType, index_keys, index_order


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python on every engine (SQLite would give it back naive)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; instants are aware UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table: one naming convention, so that migrations can find each constraint again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}


class ChainScoped:
    """Mixin of rows that belong to one chain; `ScopedSession` hides the other chains'.

    Scoping columns have no foreign key: tables of events are filled in bulk by Core, and owners
    are archived, never deleted. `ScopedSession` fills `chain_id` of a new row.
    """

    chain_id: Mapped[UUID] = mapped_column(index=True)


class StoreScoped(ChainScoped):
    """Mixin of rows that belong to one store; `ScopedSession` hides the other stores'."""

    store_id: Mapped[UUID] = mapped_column(index=True)


class Record(ChainScoped, Base):
    """A row of the archive: changed only by `hub.kit.records.apply`, archived, never deleted."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    version: Mapped[int] = mapped_column(sort_order=90)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now, sort_order=92)
    archived_at: Mapped[datetime | None] = mapped_column(sort_order=93)
    custom: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), sort_order=95)

    __mapper_args__ = {"version_id_col": version}
    __record__: ClassVar[RecordType]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__tablename__" in vars(cls):
            own_store = issubclass(cls, StoreScoped) and "store_id" in cls.__table__.columns
            table = cast(Table, cls.__table__)
            index_keys(table, "store_id" if own_store else "chain_id")
            index_order(table, cls.__record__.order)

    def problems(self) -> Iterator[tuple[str, T]]:
        """(field, what is wrong) for every rule of this type that the record breaks now."""
        yield from ()

    def locked(self) -> T | None:
        """Why the record may not be changed in its present state, or None."""
        return None

    def leaving(self, session: Session) -> None:
        """Called before it is archived: ConflictError where it must stay; ends what it carried."""

    def secret_problems(
        self, session: Session, plain: Mapping[str, str | None]
    ) -> Iterator[tuple[str, T]]:
        """(field, what is wrong) among the secrets being written, before they are sealed."""
        yield from ()
