"""Preventive maintenance: what is done to which machines, every so many days or hours."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.archive.equipment.records import EquipmentType
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    choice,
    long_text,
    reference,
    text,
    whole,
    yes_no,
)

_DAYS, _HOURS = T("天", "days"), T("小时", "h")
_WHEN = T("请写天数或运行小时数。", "Give days or hours of running.")


class MaintenancePlan(Record):
    """An order is made for each machine that fits, some days before it is due."""

    __tablename__ = "maintenance_plans"
    __record__ = RecordType(
        label=T("保养计划", "Maintenance plans"),
        one=T("保养计划", "Maintenance plan"),
        rights="maintenance_plans",
        order="name",
        start=T(
            "写下隔多久做什么，到期自动开单。",
            "Say what is done how often; orders come by themselves.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=80)
    for_type: Mapped[EquipmentType | None] = choice(
        "设备类型（空为全部）", "Equipment of type (empty: all)", EquipmentType, LIST | FILTER
    )
    for_model_id: Mapped[UUID | None] = reference(
        "设备型号", "Equipment type", "equipment_types", LIST | FILTER
    )
    for_equipment_id: Mapped[UUID | None] = reference(
        "只对这台设备", "Only this machine", "equipment", FILTER
    )
    every_days: Mapped[int | None] = whole("每隔", "Every", LIST, unit=_DAYS, ge=1, le=3650)
    every_run_hours: Mapped[int | None] = whole(
        "或每运行", "Or every (running)", LIST, unit=_HOURS, ge=1, le=100_000
    )
    lead_days: Mapped[int] = whole("提前开单", "Order made before", unit=_DAYS, le=90, default=7)
    tasks: Mapped[str] = long_text("做什么（每行一项）", "What is done (one a line)", SEARCH)
    is_active: Mapped[bool] = yes_no("有效", "Active", LIST | FILTER, default=True)

    def problems(self) -> Iterator[tuple[str, T]]:
        if not self.every_days and not self.every_run_hours:
            yield "every_days", _WHEN
