"""Tables of people and their rights. What a role may do is data: rows of `role_rights`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7


class Role(ChainScoped, Base):
    """A role of one chain; the contract's roles are seeded, a chain may add its own."""

    __tablename__ = "roles"
    __table_args__ = (UniqueConstraint("chain_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]


class RoleRight(ChainScoped, Base):
    """`right` is `<subject>.<action>`, such as `equipment.update`."""

    __tablename__ = "role_rights"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"), primary_key=True)
    right: Mapped[str] = mapped_column(primary_key=True)


class UserRole(ChainScoped, Base):
    """A user has a role in one store, or, without a store, in the whole chain."""

    __tablename__ = "user_roles"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    store_id: Mapped[UUID | None]


class Credential(ChainScoped, Base):
    """A user's password, hashed by argon2id."""

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    password_hash: Mapped[str]
    must_change: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignInSession(ChainScoped, Base):
    """A cookie or a bearer token; only the SHA-256 of it is kept."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    is_cookie: Mapped[bool]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]


class SignInFailure(Base):
    """Failed sign-ins of one account or one network address, and until when it is locked."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]
