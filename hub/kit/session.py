"""The session that sees one chain and some of its stores, whatever the query says.

SQLAlchemy's loader criteria reach every ORM entity of a statement, joins and subqueries included.
They do not reach Core tables, text and bulk statements; so those are refused here, unless the
statement names its reason by `execution_options(system="reason")`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, cast
from uuid import UUID

from sqlalchemy import Column, Connection, Table, TextClause, TextualSelect, event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.base import ExecutableOption

from hub.errors import NotFoundError, T
from hub.kit.tables import Base, ChainScoped, Record, StoreScoped

SYSTEM = "system"
CORRIDOR = "corridor"  # true in `info` while `hub.kit.records.apply` flushes


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody may see: one chain, and all of its stores (None) or these."""

    chain_id: UUID
    store_ids: frozenset[UUID] | None = None

    def has_store(self, store_id: UUID) -> bool:
        return self.store_ids is None or store_id in self.store_ids


@dataclass(frozen=True, slots=True)
class Changed:
    """A row of `changes`, in short."""

    seq: int
    action: str
    record_type: str
    record_id: UUID
    store_id: UUID | None


class ScopedSession(Session):
    """An ORM session bound to a `Scope`; `info` carries who asks (see `hub.kit.records.asker`)."""

    @property
    def scope(self) -> Scope:
        scope: Scope = self.info["scope"]  # a session without a scope is a bug: KeyError
        return scope

    @property
    def changed(self) -> list["Changed"]:
        """What this session changed: to be told to others once it is committed."""
        rows: list[Changed] = self.info.setdefault("changed", [])
        return rows

    def connection(self, *_: object, **__: object) -> NoReturn:
        """Refused: a bare connection would see every store."""
        raise UnscopedError("A scoped session lends no connection; use Database.system(reason).")

    def bare_connection(self) -> Connection:
        """The connection of this transaction, for the `posting.py` of an archive module alone.

        Sets of rows are read and moved through it together with the record that they belong to. The
        caller has checked the rights, and the scope is an argument of every statement.
        """
        return super().connection()


class UnscopedError(Exception):
    """A statement that the scope cannot reach; a bug in the caller."""


@event.listens_for(ScopedSession, "do_orm_execute")
def _limit_to_scope(state: ORMExecuteState) -> None:
    scope: Scope = state.session.info["scope"]
    if state.execution_options.get(SYSTEM):
        return
    if not state.is_column_load and not state.is_relationship_load:
        _refuse_unscoped(state)
    state.statement = state.statement.options(*_criteria(scope))


@lru_cache(maxsize=1024)  # SQLAlchemy reads the code of each lambda anew: half of a small query
def _criteria(scope: Scope) -> tuple[ExecutableOption, ...]:
    chain_id = scope.chain_id
    of_chain = with_loader_criteria(
        ChainScoped, lambda cls: cls.chain_id == chain_id, include_aliases=True
    )
    if scope.store_ids is None:
        return (of_chain,)
    store_ids = tuple(scope.store_ids)
    of_stores = with_loader_criteria(
        StoreScoped, lambda cls: cls.store_id.in_(store_ids), include_aliases=True
    )
    return (of_chain, of_stores)


def _refuse_unscoped(state: ORMExecuteState) -> None:
    if not state.is_select or not state.is_orm_statement:
        raise UnscopedError(
            f"A scoped session runs ORM selects only, not: {str(state.statement)[:120]}"
        )
    statement = cast(ClauseElement, state.statement)
    reached: set[object] | None = None
    for element in visitors.iterate(statement):
        mapper = element._annotations.get("parententity")
        if isinstance(mapper, Mapper):
            if not issubclass(mapper.class_, ChainScoped):
                raise UnscopedError(f"{mapper.class_.__name__} belongs to no chain.")
        elif mapper is None and _is_core(element):
            reached = _columns_of_entities(state) if reached is None else reached
            if element not in reached:
                raise UnscopedError(f"The scope cannot reach this part of a statement: {element}")


def _columns_of_entities(state: ORMExecuteState) -> set[object]:
    """Columns of what the statement selects as plain entities: in Core form these are scoped too.

    `Session.get` makes its criterion of such columns.
    """
    entities = (d["entity"] for d in getattr(state.statement, "column_descriptions", ()))
    plain = [e for e in entities if isinstance(e, type) and issubclass(e, Base)]
    return {column for entity in plain for column in entity.__table__.columns}


def _is_core(element: object) -> bool:
    if isinstance(element, Column):
        return isinstance(element.table, Table)
    return isinstance(element, TextClause | TextualSelect)


@event.listens_for(ScopedSession, "before_flush")
def _write_within_scope(session: Session, *_: Any) -> None:
    scope: Scope = session.info["scope"]
    for row in session.new:
        if isinstance(row, ChainScoped) and row.chain_id is None:
            row.chain_id = scope.chain_id
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, ChainScoped):
            raise UnscopedError(f"{type(row).__name__} belongs to no chain.")
        if isinstance(row, Record) and not session.info.get(CORRIDOR):
            raise UnscopedError(f"{type(row).__name__} is changed by hub.kit.records.apply only.")
        if row.chain_id != scope.chain_id or not _is_in_stores(row, scope):
            raise NotFoundError(T("没有这家门店。", "There is no such store."))


def _is_in_stores(row: ChainScoped, scope: Scope) -> bool:
    return not isinstance(row, StoreScoped) or scope.has_store(row.store_id)
