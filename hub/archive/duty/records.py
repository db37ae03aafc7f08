"""Who is told of what, and who is on call: routes with their steps, and the duty calendar."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    instant,
    labels,
    reference,
    text,
    whole,
    yes_no,
)
from hub.kit.records.lines import Line, lines

_MINUTES = T("分钟", "min")


class Level(Choice):
    LOW = "low", "低", "Low"
    MEDIUM = "medium", "中", "Medium"
    HIGH = "high", "高", "High"
    CRITICAL = "critical", "紧急", "Critical"


class Shift(Choice):
    ALWAYS = "always", "全天", "Always"
    OPEN = "open", "营业时间", "Opening hours"
    CLOSED = "closed", "非营业时间", "Closed hours"


class Whom(Choice):
    ON_CALL = "on_call", "值班人", "Who is on call"
    BACKUP = "backup", "候补值班人", "The backup on call"
    TECHNICIAN = "technician", "维修员", "Technicians"
    STORE_MANAGER = "store_manager", "店长", "Store manager"
    HQ_MANAGER = "hq_manager", "总部经理", "HQ manager"
    ADMIN = "admin", "管理员", "Admins"
    PURCHASER = "purchaser", "采购员", "Purchaser"


class NoticeStep(Line):
    """One rung of the ladder: whom to tell after so many minutes without an acknowledgement."""

    __tablename__ = "notice_steps"

    route_id: Mapped[UUID] = mapped_column(ForeignKey("notice_routes.id"), index=True)
    whom: Mapped[Whom] = choice("通知谁", "Whom", Whom, default=Whom.ON_CALL)
    after_min: Mapped[int] = whole("再过", "After", unit=_MINUTES, le=10_080, default=10)


class NoticeRoute(Record):
    """The way of one kind of alert: the narrowest route that fits is taken."""

    __tablename__ = "notice_routes"
    __record__ = RecordType(
        label=T("通知路线", "Notice routes"),
        one=T("通知路线", "Notice route"),
        rights="notice_routes",
        order="name",
        start=T(
            "没有路线时，先通知值班人，再通知维修员、店长和总部。",
            "Without a route: first who is on call, then technicians, the manager, headquarters.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    for_store_id: Mapped[UUID | None] = reference("门店", "Store", "stores", LIST | FILTER)
    rules: Mapped[list[str] | None] = labels("规则（空为全部）", "Rules (empty: all)", LIST)
    from_level: Mapped[Level] = choice(
        "级别不低于", "From severity", Level, LIST | FILTER, default=Level.LOW
    )
    shift: Mapped[Shift] = choice("时段", "Hours", Shift, LIST | FILTER, default=Shift.ALWAYS)
    steps: Mapped[list[NoticeStep]] = lines("升级步骤", "Steps", NoticeStep)


class OnCallShift(Record):
    """Somebody is on call from one moment to another, for one store or for the whole chain."""

    __tablename__ = "on_call_shifts"
    __record__ = RecordType(
        label=T("值班表", "On-call calendar"),
        one=T("值班", "On-call shift"),
        rights="on_call",
        order="starts_at",
        start=T(
            "排好值班，夜里的预警才知道叫谁。", "Plan who is on call, so alerts know whom to wake."
        ),
    )

    user_id: Mapped[UUID] = reference("值班人", "Who", "users", LIST | FILTER)
    for_store_id: Mapped[UUID | None] = reference(
        "门店（空为全部）", "Store (empty: all)", "stores", LIST | FILTER
    )
    starts_at: Mapped[datetime] = instant("开始", "From", LIST | FILTER)
    ends_at: Mapped[datetime] = instant("结束", "Until", LIST)
    is_backup: Mapped[bool] = yes_no("候补", "Backup", LIST | FILTER, default=False)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.ends_at <= self.starts_at:
            yield "ends_at", T("结束要晚于开始。", "It must end after it starts.")
