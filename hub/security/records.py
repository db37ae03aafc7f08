"""Users: the people who sign in. Archiving a user ends every session."""

import re
from uuid import UUID

from sqlalchemy import Connection, Index, select, update
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, Session

from hub.errors import ConflictError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    text,
)
from hub.kit.records.search import Searchable
from hub.security.models import Role, SignInSession, UserRole

ADMIN = "admin"
_LAST = T("至少要留一位全连锁的管理员。", "One admin of the whole chain must remain.")
_SELF = T("不能停用自己。", "You cannot disable yourself.")
_SYSTEM = {"system": "who leaves"}

_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]*")


def plain_name(value: str) -> T | None:
    """User names are typed on any keyboard and compared exactly."""
    if _PLAIN_NAME.fullmatch(value):
        return None
    return T("只能用小写字母、数字和 . _ - @。", "Use only a-z, 0-9 and . _ - @.")


class PageLanguage(Choice):
    """The value is what `?lang=` says."""

    ZH = "zh", "简体中文", "Simplified Chinese"
    HANT = "zh-Hant", "繁体中文", "Traditional Chinese"
    EN = "en", "英文", "English"


class User(Searchable, Record):
    """A person; the password is in `credentials`, the roles in `user_roles`."""

    __tablename__ = "users"
    __table_args__ = (
        # Unique over all chains, for people sign in by it alone.
        Index(
            "uq_users_username",
            "username",
            unique=True,
            sqlite_where=sql_text("archived_at IS NULL"),
            postgresql_where=sql_text("archived_at IS NULL"),
        ),
    )
    __record__ = RecordType(
        label=T("用户", "Users"),
        one=T("用户", "User"),
        rights="users",
        order="username",
        start=T("添加第一位同事。", "Add your first colleague."),
    )

    username: Mapped[str] = text("用户名", "User name", LIST | SEARCH, max=64, check=plain_name)
    name: Mapped[str] = text("姓名", "Name", LIST | SEARCH | TITLE, max=80)
    language: Mapped[PageLanguage] = choice(
        "语言", "Language", PageLanguage, LIST | FILTER, default=PageLanguage.ZH
    )
    email: Mapped[str | None] = text("邮箱", "Email", SEARCH | ADVANCED, max=120)
    phone: Mapped[str | None] = text("电话", "Phone", ADVANCED, max=40)

    def leaving(self, session: Session) -> None:
        """Not oneself and not the last admin; every session and token ends for good."""
        if asker_of(session).user_id == self.id:
            raise ConflictError(_SELF)
        demand_other_admin(session, self.chain_id, self.id)
        ended = update(SignInSession).where(
            SignInSession.user_id == self.id, SignInSession.ended_at.is_(None)
        )
        session.execute(ended.values(ended_at=utc_now()), execution_options=_SYSTEM)


def demand_other_admin(within: Connection | Session, chain_id: UUID, user_id: UUID) -> None:
    """ConflictError when this person is the only admin of the whole chain."""
    admins = (
        select(UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .join(User, User.id == UserRole.user_id)
        .where(Role.chain_id == chain_id, Role.code == ADMIN)
        .where(UserRole.store_id.is_(None), User.archived_at.is_(None))
    )
    if set(within.scalars(admins, execution_options=_SYSTEM)) == {user_id}:
        raise ConflictError(_LAST)
