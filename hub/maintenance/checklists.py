"""What must be looked at before a job is done, by the kind of machine (STO-10)."""

from dataclasses import dataclass
from typing import Any

from hub.archive.equipment.records import EquipmentType
from hub.errors import T


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist; a required one keeps the order open."""

    text: T
    is_required: bool = True


_SAFE = Item(T("断电并确认安全", "Switch off and make sure it is safe"))
_COLD = (
    Item(T("检查门封条和铰链", "Check door seals and hinges")),
    Item(T("清洁冷凝器", "Clean the condenser")),
    Item(T("检查蒸发器是否结冰、风机是否运转", "Look for ice on the evaporator; see its fan run")),
    Item(T("用温度计核对探头", "Compare the probe with a thermometer")),
    Item(T("测量制冷剂压力", "Measure the refrigerant pressure"), is_required=False),
    Item(T("离开前温度回到设定范围", "The temperature is back in its range before you leave")),
)
CHECKLISTS: dict[EquipmentType, tuple[Item, ...]] = {
    EquipmentType.CABINET: _COLD,
    EquipmentType.FREEZER: _COLD,
    EquipmentType.COLD_ROOM: _COLD,
    EquipmentType.HVAC: (
        _SAFE,
        Item(T("清洗或更换滤网", "Wash or replace the filters")),
        Item(T("检查冷凝水排水", "See that the condensate drains")),
        Item(T("送风温度正常", "The supply air has the right temperature")),
    ),
}
GENERAL = (
    _SAFE,
    Item(T("故障已消除", "The fault is gone")),
    Item(T("现场已清理", "The place is clean"), is_required=False),
)


def checklist_for(kind: EquipmentType | None) -> list[dict[str, Any]]:
    """Rows of a new order."""
    items = CHECKLISTS.get(kind, GENERAL) if kind else GENERAL
    return [
        {
            "zh": one.text.zh,
            "en": one.text.en,
            "is_required": one.is_required,
            "is_done": False,
            "note": "",
        }
        for one in items
    ]
