"""All that the status page shows, as one JSON document with both languages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from agent.commission.advice import advice
from agent.commission.diagnose import machine_findings
from agent.commission.findings import Finding, State
from agent.commission.plausible import worth_showing
from agent.guard import LocalAlarm
from agent.machine import Machine
from agent.outbox import Outbox
from agent.polling_status import BusStatus, DeviceState, DeviceStatus
from agent.settings import AgentSettings
from agent.status.logbook import Logbook
from agent.status.pace import Pace
from agent.version import VERSION
from agent.words import T
from protocols.metrics import METRICS, Kind
from protocols.reading import Quality
from protocols.sparkplug.codec import Sample

OWN = ("agent",)


class Poll(Protocol):
    """What `agent.polling.Poller` tells."""

    def devices(self) -> Sequence[DeviceStatus]: ...

    def buses(self) -> Sequence[BusStatus]: ...


class Line(Protocol):
    """What `agent.uplink.Uplink` tells."""

    @property
    def is_connected(self) -> bool: ...

    @property
    def trouble(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The living parts of the agent; all may be read from another thread."""

    settings: AgentSettings
    poll: Poll
    outbox: Outbox
    uplink: Line
    logbook: Logbook
    pace: Pace
    machine: Machine = field(default_factory=Machine)
    alarms: Callable[[], Sequence[LocalAlarm]] = tuple
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def snapshot(sources: Sources) -> dict[str, Any]:
    agent = sources.settings.agent
    devices, uplink, outbox = _devices(sources), _uplink(sources), _outbox(sources)
    alarms = [_alarm(sources, alarm) for alarm in sources.alarms()]
    machine = [
        _finding(f) for f in machine_findings(agent.data_dir, sources.settings, sources.machine)
    ]
    return {
        "at": sources.now().isoformat(),
        "agent": {"id": agent.id, "name": agent.name, "version": VERSION, "zone": agent.zone},
        "verdict": _verdict(alarms, devices, uplink, outbox, machine),
        "alarms": alarms,
        "devices": devices,
        "buses": [_bus(bus) for bus in sources.poll.buses()],
        "outbox": outbox,
        "uplink": uplink,
        "machine": machine,
        "log": [
            {"at": entry.at.isoformat(), "is_error": entry.is_error, "text": entry.text}
            for entry in sources.logbook.newest_first()
        ],
    }


def _alarm(sources: Sources, alarm: LocalAlarm) -> dict[str, Any]:
    names = {device.id: device.name for device in sources.settings.device}
    known = METRICS.get(alarm.metric)
    return {
        "device": names.get(alarm.device) or alarm.device,
        "name": _both(_metric_words(alarm.metric)),
        "unit": known.unit if known else "",
        "value": alarm.value,
        "limit": alarm.limit.value,
        "is_low": alarm.limit.is_low,
        "age_s": max(0.0, round((sources.now() - alarm.since).total_seconds(), 1)),
    }


def _devices(sources: Sources) -> list[dict[str, Any]]:
    values: dict[str, list[dict[str, Any]]] = {}
    current, now_ms = sources.outbox.current(), sources.now().timestamp() * 1000
    for channel in sources.outbox.channels:
        sample = current.get(channel.alias)
        if sample is not None and (shown := _value(channel.metric, sample, now_ms)):
            values.setdefault(channel.device, []).append(shown)
    names = {device.id: device.name for device in sources.settings.device}
    return [
        _device(status, names, values.get(status.device, []), sources.now())
        for status in sources.poll.devices()
    ]


def _device(
    status: DeviceStatus, names: dict[str, str], values: list[dict[str, Any]], now: datetime
) -> dict[str, Any]:
    age_s = (now - status.heard_at).total_seconds() if status.heard_at else None
    is_lost = status.state is DeviceState.LOST
    return {
        "id": status.device,
        "name": names.get(status.device) or status.device,
        "state": status.state.value,
        "reason": _both(advice(status.reason)) if is_lost else None,
        "detail": status.reason if is_lost else "",
        "age_s": None if age_s is None else max(0.0, round(age_s, 1)),
        "values": sorted(values, key=lambda value: value["rank"]),
        "plan": list(status.plan),
        "refused": [_both(_metric_words(metric)) for metric in status.refused],
    }


