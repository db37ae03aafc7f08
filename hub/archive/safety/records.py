"""Drills with measured times, and what weakens or breaks security (SEC-18, SEC-20, SEC-21).

A drill that repeats plans its next one by itself, so that nobody has to think of it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Mapped, Session

from hub.errors import ConflictError, T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordAction, RecordType
from hub.kit.records.kinds import (
    FILTER,
    LIST,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    instant,
    long_text,
    text,
    whole,
)
from hub.kit.records.search import Searchable

DAYS_OF_MONTH = 30.44
_NOT_MEASURED = T("先填用时（分钟）。", "Fill in first how many minutes it took.")


class DrillKind(Choice):
    RESTORE = "restore", "恢复备份", "Restore a backup"
    SHUT_OUT = "shut_out", "结束所有登录", "Shut a person out"
    REVOKE = "revoke", "吊销被盗采集端", "Revoke a stolen agent"
    TOUCHED = "touched", "查清涉及哪些人", "Find who was touched"
    ROTATE = "rotate", "更换密钥", "New keys"
    POWER = "power", "停电断网", "No power, no network"
    OTHER = "other", "其他", "Other"


class DrillState(Choice):
    PLANNED = "planned", "已计划", "Planned"
    PASSED = "passed", "通过", "Passed"
    FAILED = "failed", "未通过", "Failed"


_PLANNED = frozenset[Choice]({DrillState.PLANNED})


def _run(_: Session, drill: "Drill") -> Mapping[str, Any]:
    """Only what was measured counts."""
    if drill.took_minutes is None:
        raise ConflictError(_NOT_MEASURED, {"took_minutes": _NOT_MEASURED})
    return {"done_on": utc_now().date()}


class Drill(Searchable, Record):
    """One drill; its minutes are compared with those that are allowed."""

    __tablename__ = "drills"
    __record__ = RecordType(
        label=T("应急演练", "Drills"),
        one=T("演练", "Drill"),
        rights="safety",
        order="planned_on",
        start=T("先计划一次恢复备份的演练。", "Plan one first: restoring a backup."),
        computed=(Computed("days_left", T("剩余天数", "Days left"), T("天", "days")),),
        state="state",
        actions=(
            RecordAction["Drill"]("passed", T("通过", "Passed"), _PLANNED, DrillState.PASSED, _run),
            RecordAction["Drill"](
                "failed", T("未通过", "Failed"), _PLANNED, DrillState.FAILED, _run
            ),
        ),
    )

    title: Mapped[str] = text("演练", "Drill", LIST | SEARCH | TITLE, max=120)
    kind: Mapped[DrillKind] = choice("类别", "Kind", DrillKind, LIST | FILTER)
    state: Mapped[DrillState] = choice(
        "结果", "Result", DrillState, LIST | FILTER | READONLY, default=DrillState.PLANNED
    )
    planned_on: Mapped[date] = day("计划日期", "Planned for", LIST | FILTER)
    repeat_months: Mapped[int | None] = whole(
        "每隔几个月", "Repeated every", unit=T("个月", "months"), ge=1, le=36
    )
    allowed_minutes: Mapped[int | None] = whole(
        "允许用时", "Time allowed", unit=T("分钟", "min"), ge=1
    )
    took_minutes: Mapped[int | None] = whole(
        "实际用时", "Time it took", LIST, unit=T("分钟", "min"), ge=0
    )
    lost_minutes: Mapped[int | None] = whole("丢失数据", "Data lost", unit=T("分钟", "min"), ge=0)
    done_on: Mapped[date | None] = day("演练日期", "Held on", LIST | READONLY)
    steps: Mapped[str | None] = long_text("步骤清单", "Check-list")
    findings: Mapped[str | None] = long_text("发现与改进", "What to do better")

    @property
    def days_left(self) -> int | None:
        is_planned = self.state is DrillState.PLANNED
        return (self.planned_on - utc_now().date()).days if is_planned else None

    @property
    def next_on(self) -> date | None:
        """When it is held again."""
        if self.repeat_months is None or self.done_on is None:
            return None
        return self.done_on + timedelta(days=round(self.repeat_months * DAYS_OF_MONTH))


class CaseKind(Choice):
    INCIDENT = "incident", "安全事件", "Incident"
    ADVISORY = "advisory", "漏洞通告", "Advisory"
    FINDING = "finding", "评估发现", "Finding of an assessment"


class CaseLevel(Choice):
    ONE = "1", "一级：信息外泄或被冒用", "1: data left, or somebody acts as another"
    TWO = "2", "二级：攻击被拦住", "2: an attack that was stopped"
    THREE = "3", "三级：有弱点，未被利用", "3: a weakness without a use of it"


class CaseState(Choice):
    OPEN = "open", "处理中", "Open"
    CONTAINED = "contained", "已控制", "Contained"
    CLOSED = "closed", "已关闭", "Closed"


class SecurityCase(Searchable, Record):
    """An incident, an advisory or a finding; comments are its time line, the history its trail."""

    __tablename__ = "security_cases"
    __record__ = RecordType(
        label=T("安全事项", "Security cases"),
        one=T("安全事项", "Security case"),
        rights="safety",
        order="-noticed_at",
        start=T("有异常先写一条：何时、谁、什么事。", "Write down at once: when, who, what."),
        state="state",
        actions=(
            RecordAction["SecurityCase"](
                "contained",
                T("已控制", "Contained"),
                frozenset({CaseState.OPEN}),
                CaseState.CONTAINED,
            ),
            RecordAction["SecurityCase"](
                "close",
                T("关闭", "Close"),
                frozenset({CaseState.OPEN, CaseState.CONTAINED}),
                CaseState.CLOSED,
                lambda _, case: _closing(case),
            ),
        ),
    )

    title: Mapped[str] = text("标题", "Title", LIST | SEARCH | TITLE, max=120)
    kind: Mapped[CaseKind] = choice("类别", "Kind", CaseKind, LIST | FILTER)
    level: Mapped[CaseLevel] = choice("级别", "Severity", CaseLevel, LIST | FILTER)
    state: Mapped[CaseState] = choice(
        "状态", "State", CaseState, LIST | FILTER | READONLY, default=CaseState.OPEN
    )
    noticed_at: Mapped[datetime] = instant("发现时间", "Noticed at", LIST)
    noticed_by: Mapped[str | None] = text("谁发现的", "Noticed by", max=120)
    due_on: Mapped[date | None] = day("处理期限", "To be mended by", LIST | FILTER)
    what: Mapped[str | None] = long_text("发生了什么", "What happened")
    persons: Mapped[int | None] = whole("涉及人数", "Persons touched", ge=0)
    authority_told_at: Mapped[datetime | None] = instant("报告主管部门", "Authority told at")
    persons_told_at: Mapped[datetime | None] = instant("通知本人", "Persons told at")
    report: Mapped[str | None] = long_text("结论与改进", "What was done and what changes")

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.noticed_at > utc_now():
            yield "noticed_at", T("发现时间在将来。", "It was noticed in the future.")


def _closing(case: SecurityCase) -> Mapping[str, Any]:
    if not case.report:
        text = T("先写结论与改进。", "Write first what was done and what changes.")
        raise ConflictError(text, {"report": text})
    return {}
