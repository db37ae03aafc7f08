"""What is abnormal: read from the audit as it grows, told to administrators (SEC-11, ALR-12).

The one it is about can neither close nor mute it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.errors import ForbiddenError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import TABLE as CHANGES
from hub.kit.records.log import note
from hub.security.audit.findings import Abnormal, tell_of
from hub.security.audit.models import SecurityFinding, WatchPosition

CHUNK = 1000
NIGHT = range(6)  # hours of the day in which few people have anything to do here
KNOWN_AFTER = 5  # sign-ins until somebody's hours and places count as known
FAILURES, FAILURES_WITHIN = 10, timedelta(minutes=15)
EXPORT_ROWS = 1000
EXPORTS, REVEALS, BULK_WITHIN = 5, 30, timedelta(hours=1)
REMEMBERED = timedelta(days=90)
ROWS = "rows"  # what an export notes: {"rows": [None, n]}


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of abnormal access, in words."""

    code: str
    title: T
    measure: T


RULES = {
    rule.code: rule
    for rule in (
        Rule(
            "odd_hour",
            T(
                "深夜登录，此人从未在这个时间登录过",
                "A sign-in at night, never before at this hour",
            ),
            T(
                "联系本人确认；不是本人就停用账号。",
                "Ask the person; disable the account if it was not them.",
            ),
        ),
        Rule(
            "odd_place",
            T("从没见过的网络登录", "A sign-in from a network never seen before"),
            T(
                "联系本人确认；不是本人就结束全部登录。",
                "Ask the person; end all sessions if it was not them.",
            ),
        ),
        Rule(
            "failures",
            T("短时间内多次登录失败", "Many failed sign-ins in a short time"),
            T(
                "账号已自动锁定；查看地址，提醒本人换密码。",
                "The account locked itself; look at the address, ask for a new password.",
            ),
        ),
        Rule(
            "mass_export",
            T("大量导出数据", "A mass export of data"),
            T(
                "核对用途和审批；可疑就停用账号并查看导出内容。",
                "Check purpose and approval; in doubt disable the account and see what left.",
            ),
        ),
        Rule(
            "mass_discounts",
            T("一小时内大量打折", "Mass discounts within an hour"),
            T(
                "看这台收银机的小票，向当班店长核实。",
                "Look at the tickets of this till; ask the manager on duty.",
            ),
        ),
        Rule(
            "mass_reveal",
            T("短时间内查看大量保密内容", "Many secrets looked at in a short time"),
            T(
                "核对查看原因；可疑就停用账号。",
                "Check the reasons given; in doubt disable the account.",
            ),
        ),
    )
}
Found = tuple[str, dict[str, Any]]
Look = Callable[[Connection, Row[*tuple[Any, ...]]], Found | None]


