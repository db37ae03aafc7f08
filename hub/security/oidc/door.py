"""Signing in by a company account: only people whom the chain has already, and never by name alone.

A person is found by the provider's own id for them; at the first time by an e-mail address that the
provider has verified, in a domain that the administrator named. Nobody is added, no role is given.
What belongs to one sign-in lies in this browser's cookie alone: nothing is kept, nothing to flood.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.errors import InvalidError, NotFoundError, T, UnauthorizedError
from hub.kit.asker import Asker, EveryRight
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.kit.records.ports import Place, Vault
from hub.security.oidc.journey import Claims, Client, Demand, Journey
from hub.security.oidc.models import OidcProvider, OidcSubject
from hub.security.records import User
from hub.security.sessions import Account, Origin, Token
from hub.security.sign_in import SignIn

if TYPE_CHECKING:
    from hub.security.oidc.provider import Provider

TABLE, COLUMN = "oidc_providers", "client_secret"
_NONE = T("没有设置公司账号登录。", "Signing in by a company account is not set up.")
_STALE = T(
    "登录超时或从别处打开，请重新登录。", "That took too long or began elsewhere; try again."
)
_UNKNOWN = T(
    "这个公司账号不在本系统里：请管理员在“人员”里添加您，并填上公司邮箱。",
    "This company account is nobody here: ask your administrator to add you with your company "
    "e-mail address.",
)
_DOMAINS = T("写成 example.com，用逗号分开。", "Write example.com, with commas between.")
_EMPTY = T("请填写。", "This is needed.")


@dataclass(frozen=True, slots=True)
class Settings:
    """As the administrator types them; an empty secret keeps the one that is there."""

    name: str
    issuer: str
    client_id: str
    secret: str
    email_domains: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of the sign-in page."""

    id: UUID
    name: str


