"""Computers that several people share: enrolled by a manager, changed over by PIN.

A PIN opens only on an enrolled PC, only for people with a role of their own in its store, and only
while it is neither stopped by wrong tries nor overruled by a role that demands a second factor.
What it opens is an ordinary session of that person, with a short idle limit.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Connection, Select, delete, exists, insert, select, update
from sqlalchemy.sql import ColumnElement

from hub.errors import InvalidError, NotFoundError, T, UnauthorizedError
from hub.kit.asker import Asker, EveryRight
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.security.actor import Actor
from hub.security.lockout import Rule, count_failure, forget_failures, locked_until
from hub.security.models import Pin, Role, SharedPc, SignInSession, UserRole
from hub.security.passwords import common
from hub.security.records import User
from hub.security.sessions import Account, Origin, Token, digest, open_session
from hub.security.sign_in import LockedError, SignIn

ENROL = "stores.update"
"""Who may enrol a PC: whoever may change its store."""

PIN_DIGITS = 6
PIN_TRIES = 5
PIN_LIFE = timedelta(hours=12)
_GUESSED = {"520131", "131420", "147258", "159357", "168168", "789456", "112233"}
PC = Rule("shared_pc", 10)
_WRONG = T("PIN 不正确。", "The PIN is wrong.")
_STOPPED = T(
    "PIN 连错五次，已停用。请用密码完整登录一次。",
    "Five wrong tries: this PIN is stopped. Sign in once with your password.",
)
_WEAK = T("PIN 是六位数字，不能太简单。", "A PIN has six digits and must not be too simple.")
_NO_PC = T("这台电脑没有登记为共用电脑。", "This computer is not enrolled as a shared PC.")
_NO_NAME = T("请给这台电脑起个名字。", "Give this computer a name.")


@dataclass(frozen=True, slots=True)
class EnrolledPc:
    """One shared computer; its secret is in its browser alone."""

    id: UUID
    chain_id: UUID
    store_id: UUID
    name: str
    enrolled_by: str
    enrolled_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody who may change over to themselves on a PC."""

    user_id: UUID
    name: str


