"""What the page of one store shows, each part worked out when the template asks for it.

A block that htmx asks for alone so costs only what is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import select

from hub.alerts.models import Alert
from hub.alerts.service import open_alerts
from hub.archive.areas.records import Area
from hub.archive.equipment.records import Equipment, EquipmentType
from hub.archive.stores.records import Store
from hub.detection.findings import Severity
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.formats import Formats
from hub.web.language import Language, say
from hub.web.pages.alert_rows import AlertRow, alert_rows
from hub.web.pages.charts import Limit, Mark
from hub.web.pages.plots import Plot, plots_of
from hub.web.pages.tiles import WORST_FIRST, Named, Reading, Tile, latest, tiles
from hub.web.pages.trade import Trade
from hub.web.pages.vitals import Vital
from hub.web.services import Services

COLD_CHAIN = T("冷链", "Cold chain")
COLD_WELL = T("都在限值内", "all within their limits")
POWER = T("当前功率", "Power now")
POWER_FOOT = T("全店", "whole store")
DEVICES = T("终端设备", "Devices")
ALL_FRESH = T("都在上报", "all reporting")
BACKLOG = 60  # batches; below it the agent is just sending
CATCHING_UP = T("正在补传 {n} 批数据", "{n} batches to catch up")
SILENT = T("{name}没有上报", "{name} is silent")
ICONS = {
    EquipmentType.CABINET: "cabinet",
    EquipmentType.FREEZER: "freezer",
    EquipmentType.COLD_ROOM: "freezer",
    EquipmentType.HVAC: "hvac",
    EquipmentType.METER: "meter",
    EquipmentType.COUNTER: "footfall",
    EquipmentType.TILL: "till",
}
WELL = T("一切正常", "All is well")
COUNTED = {
    Severity.CRITICAL: T("{n} 项紧急", "{n} critical"),
    Severity.HIGH: T("{n} 项高", "{n} high"),
    Severity.MEDIUM: T("{n} 项中", "{n} medium"),
    Severity.LOW: T("{n} 项低", "{n} low"),
}


@dataclass(frozen=True, slots=True)
class EquipmentRow:
    name: str
    kind: str
    area: str
    href: str
    device: str | None
    severity: str
    at: datetime | None


@dataclass(frozen=True)
class StorePage:
    """One store for one visitor at one moment."""

    store: Store
    session: ScopedSession
    services: Services
    actor: Actor
    language: Language
    now: datetime
    range: str

    @cached_property
    def fmt(self) -> Formats:
        return Formats(self.language)

    def say(self, text: T) -> str:
        return say(self.language, text)

    @cached_property
    def open_alerts(self) -> Sequence[Alert]:
        if not self.actor.may("alerts.read", self.store.id):
            return ()
        return open_alerts(self.session, self.store.id)

    @cached_property
    def alerts(self) -> list[AlertRow]:
        return alert_rows(
            self.session,
            self.services,
            self.open_alerts,
            actor=self.actor,
            language=self.language,
            now=self.now,
            with_trend=False,
        )

    @cached_property
    def severity(self) -> str:
        worst = max((one.severity_level for one in self.open_alerts), default=None)
        return worst.word if worst else "ok"

    @cached_property
    def verdict(self) -> str:
        """How the store is, in the words of its worst alerts."""
        worst = max((one.severity for one in self.open_alerts), default=0)
        count = sum(one.severity == worst for one in self.open_alerts)
        return self.say(COUNTED[Severity(worst)].format(n=count) if worst else WELL)

    @cached_property
    def equipment_records(self) -> Sequence[Equipment]:
        if not self.actor.may("equipment.read", self.store.id):
            return ()
        found = select(Equipment).where(
            Equipment.store_id == self.store.id, Equipment.archived_at.is_(None)
        )
        return self.session.scalars(found.order_by(Equipment.type, Equipment.code)).all()

    @cached_property
    def worst_of_device(self) -> dict[str, str]:
        """The severity of the worst open alert of each device."""
        found: dict[str, Severity] = {}
        for alert in self.open_alerts:
            if alert.device:
                found[alert.device] = max(
                    found.get(alert.device, Severity.LOW), alert.severity_level
                )
        return {device: worst.word for device, worst in found.items()}

    @cached_property
    def named(self) -> dict[str, Named]:
        return {
            one.device_id: Named(
                one.name,
                f"/archive/equipment/{one.id}",
                self.worst_of_device.get(one.device_id, ""),
                ICONS.get(one.type, ""),
                self.trade.today_of(one.device_id),
            )
            for one in self.equipment_records
            if one.device_id
        }

    @cached_property
    def readings(self) -> list[Reading]:
        if not self.actor.may("readings.read", self.store.id):
            return []
        return latest(self.services.registry.of_store(self.store.id), self.services.last)

    @cached_property
    def tiles(self) -> list[Tile]:
        return tiles(self.readings, self.named, self.fmt, self.now)

    @cached_property
    def equipment(self) -> list[EquipmentRow]:
        areas = self.area_names
        seen = {tile.device: tile.at for tile in self.tiles}
        return [
            EquipmentRow(
                name=one.name,
                kind=self.say(one.type.label),
                area=areas.get(one.area_id, "") if one.area_id else "",
                href=f"/archive/equipment/{one.id}",
                device=one.device_id,
                severity=self.worst_of_device.get(one.device_id or "", "ok"),
                at=seen.get(one.device_id or ""),
            )
            for one in self.equipment_records
        ]

    @cached_property
    def area_names(self) -> dict[UUID, str]:
        found = self.session.scalars(select(Area).where(Area.store_id == self.store.id))
        return {one.id: one.name for one in found}

    @cached_property
    def line_plots(self) -> list[Plot]:
        return plots_of(self.readings, self.named, self.language)

    @cached_property
    def charts(self) -> list[Plot]:
        return [*self.line_plots, *self.trade.plots]

    def marks_of(self, plot: Plot) -> list[Mark]:
        """The open alerts of the devices that a chart shows."""
        devices = {line.key.partition("/")[0] for line in plot.lines}
        return [
            Mark(t=int(one.began_at.timestamp() * 1000), severity=one.severity_level.word)
            for one in self.open_alerts
            if one.device in devices
        ]

    def limits_of(self, plot: Plot) -> list[Limit]:
        """The limits that open alerts of a chart's lines have broken."""
        keys = {line.key for line in plot.lines}
        found = {
            float(one.evidence["limit"])
            for one in self.open_alerts
            if one.source in keys and one.evidence.get("limit") is not None
        }
        return [Limit(value=value) for value in sorted(found)]

    @cached_property
    def trade(self) -> Trade:
        return Trade(self.store, self.session, self.services.recent, self.actor, self.fmt, self.now)

    @cached_property
    def vitals(self) -> list[Vital]:
        return [*self.cold_chain, *self.trade.vitals, *self.energy, *self.connection]

    @property
    def cold_chain(self) -> list[Vital]:
        """How many cold places are within their limits."""
        cold = [tile for tile in self.tiles if tile.icon in ("cabinet", "freezer")]
        if not cold:
            return []
        ill = [tile for tile in cold if tile.severity]
        well = len(cold) - len(ill)
        foot = self.say(COLD_WELL)
        if ill and ill[0].main:
            foot = f"{ill[0].name} {ill[0].main.text} {ill[0].main.unit}"
        worst = min((tile.severity for tile in ill), key=WORST_FIRST.index, default="")
        text = f"{well} / {len(cold)}"
        return [Vital(self.say(COLD_CHAIN), text, foot=foot, severity=worst, href="#live")]

    @property
    def energy(self) -> list[Vital]:
        power = [one for one in self.readings if one.series.metric == "power_w"]
        if not power:
            return []
        value = sum(one.value for one in power if one.value is not None)
        is_known = any(one.value is not None for one in power)
        text = self.fmt.number(value if is_known else None)
        return [Vital(self.say(POWER), text, "W", self.say(POWER_FOOT))]

    @property
    def connection(self) -> list[Vital]:
        """How many devices report."""
        if not self.tiles:
            return []
        fresh = [tile for tile in self.tiles if not tile.is_silent]
        text = f"{len(fresh)} / {len(self.tiles)}"
        silent = next((tile.name for tile in self.tiles if tile.is_silent), "")
        foot = SILENT.format(name=silent) if silent else ALL_FRESH
        waiting = sum(one.value or 0 for one in self.readings if one.series.metric == "outbox_rows")
        if waiting > BACKLOG:
            foot = CATCHING_UP.format(n=self.fmt.number(waiting))
        severity = "medium" if silent else ""
        return [Vital(self.say(DEVICES), text, foot=self.say(foot), severity=severity)]