def _value(metric: str, sample: Sample, now_ms: float) -> dict[str, Any] | None:
    known = METRICS.get(metric)
    if known is None or metric == "online":
        return None
    is_text = known.kind is Kind.DOCUMENT
    return {
        "metric": metric,
        "name": {"zh": known.zh, "en": known.en},
        "unit": known.unit,
        "value": None if is_text else sample.value,
        "is_state": known.kind is Kind.STATE,
        "quality": "good" if sample.quality is Quality.GOOD else sample.quality.name.lower(),
        "age_s": max(0.0, round((now_ms - sample.time_ms) / 1000, 1)),
        "rank": worth_showing(metric),
    }


def _bus(bus: BusStatus) -> dict[str, Any]:
    return {
        "id": bus.bus,
        "where": bus.where,
        "load_percent": round(bus.load_percent, 1),
        "error_percent": round(bus.error_percent, 1),
        "requests_per_s": round(bus.requests_per_s, 1),
    }


def _outbox(sources: Sources) -> dict[str, Any]:
    outbox, wear = sources.outbox, sources.outbox.wear()
    a_day = wear.written_bytes_per_day
    hours = sources.pace.hours_left(outbox.epochs, outbox.bytes)
    return {
        "rows_waiting": outbox.rows_waiting,
        "bytes": outbox.bytes,
        "max_bytes": sources.settings.outbox.max_mb * 1_000_000,
        "hours_left": None if hours is None else round(hours, 1),
        "dropped_batches": outbox.dropped_batches,
        "lost_readings": outbox.lost_readings,
        "syncs_per_s": round(wear.syncs_per_s, 2),
        "written_mb_per_day": None if a_day is None else round(a_day / 1e6, 1),
    }


def _uplink(sources: Sources) -> dict[str, Any]:
    is_up, trouble = sources.uplink.is_connected, sources.uplink.trouble
    return {
        "is_connected": is_up,
        "url": sources.settings.uplink.url,
        "reason": None if is_up or not trouble else _both(advice(trouble)),
        "detail": "" if is_up else trouble,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "name": _both(finding.name),
        "state": finding.state.value,
        "text": _both(finding.text),
        "todo": _both(finding.todo),
    }


def _verdict(
    alarms: list[dict[str, Any]],
    devices: list[dict[str, Any]],
    uplink: dict[str, Any],
    outbox: dict[str, Any],
    machine: list[dict[str, Any]],
) -> dict[str, Any]:
    """The one line that is read first; the worst part speaks."""
    lost = [device["name"] for device in devices if device["state"] == DeviceState.LOST]
    broken = [part["name"] for part in machine if part["state"] == State.FAILED]
    if alarms:
        return {"state": "failed", "text": _both(_beyond(alarms))}
    if lost:
        names = "、".join(lost[:3])
        text = T(f"{len(lost)} 台设备失联：{names}", f"{len(lost)} lost: {', '.join(lost[:3])}")
        return {"state": "failed", "text": _both(text)}
    if broken:
        return {
            "state": "failed",
            "text": {lang: broken[0][lang] + _BROKEN[lang] for lang in _BROKEN},
        }
    if not uplink["is_connected"]:
        return {"state": "warning", "text": _both(_offline(outbox))}
    if any(device["state"] == DeviceState.WAITING for device in devices):
        return {"state": "warning", "text": _both(_WAITING)}
    text = T(f"{len(devices)} 台设备全部正常", f"All {len(devices)} devices are well")
    return {"state": "ok", "text": _both(text)}


def _beyond(alarms: list[dict[str, Any]]) -> T:
    names = list(dict.fromkeys(alarm["device"] for alarm in alarms))[:3]
    return T(f"超出限值：{'、'.join(names)}", f"Beyond its limit: {', '.join(names)}")


def _offline(outbox: dict[str, Any]) -> T:
    hours = outbox["hours_left"]
    if hours is None:
        return T("未连接中心，数据先保存在本机", "No hub; readings are kept here")
    return T(
        f"未连接中心，数据先保存在本机，还可保存 {hours:.0f} 小时",
        f"No hub; readings are kept here, room for {hours:.0f} h",
    )


def _metric_words(metric: str) -> T:
    known = METRICS.get(metric)
    return T(known.zh, known.en) if known else T(metric, metric)


def _both(text: T) -> dict[str, str]:
    return text._asdict()


_BROKEN = {"zh": "有问题", "en": ": needs a look"}
_WAITING = T("正在等待设备的第一批数据", "Waiting for the first readings")
PAGE = Path(__file__).parent / "page"