class SharedPcs:
    """Enrols, lists and revokes shared PCs, keeps PINs, and changes persons. Any thread."""

    def __init__(self, db: Database, sign_in: SignIn) -> None:
        self._db = db
        self._sign_in = sign_in

    def enrol(self, actor: Actor, store_id: UUID, name: str, asker: Asker) -> str:
        """A secret for the browser of this PC; nobody else ever sees it."""
        actor.demand(ENROL, store_id)
        if not name.strip():
            raise InvalidError(_NO_NAME, {"name": _NO_NAME})
        secret, pc_id = secrets.token_urlsafe(32), uuid7()
        place = {"id": pc_id, "chain_id": actor.chain_id, "store_id": store_id}
        told = {"name": name.strip()[:60], "token_hash": digest(secret), "enrolled_by": asker.name}
        with self._db.system("shared_pc") as connection:
            connection.execute(insert(SharedPc).values(**place, **told))
            _note(connection, "pc_enrolled", asker, actor.chain_id, pc_id, store_id)
        return secret

    def revoke(self, actor: Actor, pc_id: UUID, asker: Asker) -> None:
        """Its browser is a stranger from now on, and whoever works there by PIN is out."""
        pc = next((one for one in self.listed(actor) if one.id == pc_id), None)
        if pc is None:
            raise NotFoundError(_NO_PC)
        now, on_it = utc_now(), SignInSession.pc_id == pc_id
        ended = update(SignInSession).where(on_it, SignInSession.ended_at.is_(None))
        with self._db.system("shared_pc") as connection:
            connection.execute(update(SharedPc).where(SharedPc.id == pc_id).values(revoked_at=now))
            connection.execute(ended.values(ended_at=now))
            _note(connection, "pc_revoked", asker, actor.chain_id, pc_id, pc.store_id)

    def listed(self, actor: Actor) -> list[EnrolledPc]:
        """Those of the stores that the actor may enrol PCs of."""
        mine = [SharedPc.chain_id == actor.chain_id]
        reach = actor.reach(ENROL)
        if reach is not None:
            mine.append(SharedPc.store_id.in_(reach))
        with self._db.system_read("shared_pc") as connection:
            return _pcs(connection, *mine)

    def find(self, secret: str) -> EnrolledPc:
        """The PC whose browser shows this; UnauthorizedError when it is none of ours."""
        with self._db.system_read("shared_pc") as connection:
            found = _pcs(connection, SharedPc.token_hash == digest(secret))
        if not found:
            raise UnauthorizedError(_NO_PC)
        return found[0]

    def people(self, pc: EnrolledPc) -> list[Face]:
        """Who may change over here, by name."""
        with self._db.system_read("shared_pc") as connection:
            rows = connection.execute(_allowed(pc).order_by(User.name, User.id)).all()
        return [Face(row.id, row.name) for row in rows]

    def set_pin(self, actor: Actor, password: str, pin: str, origin: Origin) -> None:
        """After the password was given once more; a wrong one counts as a failure."""
        demand_pin(pin)
        self._sign_in.confirm(actor, password, origin)
        hashed = self._sign_in.passwords.hash(pin)
        row = {"user_id": actor.user_id, "chain_id": actor.chain_id, "pin_hash": hashed}
        asker = Asker(actor.user_id, actor.name, actor, origin.address)
        with self._db.system("pin") as connection:
            connection.execute(delete(Pin).where(Pin.user_id == actor.user_id))
            connection.execute(insert(Pin).values(**row, failures=0))
            note(connection, "pin_set", asker, chain_id=actor.chain_id)

    def remove_pin(self, actor: Actor) -> None:
        with self._db.system("pin") as connection:
            connection.execute(delete(Pin).where(Pin.user_id == actor.user_id))

    def has_pin(self, actor: Actor) -> bool:
        with self._db.system_read("pin") as connection:
            query = select(Pin.user_id).where(Pin.user_id == actor.user_id)
            return connection.scalar(query) is not None

    def switch(self, pc: EnrolledPc, user_id: UUID, pin: str, origin: Origin) -> Token:
        """A session of this person on this PC.

        UnauthorizedError when the PIN is wrong, stopped or may not open here, LockedError (429)
        while this PC rests after too many wrong tries.
        """
        with self._db.system_read("pin") as connection:
            until = locked_until(connection, [PC.key(str(pc.id))], utc_now())
            row = connection.execute(_allowed(pc).where(User.id == user_id)).first()
        if until:
            raise LockedError(until)
        if row is not None and row.failures >= PIN_TRIES:
            raise UnauthorizedError(_STOPPED)
        with self._sign_in.passwords.turn():
            kept = row.pin_hash if row else None
            right = self._sign_in.passwords.is_right(pin[:PIN_DIGITS], kept)
        if row is None or not right or len(pin) != PIN_DIGITS:
            self._refuse(pc, user_id if row else None, origin)
            raise UnauthorizedError(_WRONG)
        return self._open(pc, Account(row.id, pc.chain_id, row.name, ""), origin)

    def _open(self, pc: EnrolledPc, account: Account, origin: Origin) -> Token:
        asker = Asker(account.id, account.name, EveryRight(), origin.address)
        with self._db.system("pin") as connection:
            connection.execute(update(Pin).where(Pin.user_id == account.id).values(failures=0))
            used = update(SharedPc).where(SharedPc.id == pc.id)
            connection.execute(used.values(used_at=utc_now()))
            forget_failures(connection, PC, str(pc.id))
            token = open_session(connection, account, origin, PIN_LIFE, cookie=True, pc_id=pc.id)
            _note(connection, "pin_sign_in", asker, pc.chain_id, token.session_id, pc.store_id)
        return token

    def _refuse(self, pc: EnrolledPc, user_id: UUID | None, origin: Origin) -> None:
        asker = Asker(user_id, pc.name, EveryRight(), origin.address)
        with self._db.system("pin") as connection:
            if user_id:
                one_more = update(Pin).where(Pin.user_id == user_id)
                connection.execute(one_more.values(failures=Pin.failures + 1))
            count_failure(connection, PC, str(pc.id), utc_now())
            _note(connection, "pin_failed", asker, pc.chain_id, pc.id, pc.store_id)


def demand_pin(pin: str) -> None:
    """InvalidError unless it has six digits that are no row, no repetition and no favourite."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)} if pin.isdigit() else {0}
    is_row = len(steps) == 1 and steps <= {-1, 0, 1}
    is_pattern = pin[:3] == pin[3:] or pin[:2] * 3 == pin
    is_guessed = pin in _GUESSED or pin in common()
    if len(pin) != PIN_DIGITS or not pin.isascii() or is_row or is_pattern or is_guessed:
        raise InvalidError(_WEAK, {"pin": _WEAK})


def _pcs(connection: Connection, *where: ColumnElement[bool]) -> list[EnrolledPc]:
    table = SharedPc
    query = select(
        table.id,
        table.chain_id,
        table.store_id,
        table.name,
        table.enrolled_by,
        table.enrolled_at,
        table.used_at,
    ).where(table.revoked_at.is_(None), *where)
    return [EnrolledPc(*row) for row in connection.execute(query.order_by(table.name))]


def _allowed(pc: EnrolledPc) -> Select[UUID, str, str, int]:
    """People with a PIN, a role of their own in the store, and no role that demands more."""
    held = UserRole.user_id == User.id
    here = exists().where(held, UserRole.store_id == pc.store_id)
    strict = exists().where(held, UserRole.role_id == Role.id, Role.needs_second_factor)
    return (
        select(User.id, User.name, Pin.pin_hash, Pin.failures)
        .join(Pin, Pin.user_id == User.id)
        .where(User.chain_id == pc.chain_id, User.archived_at.is_(None), here, ~strict)
    )


def _note(
    connection: Connection,
    action: str,
    asker: Asker,
    chain_id: UUID,
    record_id: UUID,
    store_id: UUID,
) -> None:
    note(connection, action, asker, chain_id=chain_id, record_id=record_id, store_id=store_id)