class Watch:
    """Follows `changes` by its own cursor; the same rows read again find nothing new."""

    def __init__(self, db: Database, zone: ZoneInfo, tell: Callable[[UUID], None]) -> None:
        """`tell(chain_id)` is called after something was found and committed."""
        self._db, self._zone, self._tell = db, zone, tell
        self._looks: Mapping[str, tuple[Look, ...]] = {
            "sign_in": (self._odd_hour, self._odd_place),
            "sign_in_failed": (self._failures,),
            "locked": (self._failures,),
            "export": (self._exports,),
            "reveal": (self._reveals,),
        }

    def look(self) -> int:
        """Look at what is new; returns how many findings there were."""
        found = 0
        while rows := self._next():
            for row in rows:
                found += self._judge(row)
            self._keep(rows[-1].seq)
        return found

    def _next(self) -> list[Row[*tuple[Any, ...]]]:
        position = select(WatchPosition.seq).where(WatchPosition.name == "access")
        with self._db.system_read("watch") as connection:
            after = connection.scalar(position) or 0
            query = select(CHANGES).where(CHANGES.c.seq > after).order_by(CHANGES.c.seq)
            return list(connection.execute(query.limit(CHUNK)))

    def _keep(self, seq: int) -> None:
        moved = update(WatchPosition).where(WatchPosition.name == "access").values(seq=seq)
        with self._db.system("watch") as connection:
            if not connection.execute(moved).rowcount:
                connection.execute(insert(WatchPosition).values(name="access", seq=seq))

    def _judge(self, row: Row[*tuple[Any, ...]]) -> int:
        if row.asker_id is None:
            return 0
        with self._db.system_read("watch") as connection:
            found = [look(connection, row) for look in self._looks.get(row.action, ())]
        return sum(self._write(row, *one) for one in found if one)

    def _write(self, row: Row[*tuple[Any, ...]], code: str, evidence: dict[str, Any]) -> int:
        """One finding a person, rule and hour: a hundred exports are one."""
        began = row.at.replace(minute=0, second=0, microsecond=0)
        told = {"seq": row.seq, "at": row.at.isoformat(), "address": row.address, **evidence}
        seen = Abnormal(row.chain_id, code, row.asker_id, row.asker_name, began, told)
        if not tell_of(self._db, seen):
            return 0
        self._tell(row.chain_id)
        return 1

    def _odd_hour(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Found | None:
        hour = row.at.astimezone(self._zone).hour
        if hour not in NIGHT:
            return None
        past = [at.astimezone(self._zone).hour for at, _ in _sign_ins(connection, row)]
        near = {hour, (hour - 1) % 24, (hour + 1) % 24}
        if len(past) < KNOWN_AFTER or near & set(past):
            return None
        return "odd_hour", {"hour": hour, "sign_ins_before": len(past)}

    def _odd_place(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Found | None:
        past = [_network(address) for _, address in _sign_ins(connection, row)]
        if len(past) < KNOWN_AFTER or _network(row.address) in past:
            return None
        return "odd_place", {"network": _network(row.address), "sign_ins_before": len(past)}

    def _failures(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Found | None:
        count = _count(connection, row, ("sign_in_failed", "locked"), FAILURES_WITHIN)
        return ("failures", {"failures": count}) if count >= FAILURES else None

    def _exports(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Found | None:
        rows = int((row.values.get(ROWS) or [0, 0])[1] or 0)
        count = _count(connection, row, ("export",), BULK_WITHIN)
        if rows < EXPORT_ROWS and count < EXPORTS:
            return None
        return "mass_export", {"rows": rows, "exports": count, "what": row.record_type}

    def _reveals(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> Found | None:
        count = _count(connection, row, ("reveal",), BULK_WITHIN)
        return ("mass_reveal", {"reveals": count}) if count >= REVEALS else None


def _sign_ins(connection: Connection, row: Row[*tuple[Any, ...]]) -> Iterator[tuple[datetime, str]]:
    """The person's sign-ins before this one."""
    query = select(CHANGES.c.at, CHANGES.c.address).where(
        CHANGES.c.asker_id == row.asker_id,
        CHANGES.c.action == "sign_in",
        CHANGES.c.seq < row.seq,
        CHANGES.c.at > row.at - REMEMBERED,
    )
    yield from ((one.at, one.address) for one in connection.execute(query.limit(500)))


def _count(
    connection: Connection,
    row: Row[*tuple[Any, ...]],
    actions: tuple[str, ...],
    within: timedelta,
) -> int:
    query = select(func.count()).where(
        CHANGES.c.asker_id == row.asker_id,
        CHANGES.c.action.in_(actions),
        CHANGES.c.seq <= row.seq,
        CHANGES.c.at > row.at - within,
    )
    return connection.scalar(query) or 0


def _network(address: str) -> str:
    """The first three numbers of an IPv4 address, the first four groups of an IPv6 one."""
    if ":" in address:
        return ":".join(address.split(":")[:4])
    return ".".join(address.split(".")[:3])


class Findings:
    """What administrators see of it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def listed(self, chain_id: UUID, *, is_open: bool = True) -> list[SecurityFinding]:
        """Newest first, at most 200."""
        table = SecurityFinding
        state = table.closed_at.is_(None) if is_open else table.closed_at.is_not(None)
        query = select(table).where(table.chain_id == chain_id, state)
        with self._db.system_read("findings") as connection:
            rows = connection.execute(query.order_by(table.id.desc()).limit(200)).all()
        return [SecurityFinding(**row._mapping) for row in rows]

    def close(self, chain_id: UUID, finding_id: UUID, why: str, asker: Asker) -> None:
        """ForbiddenError for the one it is about."""
        table = SecurityFinding
        which = (table.id == finding_id, table.chain_id == chain_id, table.closed_at.is_(None))
        with self._db.system("findings") as connection:
            row = connection.execute(select(table.subject_id).where(*which)).first()
            if row is None:
                raise NotFoundError(T("没有这条提醒。", "There is no such finding."))
            if asker.user_id is not None and row.subject_id == asker.user_id:
                own = T("关于自己的提醒由别人来关闭。", "One about yourself is closed by others.")
                raise ForbiddenError(own)
            values = {"closed_at": utc_now(), "closed_by": asker.user_id, "closed_note": why[:400]}
            connection.execute(update(table).where(*which).values(values))
            kept = {"finding": [None, str(finding_id)]}
            note(
                connection,
                "finding_closed",
                asker,
                chain_id=chain_id,
                values=kept,
                reason=why[:400],
            )
