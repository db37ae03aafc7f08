"""Accounts: who may sign in, with which roles, in which stores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope
from hub.kit.records.apply import Change, apply
from hub.kit.records.log import note
from hub.security.models import Credential, Role, UserRole
from hub.security.passwords import NO_PASSWORD, Passwords, demand_strong
from hub.security.records import ADMIN, User, demand_other_admin
from hub.security.sessions import end_sessions


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one store; without a store in the whole chain."""

    role: str
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`must_change`: the password is a first one that somebody else knows.

    Without a password nobody signs in before the person has set one by a link.
    """

    username: str
    name: str
    password: str | None
    grants: tuple[Grant, ...]
    language: str = "zh"
    must_change: bool = True


def add_account(
    db: Database, passwords: Passwords, chain_id: UUID, account: NewAccount, asker: Asker
) -> UUID:
    """A new user with password and roles; returns the user's id."""
    hashed = NO_PASSWORD
    if account.password is not None:
        demand_strong(account.password, account.username)
        hashed = passwords.hash(account.password)
    values = {
        "username": account.username,
        "name": account.name,
        "language": account.language,
    }
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, asker)
        user_id = apply(session, User, Change(values=values)).id
        session.add(
            Credential(user_id=user_id, password_hash=hashed, must_change=account.must_change)
        )
        ids = dict(session.execute(select(Role.code, Role.id)).all())
        session.add_all(
            UserRole(user_id=user_id, role_id=_role(ids, grant), store_id=grant.store_id)
            for grant in account.grants
        )
    return user_id


def set_grants(
    db: Database, chain_id: UUID, user_id: UUID, grants: Iterable[Grant], asker: Asker
) -> None:
    """Replace a user's roles; takes effect with the user's next request."""
    with db.system("grants") as connection:
        demand_user(connection, chain_id, user_id)
        put_grants(connection, chain_id, user_id, tuple(grants), asker)


def put_grants(
    connection: Connection, chain_id: UUID, user_id: UUID, grants: tuple[Grant, ...], asker: Asker
) -> None:
    """The rows of `user_roles` of one person, and the row in the audit with what was before."""
    roles = select(Role.code, Role.id).where(Role.chain_id == chain_id)
    ids = dict(connection.execute(roles).all())
    held = (
        select(Role.code, UserRole.store_id)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == user_id)
    )
    before = [[code, str(store or "")] for code, store in connection.execute(held)]
    if Grant(ADMIN) not in grants:
        demand_other_admin(connection, chain_id, user_id)
    connection.execute(delete(UserRole).where(UserRole.user_id == user_id))
    for grant in dict.fromkeys(grants):
        row = {"user_id": user_id, "role_id": _role(ids, grant), "store_id": grant.store_id}
        connection.execute(insert(UserRole).values(chain_id=chain_id, **row))
    after = [[g.role, str(g.store_id or "")] for g in grants]
    about = {"chain_id": chain_id, "record_type": "users", "record_id": user_id}
    note(connection, "grants_changed", asker, **about, values={"grants": [before, after]})


def reset_password(
    db: Database, passwords: Passwords, chain_id: UUID, user_id: UUID, password: str, asker: Asker
) -> None:
    """Give a user a first password again and end all of the user's sessions."""
    demand_strong(password, "")
    hashed = passwords.hash(password)
    with db.system("password") as connection:
        demand_user(connection, chain_id, user_id)
        connection.execute(
            update(Credential)
            .where(Credential.user_id == user_id)
            .values(password_hash=hashed, must_change=True, changed_at=utc_now())
        )
        end_sessions(connection, user_id)
        about = {"chain_id": chain_id, "record_type": "users", "record_id": user_id}
        note(connection, "password_reset", asker, **about)


def demand_user(connection: Connection, chain_id: UUID, user_id: UUID) -> None:
    found = select(User.id).where(User.id == user_id, User.chain_id == chain_id)
    if connection.scalar(found) is None:
        raise NotFoundError(T("没有这个用户。", "There is no such user."))


def _role(ids: Mapping[str, UUID], grant: Grant) -> UUID:
    if grant.role in ids:
        return ids[grant.role]
    unknown = T("没有这个角色。", "There is no such role.")
    raise InvalidError(unknown, {"role": unknown})
