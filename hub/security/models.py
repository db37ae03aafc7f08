"""Tables of people and their rights. What a role may do is data: rows of `role_rights`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text, UniqueConstraint, false, text
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
    needs_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())


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
    """A cookie or a bearer token; only the SHA-256 of it is kept.

    With a name it is a program's token: it has no idle limit, and only the rights in `scopes`.
    """

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
    name: Mapped[str] = mapped_column(default="", server_default=text("''"))
    scopes: Mapped[list[str] | None] = mapped_column(JSON)
    pc_id: Mapped[UUID | None]
    """The shared PC on which a PIN opened it."""


class SignInFailure(Base):
    """Failed sign-ins of one account or one network address, and until when it is locked."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class PasswordLink(ChainScoped, Base):
    """A link by which one person sets a new password once; only the SHA-256 of it is kept."""

    __tablename__ = "password_links"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecondFactor(ChainScoped, Base):
    """An authenticator app (`secret` is sealed) or a passkey (`credential_id`, `public_key`).

    `counter` is what may only grow: the app's last used time step, the passkey's own count.
    """

    __tablename__ = "second_factors"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    secret: Mapped[str | None]
    credential_id: Mapped[bytes | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None]
    counter: Mapped[int] = mapped_column(BigInteger(), default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class RecoveryCode(ChainScoped, Base):
    """One of ten codes on paper, each good once; only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    used_at: Mapped[datetime | None]


class SignInStep(ChainScoped, Base):
    """Between the password and the second factor; also a passkey's challenge when adding one."""

    __tablename__ = "sign_in_steps"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    challenge: Mapped[bytes]
    expires_at: Mapped[datetime]


class SharedPc(ChainScoped, Base):
    """A computer that several people of a store use; only the SHA-256 of its cookie is kept."""

    __tablename__ = "shared_pcs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    store_id: Mapped[UUID]
    name: Mapped[str]
    enrolled_by: Mapped[str]
    enrolled_at: Mapped[datetime] = mapped_column(default=utc_now)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Pin(ChainScoped, Base):
    """Six digits, hashed by argon2id, good on shared PCs alone; `failures` stop it at five."""

    __tablename__ = "pins"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    pin_hash: Mapped[str]
    failures: Mapped[int]
    set_at: Mapped[datetime] = mapped_column(default=utc_now)


class PracticeChain(Base):
    """A chain in which nothing is real; of each real chain one is not retired."""

    __tablename__ = "practice_chains"
    __table_args__ = (
        Index(
            "uq_practice_chains_current",
            "of_chain_id",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    of_chain_id: Mapped[UUID]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class PolicyEdition(ChainScoped, Base):
    """One wording that everybody accepts before they work on; the next one ends it (SEC-23)."""

    __tablename__ = "policy_editions"
    __table_args__ = (
        UniqueConstraint("policy_id", "number"),
        Index(None, "chain_id", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    policy_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str]
    wording: Mapped[str] = mapped_column(Text())
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]


class PolicyAcceptance(ChainScoped, Base):
    """Somebody has read this wording and accepts it."""

    __tablename__ = "policy_acceptances"

    edition_id: Mapped[UUID] = mapped_column(ForeignKey("policy_editions.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