class CompanyDoor:
    """Beside the front door; what opens in the end is the same kind of session."""

    def __init__(self, db: Database, vault: Vault, front: SignIn, demand: Demand) -> None:
        self._db, self._vault, self._front = db, vault, front
        self._demand = demand

    @cached_property
    def _provider(self) -> "Provider":
        return self._new_provider()

    def _new_provider(self) -> "Provider":
        from hub.security.oidc.provider import Provider  # noqa: PLC0415  # 8 MB, for who has such

        return Provider(self._demand)

    # signing in

    def choices(self) -> list[Choice]:
        query = select(OidcProvider.id, OidcProvider.name).where(OidcProvider.is_on)
        with self._db.system_read("oidc") as connection:
            return [Choice(*row) for row in connection.execute(query.order_by(OidcProvider.name))]

    def begin(self, provider_id: UUID, back: str) -> tuple[str, str]:
        """The secret for this browser's cookie, and where it goes now."""
        secret = secrets.token_urlsafe(32)
        row = self._provider_row(provider_id)
        return secret, self._provider.way_there(self._client(row, back), journey_of(secret))

    def finish(
        self, provider_id: UUID, secret: str, state: str, code: str, back: str, origin: Origin
    ) -> Token:
        """A new session, or SecondFactorError where the person has a factor of our own.

        UnauthorizedError for whoever is nobody here, ProviderError when the answer is not sound.
        """
        journey = journey_of(secret)
        if not secret or not hmac.compare_digest(journey.state, state):
            raise UnauthorizedError(_STALE)
        row = self._provider_row(provider_id)
        claims = self._provider.claims(self._client(row, back), journey, code)
        with self._db.system("oidc") as connection:
            account = self._who(connection, row, claims)
            if account is None:
                asker = Asker(None, "?", EveryRight(), origin.address)
                told = {"by": [None, row.name]}
                note(connection, "sign_in_failed", asker, chain_id=row.chain_id, values=told)
        if account is None:
            raise UnauthorizedError(_UNKNOWN)
        return self._front.enter(account, origin)

    def _who(self, connection: Connection, row: OidcProvider, claims: Claims) -> Account | None:
        """Whoever was linked stays the one, shut out or not: no other person takes the place."""
        query = (
            select(User.id, User.chain_id, User.name, User.archived_at)
            .join(OidcSubject, OidcSubject.user_id == User.id)
            .where(OidcSubject.provider_id == row.id, OidcSubject.subject == claims.subject)
        )
        found = connection.execute(query).first()
        if found is None:
            return self._link(connection, row, claims)
        return None if found.archived_at else Account(found.id, found.chain_id, found.name, "")

    def _link(self, connection: Connection, row: OidcProvider, claims: Claims) -> Account | None:
        """The one person of this verified address, from now on known by the provider's id."""
        domain = claims.email.rpartition("@")[2].lower()
        if not claims.is_verified or not domain or domain not in domains_of(row.email_domains):
            return None
        linked = select(OidcSubject.user_id).where(OidcSubject.provider_id == row.id)
        query = (
            select(User.id, User.chain_id, User.name)
            .where(User.chain_id == row.chain_id, User.archived_at.is_(None))
            .where(func.lower(User.email) == claims.email.lower(), User.id.not_in(linked))
        )
        found = connection.execute(query.limit(2)).all()
        if len(found) != 1:
            return None
        account = Account(*found[0], "")
        link = {"provider_id": row.id, "subject": claims.subject, "user_id": account.id}
        connection.execute(insert(OidcSubject).values(chain_id=row.chain_id, **link))
        asker = Asker(account.id, account.name, EveryRight())
        about = {"chain_id": row.chain_id, "record_type": "users", "record_id": account.id}
        note(connection, "company_account_linked", asker, **about)
        return account

    # settings

    def settings(self, chain_id: UUID) -> Settings | None:
        """Without the secret, which nobody sees again."""
        query = select(OidcProvider.__table__).where(OidcProvider.chain_id == chain_id)
        with self._db.system_read("oidc") as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Settings(row.name, row.issuer, row.client_id, "", row.email_domains, row.is_on)

    def keep(self, chain_id: UUID, wish: Settings, asker: Asker) -> None:
        """InvalidError for what cannot work; another issuer forgets who was who at the old one."""
        old = self.settings(chain_id)
        self._refuse(wish, old)
        with self._db.system("oidc") as connection:
            where = OidcProvider.chain_id == chain_id
            row_id = connection.scalar(select(OidcProvider.id).where(where))
            values = {
                "name": wish.name.strip(),
                "issuer": wish.issuer.strip(),
                "client_id": wish.client_id.strip(),
                "email_domains": ", ".join(sorted(domains_of(wish.email_domains))),
                "is_on": wish.is_on,
            }
            new_id = row_id or uuid7()
            if wish.secret:
                place = Place(chain_id, TABLE, COLUMN, new_id)
                values["client_secret"] = self._vault.seal(place, wish.secret)
            if row_id is None:
                values |= {"id": new_id, "chain_id": chain_id}
                connection.execute(insert(OidcProvider).values(values))
            else:
                connection.execute(update(OidcProvider).where(where).values(values))
            if old is not None and old.issuer != values["issuer"]:
                gone = delete(OidcSubject).where(OidcSubject.provider_id == new_id)
                connection.execute(gone)
            kept = {n: [getattr(old, n, None), v] for n, v in values.items() if n in _TOLD}
            note(connection, "company_accounts_set", asker, chain_id=chain_id, values=kept)

    def unlink(self, chain_id: UUID, user_id: UUID, asker: Asker) -> bool:
        """Forget who somebody is at the provider; False when nobody was linked."""
        gone = delete(OidcSubject).where(
            OidcSubject.chain_id == chain_id, OidcSubject.user_id == user_id
        )
        with self._db.system("oidc") as connection:
            count = connection.execute(gone).rowcount
            if count:
                about = {"chain_id": chain_id, "record_type": "users", "record_id": user_id}
                note(connection, "company_account_unlinked", asker, **about)
        return bool(count)

    def is_linked(self, user_id: UUID) -> bool:
        query = select(OidcSubject.user_id).where(OidcSubject.user_id == user_id)
        with self._db.system_read("oidc") as connection:
            return connection.execute(query).first() is not None

    def _refuse(self, wish: Settings, old: Settings | None) -> None:
        """What the form shows beside its fields; the issuer is asked, so a typing error shows."""
        needed = {"name": wish.name, "issuer": wish.issuer, "client_id": wish.client_id}
        if old is None:
            needed["secret"] = wish.secret
        wrong = {name: _EMPTY for name, value in needed.items() if not value.strip()}
        if any("." not in one or "@" in one for one in domains_of(wish.email_domains)):
            wrong["email_domains"] = _DOMAINS
        if wrong:
            raise InvalidError(T("有几处要改。", "Some of it needs correcting."), wrong)
        if wish.is_on:
            probe = Client(wish.issuer.strip(), wish.client_id, "", "https://localhost/")
            self._new_provider().way_there(probe, journey_of("probe"))

    def _provider_row(self, provider_id: UUID) -> OidcProvider:
        query = select(OidcProvider.__table__).where(
            OidcProvider.id == provider_id, OidcProvider.is_on
        )
        with self._db.system_read("oidc") as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFoundError(_NONE)
        return OidcProvider(**row._mapping)

    def _client(self, row: OidcProvider, back: str) -> Client:
        place = Place(row.chain_id, TABLE, COLUMN, row.id)
        secret = self._vault.open(place, row.client_secret)
        return Client(row.issuer, row.client_id, secret, back)


_TOLD = frozenset({"name", "issuer", "client_id", "email_domains", "is_on"})


def journey_of(secret: str) -> Journey:
    """State, nonce and verifier of one sign-in; each tells nothing of the others."""

    def part(name: bytes) -> str:
        made = hmac.new(secret.encode(), name, hashlib.sha256).digest()
        return urlsafe_b64encode(made).decode().rstrip("=")

    return Journey(part(b"state"), part(b"nonce"), part(b"verifier"))


def domains_of(text: str) -> frozenset[str]:
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())
