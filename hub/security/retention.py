"""How long the hub keeps what it knows of people's signing in; the rest goes once a day.

`changes` is not among them: the audit is kept, and a person's own key takes the secrets out of it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Base, Database
from hub.kit.rounds import every
from hub.security.audit.models import SecurityFinding
from hub.security.models import PasswordLink, SignInFailure, SignInSession, SignInStep
from hub.security.replays import KEPT_DAYS, KeptAnswer

log = logging.getLogger(__name__)

CHUNK = 500
EVERY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """One class of data: why it is kept, and how many days after the moment in `column`."""

    model: type[Base]
    column: str
    days: int
    label: T
    purpose: T

    @property
    def table(self) -> Table:
        return cast(Table, self.model.__table__)


KEEPINGS = (
    Keeping(
        SignInSession,
        "expires_at",
        180,
        T("登录会话：地址、浏览器", "Sessions: address, browser"),
        T("查明谁在哪里登录过", "To find out who was signed in where"),
    ),
    Keeping(
        SignInFailure,
        "last_at",
        1,
        T("登录失败：账号、地址", "Failed sign-ins: account, address"),
        T("锁定猜密码的人", "To lock out who guesses"),
    ),
    Keeping(
        PasswordLink,
        "expires_at",
        30,
        T("设密码的链接", "Links for passwords"),
        T("查明谁被邀请过", "To find out who was invited"),
    ),
    Keeping(
        SignInStep,
        "expires_at",
        1,
        T("登录的中间步骤", "Steps of signing in"),
        T("完成两步验证", "To finish a second factor"),
    ),
    Keeping(
        KeptAnswer,
        "at",
        KEPT_DAYS,
        T("接口回答（可重发的请求）", "Answers of the API to requests that may be repeated"),
        T("同一请求只做一次", "To do the same request once"),
    ),
    Keeping(
        SecurityFinding,
        "closed_at",
        1095,
        T("已关闭的异常提醒", "Closed findings of abnormal access"),
        T("三年内可以追查", "To look back for three years"),
    ),
)


class Retention:
    """Deletes what is older than its days, in chunks that keep nobody waiting."""

    def __init__(self, db: Database, keepings: tuple[Keeping, ...] = KEEPINGS) -> None:
        self._db, self._keepings = db, keepings

    async def run(self) -> None:
        """Until cancelled."""
        await every(EVERY_S, self._turn, "remove what is kept no longer")

    def _turn(self) -> None:
        gone = self.sweep()
        if any(gone.values()):
            log.info("Retention removed %s.", gone)

    def sweep(self) -> dict[str, int]:
        """How many rows went, by table."""
        now = utc_now()
        return {one.table.name: self._sweep(one, now) for one in self._keepings}

    def _sweep(self, keeping: Keeping, now: datetime) -> int:
        table, gone = keeping.table, 0
        keys: list[ColumnElement[Any]] = list(table.primary_key.columns)
        old = table.c[keeping.column] < now - timedelta(days=keeping.days)
        while True:
            with self._db.system("retention") as connection:
                rows = connection.execute(select(*keys).where(old).limit(CHUNK)).all()
                if not rows:
                    return gone
                chosen = tuple_(*keys).in_([tuple(row) for row in rows])
                gone += connection.execute(delete(table).where(chosen)).rowcount
