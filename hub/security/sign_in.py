"""Signing in and out, and changing one's password; each leaves a row in the audit."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, select, update

from hub.errors import InvalidError, T, UnauthorizedError
from hub.kit.asker import Asker, EveryRight
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import HUB, note
from hub.security.actor import Actor
from hub.security.lockout import ACCOUNT, ADDRESS, count_failure, forget_failures, locked_until
from hub.security.models import Credential, Pin
from hub.security.passwords import MAX_LENGTH, Passwords, demand_strong
from hub.security.records import User
from hub.security.second_factor import FactorKind, SecondFactors, wrong_code
from hub.security.sessions import (
    Account,
    Lifetimes,
    Origin,
    Sessions,
    Token,
    end_sessions,
    open_session,
)
from hub.security.steps import Step, find_step, open_step, use_step

if TYPE_CHECKING:
    from hub.security.passkeys import Passkeys

_WRONG = T("用户名或密码不正确。", "The user name or the password is wrong.")
_WRONG_CODE = T("验证码不正确或已用过。", "The code is wrong or was used already.")


class LockedError(UnauthorizedError):
    """Too many failures; the sentence says when to try again."""

    status = 429

    def __init__(self, until: datetime) -> None:
        minutes = max(1, round((until - utc_now()).total_seconds() / 60))
        text = T(
            "失败次数太多，请 {n} 分钟后再试。", "Too many failures; try again in {n} min."
        ).format(n=minutes)
        super().__init__(text)
        self.until = until


class SecondFactorError(UnauthorizedError):
    """The password was right; `step` and one of `kinds` open the door within five minutes."""

    def __init__(self, step: str, kinds: frozenset[FactorKind]) -> None:
        super().__init__(T("还需要验证码。", "A second factor is needed as well (`otp`)."))
        self.step, self.kinds = step, kinds

    def members(self) -> dict[str, object]:
        return {"second_factor": sorted(self.kinds)}


class SignIn:
    """The front door. Safe from many threads; never holds a transaction while argon2 works."""

    def __init__(self, db: Database, passwords: Passwords, lifetimes: Lifetimes) -> None:
        self._db = db
        self.passwords = passwords
        self.sessions = Sessions(db, lifetimes)
        self.factors = SecondFactors(db, db.ports.vault)

    @cached_property
    def passkeys(self) -> "Passkeys":
        from hub.security.passkeys import Passkeys  # noqa: PLC0415  # 6 MB, for who has one

        return Passkeys(self._db)

    def sign_in(
        self, username: str, password: str, origin: Origin, *, cookie: bool, otp: str = ""
    ) -> Token:
        """A new session.

        UnauthorizedError when name, password or `otp` is wrong, LockedError (429) after too many
        failures, SecondFactorError when the password alone does not open.
        """
        name = username.strip().lower()
        with self.passwords.turn():
            account = self._look_up(name, origin)
            right = self._is_right(password, account)
        if account is None or not right:
            self._refuse(name, account, origin)
            raise UnauthorizedError(_WRONG)
        kinds = self._kinds(account)
        if kinds and not otp:
            raise self._second(account, kinds)
        if kinds and not self.factors.is_right(account.chain_id, account.id, otp):
            self._refuse(name, account, origin)
            raise UnauthorizedError(_WRONG_CODE)
        return self._open(account, name, origin, cookie=cookie)

    def enter(self, account: Account, origin: Origin) -> Token:
        """A new session of somebody for whom the company vouches, in place of a password.

        SecondFactorError where the person has a factor of our own.
        """
        kinds = self._kinds(account)
        if kinds:
            raise self._second(account, kinds)
        return self._open(account, "", origin, cookie=True)

    def _kinds(self, account: Account) -> frozenset[FactorKind]:
        with self._db.system_read("sign_in") as connection:
            return self.factors.kinds(connection, account.id)

    def _second(self, account: Account, kinds: frozenset[FactorKind]) -> SecondFactorError:
        with self._db.system("sign_in") as connection:
            return SecondFactorError(open_step(connection, account.chain_id, account.id), kinds)

    def step(self, secret: str) -> tuple[Step, frozenset[FactorKind]]:
        """Who stands between password and second factor, and what would open."""
        with self._db.system_read("sign_in") as connection:
            step = find_step(connection, secret)
            return step, self.factors.kinds(connection, step.user_id)

    def finish(self, secret: str, origin: Origin, proof: Callable[[Step], bool]) -> Token:
        """The second half of signing in by a page; a wrong proof counts as a failure."""
        step, _ = self.step(secret)
        with self._db.system_read("sign_in") as connection:
            demand_unlocked(connection, step.username, origin)
        account = Account(step.user_id, step.chain_id, step.name, "")
        if not proof(step):
            self._refuse(step.username, account, origin)
            raise wrong_code()
        with self._db.system("sign_in") as connection:
            use_step(connection, secret)
        return self._open(account, step.username, origin, cookie=True)

    def _open(self, account: Account, name: str, origin: Origin, *, cookie: bool) -> Token:
        lifetimes = self.sessions.lifetimes
        life = lifetimes.cookie if cookie else lifetimes.bearer
        with self._db.system("sign_in") as connection:
            if name:
                forget_failures(connection, ACCOUNT, name)
            connection.execute(update(Pin).where(Pin.user_id == account.id).values(failures=0))
            token = open_session(connection, account, origin, life, cookie=cookie)
            self._note(connection, "sign_in", account, origin, token.session_id)
        return token

    def sign_out(self, actor: Actor, origin: Origin, session_id: UUID | None = None) -> bool:
        """End this session, or another of the actor's own; False when it was none of theirs."""
        only = session_id or actor.session_id
        with self._db.system("sign_out") as connection:
            ended = end_sessions(connection, actor.user_id, only=only)
            if ended:
                self._note_actor(connection, "sign_out", actor, origin, only)
        return bool(ended)

    def change_password(self, actor: Actor, old: str, new: str, origin: Origin) -> None:
        """Set a new password and end all other sessions; a wrong old one counts as a failure."""
        demand_strong(new, actor.username)
        if old == new:
            same = T("新密码与旧密码相同。", "The new password is the old one.")
            raise InvalidError(same, {"password": same})
        self.confirm(actor, old, origin)
        hashed = self.passwords.hash(new)
        with self._db.system("password") as connection:
            connection.execute(
                update(Credential)
                .where(Credential.user_id == actor.user_id)
                .values(password_hash=hashed, must_change=False, changed_at=utc_now())
            )
            end_sessions(connection, actor.user_id, keep=actor.session_id)
            self._note_actor(connection, "password_changed", actor, origin, actor.session_id)

    def confirm(self, actor: Actor, password: str, origin: Origin) -> None:
        """The password once more before something that counts; a wrong one counts as a failure."""
        with self.passwords.turn():
            account = self._look_up(actor.username, origin)
            right = self._is_right(password, account)
        if not right:
            self._refuse(actor.username, account, origin)
            wrong = T("现在的密码不正确。", "The present password is wrong.")
            raise InvalidError(wrong, {"old_password": wrong})

    def _look_up(self, name: str, origin: Origin) -> Account | None:
        """The account of this name; LockedError while name or address is locked."""
        account = (
            select(User.id, User.chain_id, User.name, Credential.password_hash)
            .join(Credential, Credential.user_id == User.id)
            .where(User.username == name, User.archived_at.is_(None))
        )
        with self._db.system_read("sign_in") as connection:
            demand_unlocked(connection, name, origin)
            row = connection.execute(account).first()
        return Account(*row) if row else None

    def _is_right(self, password: str, account: Account | None) -> bool:
        kept = account.password_hash if account else None
        return len(password) <= MAX_LENGTH and self.passwords.is_right(password, kept)

    def _refuse(self, name: str, account: Account | None, origin: Origin) -> None:
        now = utc_now()
        with self._db.system("sign_in") as connection:
            locked = count_failure(connection, ACCOUNT, name, now)
            locked = count_failure(connection, ADDRESS, origin.address, now) or locked
            self._note(connection, "locked" if locked else "sign_in_failed", account, origin, None)

    @staticmethod
    def _note(
        connection: Connection,
        action: str,
        account: Account | None,
        origin: Origin,
        session_id: UUID | None,
    ) -> None:
        """An unknown name is not written down: people type passwords into the wrong field."""
        user_id, chain_id, name = (None, HUB, "?")
        if account is not None:
            user_id, chain_id, name = account.id, account.chain_id, account.name
        asker = Asker(user_id, name, EveryRight(), origin.address)
        note(connection, action, asker, chain_id=chain_id, record_id=session_id)

    @staticmethod
    def _note_actor(
        connection: Connection, action: str, actor: Actor, origin: Origin, session_id: UUID
    ) -> None:
        asker = Asker(actor.user_id, actor.name, actor, origin.address)
        note(connection, action, asker, chain_id=actor.chain_id, record_id=session_id)


def demand_unlocked(connection: Connection, name: str, origin: Origin) -> None:
    """LockedError while the account or the address is locked."""
    keys = [ACCOUNT.key(name), ADDRESS.key(origin.address)]
    until = locked_until(connection, keys, utc_now())
    if until:
        raise LockedError(until)
