"""Rules that a chain writes itself: a condition, how long it holds, where and when it counts."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.duty.records import Level, Shift
from hub.archive.equipment.records import EquipmentType
from hub.detection.conditions import problem
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    NOTHING,
    READONLY,
    SEARCH,
    TITLE,
    choice,
    instant,
    reference,
    text,
    whole,
    yes_no,
)

_MINUTES = T("分钟", "min")
_CLOCK = T("写成 22:00 这样。", "Such as 22:00.")
_HINT = T(
    "例：air_temperature_c > 8 ~ 1 且 非 door_open > 0.5。~ 后面是回差；可用 且、或、非 和括号。",
    "Such as: air_temperature_c > 8 ~ 1 and not door_open > 0.5. After ~ stands the hysteresis; "
    "join by and, or, not and brackets.",
)


def clock_problem(value: str) -> T | None:
    """Times of day are written 22:00."""
    hour, _, minute = value.partition(":")
    is_time = len(value) == 5 and hour.isdigit() and minute.isdigit()
    return None if is_time and int(hour) < 24 and int(minute) < 60 else _CLOCK


class AlertRule(Record):
    """For all equipment of a type, a store's, or one machine; all that is given must fit."""

    __tablename__ = "alert_rules"
    __record__ = RecordType(
        label=T("预警规则", "Alert rules"),
        one=T("预警规则", "Alert rule"),
        rights="alert_rules",
        order="name",
        start=T(
            "写下条件，用过去的数据试一遍，再启用。",
            "Write a condition, try it on past data, then switch it on.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    condition: Mapped[str] = text("条件", "Condition", LIST, max=1000, hint=_HINT, check=problem)
    for_type: Mapped[EquipmentType | None] = choice(
        "设备类型（空为全部）", "Equipment of type (empty: all)", EquipmentType, LIST | FILTER
    )
    for_store_id: Mapped[UUID | None] = reference(
        "门店（空为全部）", "Store (empty: all)", "stores", LIST | FILTER
    )
    for_equipment_id: Mapped[UUID | None] = reference(
        "只对这台设备", "Only this machine", "equipment", FILTER
    )
    level: Mapped[Level] = choice("级别", "Severity", Level, LIST | FILTER, default=Level.MEDIUM)
    hold_min: Mapped[int] = whole(
        "持续多久才报", "Must hold for", LIST, unit=_MINUTES, ge=1, le=1440, default=10
    )
    keep_min: Mapped[int] = whole(
        "恢复多久才算结束", "Must be gone for", unit=_MINUTES, ge=0, le=1440, default=10
    )
    shift: Mapped[Shift] = choice("时段", "Hours", Shift, FILTER, default=Shift.ALWAYS)
    rests_in_defrost: Mapped[bool] = yes_no(
        "化霜时不算", "Rests in a defrost and 45 min after it", NOTHING, default=True
    )
    rests_from: Mapped[str | None] = text(
        "每天不算的时段，从", "Rests daily from", max=5, hint=_CLOCK, check=clock_problem
    )
    rests_until: Mapped[str | None] = text("到", "until", max=5, check=clock_problem)
    is_enabled: Mapped[bool] = yes_no("启用", "On", LIST | FILTER | READONLY, default=False)
    tested: Mapped[str | None] = text("试过的内容", "What was tested", READONLY, max=2000)
    tested_at: Mapped[datetime | None] = instant("试过于", "Tested at", READONLY)

    def problems(self) -> Iterator[tuple[str, T]]:
        if (self.rests_from is None) != (self.rests_until is None):
            yield "rests_until", T("两个时间要一起写。", "Give both times.")

    @property
    def content(self) -> str:
        """What a test is good for: whoever changes any of it must test again."""
        parts = (
            self.condition,
            self.for_type,
            self.for_store_id,
            self.for_equipment_id,
            self.hold_min,
            self.keep_min,
            self.shift,
            self.rests_in_defrost,
            self.rests_from,
            self.rests_until,
        )
        return "|".join(str(part or "") for part in parts)[:2000]

    @property
    def is_watching(self) -> bool:
        """On, and as it was tested."""
        return self.is_enabled and self.tested == self.content and self.archived_at is None
