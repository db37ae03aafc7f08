"""What a chain says about alerts: rules of its own, other limits than the built-in ones, and when
somebody works at a machine so that it may say what it likes."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.duty.records import Level, Shift
from hub.archive.equipment.records import EquipmentType
from hub.detection.conditions import problem
from hub.errors import T
from hub.kit.db import Record, StoreScoped
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    NOTHING,
    READONLY,
    SEARCH,
    TITLE,
    choice,
    instant,
    long_text,
    number,
    reference,
    text,
    whole,
    yes_no,
)
from protocols.metrics import METRICS

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


def metric_problem(value: str) -> T | None:
    """Limits are for names of the vocabulary."""
    if value in METRICS:
        return None
    return T("没有这个数值名。", "There is no such metric.")


class AlertLimit(Record):
    """Another limit than the built-in one: for a type, a model, a store or one machine.

    The more exact one counts, field by field: machine, then store, then model, then type.
    """

    __tablename__ = "alert_limits"
    __record__ = RecordType(
        label=T("预警限值", "Alert limits"),
        one=T("预警限值", "Alert limit"),
        rights="alert_rules",
        order="name",
        start=T(
            "内置的限值不合适？按型号、门店或单台设备改。",
            "Built-in limits do not fit? Change them by model, store or machine.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    metric: Mapped[str] = text(
        "数值",
        "Metric",
        LIST | FILTER,
        max=80,
        hint=T("例：air_temperature_c", "Such as: air_temperature_c"),
        check=metric_problem,
    )
    for_type: Mapped[EquipmentType | None] = choice(
        "设备类型（空为全部）", "Equipment of type (empty: all)", EquipmentType, LIST | FILTER
    )
    for_model_id: Mapped[UUID | None] = reference(
        "只对这个型号", "Only this model", "equipment_types", LIST | FILTER
    )
    for_store_id: Mapped[UUID | None] = reference(
        "门店（空为全部）", "Store (empty: all)", "stores", LIST | FILTER
    )
    for_equipment_id: Mapped[UUID | None] = reference(
        "只对这台设备", "Only this machine", "equipment", FILTER
    )
    is_off: Mapped[bool] = yes_no("不看上下限", "No limits at all", LIST | FILTER, default=False)
    high: Mapped[float | None] = number("上限", "High", LIST, ge=-1e9)
    critical: Mapped[float | None] = number("严重上限", "Critical", LIST, ge=-1e9)
    low: Mapped[float | None] = number("下限", "Low", LIST, ge=-1e9)
    hysteresis: Mapped[float | None] = number("回差", "Hysteresis", ADVANCED)
    hold_min: Mapped[int | None] = whole(
        "持续多久才报", "Must hold for", LIST, unit=_MINUTES, ge=0, le=1440
    )
    keep_min: Mapped[int | None] = whole(
        "恢复多久才算结束", "Must be gone for", ADVANCED, unit=_MINUTES, ge=0, le=1440
    )
    notes: Mapped[str | None] = long_text("为什么", "Why", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.high is not None and self.critical is not None and self.critical < self.high:
            yield "critical", T("严重上限低于上限。", "Critical lies below high.")
        if self.high is not None and self.low is not None and self.low >= self.high:
            yield "low", T("下限不低于上限。", "Low is not below high.")
        given = (self.high, self.critical, self.low, self.hysteresis, self.hold_min, self.keep_min)
        if not self.is_off and all(one is None for one in given):
            yield "high", T("至少写一个限值或时间。", "Give one limit or time at least.")


class MaintenanceWindow(StoreScoped, Record):
    """Somebody works at a machine, or in the whole store: what it says rests until the end."""

    __tablename__ = "maintenance_windows"
    __record__ = RecordType(
        label=T("维护时段", "Maintenance windows"),
        one=T("维护时段", "Maintenance window"),
        rights="alert_rules",
        order="-starts_at",
        start=T(
            "检修、停电、改造前登记，期间的预警会搁置到结束。",
            "Before service or a rebuild: alerts of that time are shelved until its end.",
        ),
    )

    name: Mapped[str] = text("事由", "What is done", LIST | SEARCH | TITLE, max=120)
    store_id: Mapped[UUID] = reference("门店", "Store", "stores", LIST | FILTER)
    equipment_id: Mapped[UUID | None] = reference(
        "只对这台设备（空为全店）", "Only this machine (empty: all)", "equipment", LIST | FILTER
    )
    starts_at: Mapped[datetime] = instant("开始", "From", LIST)
    ends_at: Mapped[datetime] = instant("结束", "Until", LIST)

    def covers(self, store_id: UUID, equipment_id: UUID) -> bool:
        """Whether work goes on at this machine of this store."""
        is_here = self.store_id == store_id and self.archived_at is None
        return is_here and self.equipment_id in (None, equipment_id)

    @property
    def span_ms(self) -> tuple[int, int]:
        return int(self.starts_at.timestamp() * 1000), int(self.ends_at.timestamp() * 1000)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.ends_at <= self.starts_at:
            yield "ends_at", T("结束要晚于开始。", "The end must be after the start.")
