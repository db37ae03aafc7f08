"""How far SQL consumers are: the position is a row, committed with their results."""

from datetime import datetime

from sqlalchemy import BigInteger, Connection, String, Table, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from hub.ingest.shards import Lease
from hub.kit.db import Base


class ConsumerRow(Base):
    """A consumer of the journal that keeps its results in SQL."""

    __tablename__ = "consumers"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


_ROWS: Table = ConsumerRow.__table__  # type: ignore[assignment]  # declarative says FromClause


def row_name(consumer: str, lease: Lease | None) -> str:
    """Each shard has positions of its own."""
    return consumer if lease is None else f"{consumer}@{lease.shard}"


def load_position(connection: Connection, name: str) -> int:
    """0 for a consumer that has taken nothing yet."""
    found = connection.scalar(select(_ROWS.c.position).where(_ROWS.c.name == name))
    return found or 0


def save_position(connection: Connection, name: str, position: int, at: datetime) -> None:
    """In the transaction of the results."""
    row = {"name": name, "position": position, "at": at}
    values = {"position": position, "at": at}
    if connection.dialect.name == "postgresql":
        connection.execute(
            pg_insert(_ROWS).values(row).on_conflict_do_update(index_elements=["name"], set_=values)
        )
        return
    connection.execute(
        sqlite_insert(_ROWS).values(row).on_conflict_do_update(index_elements=["name"], set_=values)
    )
