"""The second proof of who signs in: an authenticator app, a passkey, or a recovery code."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import pyotp
from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.kit.records.ports import Place, Vault
from hub.security.actor import Actor
from hub.security.models import RecoveryCode, SecondFactor

STEP_S = 30
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_WRONG = T("验证码不正确或已用过。", "The code is wrong or was used already.")
ISSUER = "StoreVitals"


class FactorKind(StrEnum):
    APP = "app"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of a person's list of second factors."""

    id: UUID
    kind: FactorKind
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class AppSetup:
    """What an authenticator app needs: `uri` as a QR code, `secret` to be typed."""

    factor_id: UUID
    secret: str
    uri: str


def wrong_code() -> InvalidError:
    return InvalidError(_WRONG, {"code": _WRONG})


class SecondFactors:
    """Keeps and checks authenticator apps and recovery codes; the secrets are sealed."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault = db, vault

    def listed(self, user_id: UUID) -> list[Factor]:
        table = SecondFactor
        query = (
            select(table.id, table.kind, table.name, table.created_at, table.used_at)
            .where(table.user_id == user_id, table.confirmed_at.is_not(None))
            .order_by(table.id)
        )
        with self._db.system_read("second_factor") as connection:
            rows = connection.execute(query).all()
        return [Factor(r.id, FactorKind(r.kind), r.name, r.created_at, r.used_at) for r in rows]

    def codes_left(self, user_id: UUID) -> int:
        query = select(RecoveryCode.code_hash).where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
        )
        with self._db.system_read("second_factor") as connection:
            return len(connection.execute(query).all())

    def begin_app(self, actor: Actor) -> AppSetup:
        """A new secret, which counts once a code of it was shown."""
        factor_id, secret = uuid7(), pyotp.random_base32()
        sealed = self._vault.seal(_place(actor.chain_id, factor_id), secret)
        unfinished = delete(SecondFactor).where(
            SecondFactor.user_id == actor.user_id, SecondFactor.confirmed_at.is_(None)
        )
        row = {"id": factor_id, "chain_id": actor.chain_id, "user_id": actor.user_id}
        with self._db.system("second_factor") as connection:
            connection.execute(unfinished)
            connection.execute(
                insert(SecondFactor).values(
                    **row, kind=FactorKind.APP, name="", secret=sealed, counter=0
                )
            )
        uri = pyotp.TOTP(secret).provisioning_uri(name=actor.username, issuer_name=ISSUER)
        return AppSetup(factor_id, secret, uri)

    def app_setup(self, actor: Actor, factor_id: UUID) -> AppSetup:
        """An unfinished setup again, for a page that is shown once more."""
        with self._db.system_read("second_factor") as connection:
            row = connection.execute(_own(actor, factor_id)).first()
        if row is None or row.confirmed_at is not None:
            raise NotFoundError(T("请重新开始设置。", "Begin the setup again."))
        secret = self._vault.open(_place(actor.chain_id, factor_id), row.secret)
        uri = pyotp.TOTP(secret).provisioning_uri(name=actor.username, issuer_name=ISSUER)
        return AppSetup(factor_id, secret, uri)

    def confirm_app(
        self, actor: Actor, factor_id: UUID, code: str, name: str, asker: Asker
    ) -> list[str]:
        """The app counts from now on; gives recovery codes when there are none yet."""
        setup = self.app_setup(actor, factor_id)
        step = _step_of(setup.secret, code)
        if step is None:
            raise wrong_code()
        values = {"confirmed_at": utc_now(), "counter": step, "name": name.strip()[:60]}
        with self._db.system("second_factor") as connection:
            whose = update(SecondFactor).where(SecondFactor.id == factor_id)
            connection.execute(whose.values(values))
            note_factor(connection, "second_factor_added", actor, asker)
        return [] if self.codes_left(actor.user_id) else self.new_codes(actor, asker)

    def remove(self, actor: Actor, factor_id: UUID, asker: Asker) -> None:
        with self._db.system("second_factor") as connection:
            own = (SecondFactor.id == factor_id, SecondFactor.user_id == actor.user_id)
            if not connection.execute(delete(SecondFactor).where(*own)).rowcount:
                raise NotFoundError(T("没有这项验证。", "There is no such second factor."))
            note_factor(connection, "second_factor_removed", actor, asker)

    def remove_all(self, chain_id: UUID, user_id: UUID, asker: Asker) -> None:
        """The recovery path for somebody who lost phone and codes, by an administrator."""
        about = {"chain_id": chain_id, "record_type": "users", "record_id": user_id}
        with self._db.system("second_factor") as connection:
            for table in (SecondFactor, RecoveryCode):
                whose = (table.user_id == user_id, table.chain_id == chain_id)
                connection.execute(delete(table).where(*whose))
            note(connection, "second_factor_reset", asker, **about)

    def new_codes(self, actor: Actor, asker: Asker) -> list[str]:
        """Ten codes for paper; the ones before are good no more. They cannot be shown again."""
        codes = ["-".join((_word(), _word())) for _ in range(RECOVERY_CODES)]
        rows = [
            {"chain_id": actor.chain_id, "user_id": actor.user_id, "code_hash": _hash(code)}
            for code in codes
        ]
        with self._db.system("second_factor") as connection:
            connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == actor.user_id))
            connection.execute(insert(RecoveryCode), rows)
            note_factor(connection, "recovery_codes_made", actor, asker)
        return codes

    def kinds(self, connection: Connection, user_id: UUID) -> frozenset[FactorKind]:
        """Which second factors somebody has; empty: the password alone opens."""
        query = select(SecondFactor.kind).where(
            SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
        )
        return frozenset(FactorKind(kind) for kind in connection.scalars(query))

    def is_right(self, chain_id: UUID, user_id: UUID, code: str) -> bool:
        """Whether a code of an app or of the paper opens, once; uses it up."""
        plain = "".join(code.split()).lower()
        if plain.isdecimal():
            return any(self._uses_step(chain_id, row, plain) for row in self._apps(user_id))
        used = (
            update(RecoveryCode)
            .where(RecoveryCode.code_hash == _hash(plain), RecoveryCode.user_id == user_id)
            .where(RecoveryCode.used_at.is_(None))
            .values(used_at=utc_now())
        )
        with self._db.system("second_factor") as connection:
            return connection.execute(used).rowcount == 1

    def _apps(self, user_id: UUID) -> Sequence[Row[UUID, str | None]]:
        query = select(SecondFactor.id, SecondFactor.secret).where(
            SecondFactor.user_id == user_id,
            SecondFactor.kind == FactorKind.APP,
            SecondFactor.confirmed_at.is_not(None),
        )
        with self._db.system_read("second_factor") as connection:
            return connection.execute(query).all()

    def _uses_step(self, chain_id: UUID, row: Row[UUID, str | None], code: str) -> bool:
        """A code counts once: the step that it belongs to must be later than the last one."""
        secret = self._vault.open(_place(chain_id, row.id), row.secret or "")
        step = _step_of(secret, code)
        if step is None:
            return False
        used = (
            update(SecondFactor)
            .where(SecondFactor.id == row.id, SecondFactor.counter < step)
            .values(counter=step, used_at=utc_now())
        )
        with self._db.system("second_factor") as connection:
            return connection.execute(used).rowcount == 1


def note_factor(connection: Connection, action: str, actor: Actor, asker: Asker) -> None:
    about = {"chain_id": actor.chain_id, "record_type": "users", "record_id": actor.user_id}
    note(connection, action, asker, **about)


def _own(actor: Actor, factor_id: UUID) -> Select[str | None, datetime | None]:
    table = SecondFactor
    return select(table.secret, table.confirmed_at).where(
        table.id == factor_id, table.user_id == actor.user_id
    )


def _step_of(secret: str, code: str) -> int | None:
    """The time step of a code: this one, or one before or after for a clock that is off."""
    app = pyotp.TOTP(secret)
    now = int(utc_now().timestamp()) // STEP_S
    plain = "".join(code.split())
    for step in (now, now - 1, now + 1):
        if secrets.compare_digest(app.generate_otp(step).encode(), plain.encode()):
            return step
    return None


def _place(chain_id: UUID, factor_id: UUID) -> Place:
    return Place(chain_id, "second_factors", "secret", factor_id)


def _word() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def _hash(code: str) -> bytes:
    plain = "".join(c for c in code.lower() if c in _ALPHABET)
    return hashlib.sha256(plain.encode()).digest()
