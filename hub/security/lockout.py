"""Lock-out after failed sign-ins, by account and by network address, in one table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from hub.security.models import SignInFailure

FORGET_AFTER = timedelta(minutes=15)
LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` failures cost nothing; from then on the lock doubles from one minute to fifteen."""

    prefix: str
    free: int

    def key(self, name: str) -> str:
        return f"{self.prefix}:{name.lower()[:120]}"

    def lock(self, count: int) -> timedelta | None:
        if count < self.free:
            return None
        return min(timedelta(minutes=2 ** min(count - self.free, 10)), LONGEST)


ACCOUNT = Rule("account", 5)
ADDRESS = Rule("address", 20)  # a store's people share one address


def locked_until(connection: Connection, keys: list[str], now: datetime) -> datetime | None:
    """When the last of these locks ends; None when none holds."""
    table = SignInFailure
    held = select(table.locked_until).where(table.key.in_(keys), table.locked_until > now)
    ends = [end for end in connection.scalars(held) if end]
    return max(ends) if ends else None


def count_failure(connection: Connection, rule: Rule, name: str, now: datetime) -> bool:
    """Count one failed sign-in; True when it locked the account or address."""
    key, table = rule.key(name), SignInFailure
    insert = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
    fresh = insert(table).values(key=key, failures=0, last_at=now).on_conflict_do_nothing()
    connection.execute(fresh)
    row = connection.execute(
        select(table.failures, table.last_at).where(table.key == key).with_for_update()
    ).one()
    count = 1 if now - row.last_at > FORGET_AFTER else row.failures + 1
    lock = rule.lock(count)
    connection.execute(
        update(table)
        .where(table.key == key)
        .values(failures=count, last_at=now, locked_until=now + lock if lock else None)
    )
    return lock is not None


def forget_failures(connection: Connection, rule: Rule, name: str) -> None:
    connection.execute(delete(SignInFailure).where(SignInFailure.key == rule.key(name)))
