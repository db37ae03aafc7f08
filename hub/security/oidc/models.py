"""Tables of company accounts: whom the hub believes, and who is who there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped
from hub.kit.ids import uuid7


class OidcProvider(ChainScoped, Base):
    """The one provider of a chain; `client_secret` is sealed.

    `email_domains`, by comma, are those whose verified addresses may find a person at the first
    sign-in; without any, people are found by nothing but an earlier link.
    """

    __tablename__ = "oidc_providers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    chain_id: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str]
    email_domains: Mapped[str]
    is_on: Mapped[bool]


class OidcSubject(ChainScoped, Base):
    """Who somebody at the provider is here; found by e-mail once, by this from then on."""

    __tablename__ = "oidc_subjects"

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("oidc_providers.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    linked_at: Mapped[datetime] = mapped_column(default=utc_now)
