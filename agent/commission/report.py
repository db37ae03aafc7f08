"""The self-test report that stays in the store: one A4 page to print, and the same as JSON.

The page is HTML with its own style and picture in it, for any browser to print or save as PDF: a
PDF with Chinese text would need 10 MB of fonts on the Pi (docs/decisions/self-test-report.md).
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.commission.findings import Finding, State
from agent.settings import AgentSettings
from agent.settings_devices import Device, ModbusDevice
from agent.version import VERSION
from agent.words import Language, T
from protocols.modbus.profile import load_profile, profile_names


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and of whom."""

    settings: AgentSettings
    findings: tuple[Finding, ...]
    at: datetime

    @property
    def is_passed(self) -> bool:
        return all(finding.is_ok for finding in self.findings)


def document(report: Report) -> dict[str, object]:
    """For the archive of the hub: both languages, stable keys."""
    agent = report.settings.agent
    return {
        "kind": "self-test",
        "version": 1,
        "agent_id": agent.id,
        "store": agent.name,
        "software": VERSION,
        "at": report.at.isoformat(),
        "is_passed": report.is_passed,
        "devices": [
            {"id": device.id, "name": device.name, "model": _model(device)}
            for device in report.settings.device
        ],
        "findings": [
            {
                "part": finding.part,
                "name": finding.name._asdict(),
                "state": finding.state.value,
                "text": finding.text._asdict(),
                "todo": finding.todo._asdict(),
            }
            for finding in report.findings
        ],
    }


def page(report: Report, language: Language) -> str:
    """One file with nothing outside of it."""
    agent, rows = report.settings.agent, report.findings
    local = report.at.astimezone(ZoneInfo(agent.zone)).strftime("%Y-%m-%d %H:%M")
    names = {device.id: device for device in report.settings.device}
    failed = sum(not finding.is_ok for finding in rows)
    verdict = _PASSED if report.is_passed else T(f"{failed} 项有问题", f"{failed} to mend")
    head = [(_STORE, agent.name or "–"), (_AGENT, agent.id), (_DATE, f"{local} ({agent.zone})")]
    head.append((T("软件", "Software"), f"storevitals-agent {VERSION}"))
    devices = [_row(f, language, names) for f in rows if f.part.startswith("device ")]
    others = [_row(f, language, names) for f in rows if not f.part.startswith("device ")]

    def t(text: T) -> str:
        return escape(text.in_(language))

    facts = "".join(f"<dt>{t(name)}</dt><dd>{escape(value)}</dd>" for name, value in head)
    return _PAGE.format(
        lang=language.value,
        style=_STYLE.read_text("utf-8"),
        title=t(_TITLE),
        facts=facts,
        qr=_qr(agent.id),
        state="ok" if report.is_passed else "failed",
        verdict=t(verdict),
        devices=t(T("终端设备", "Devices")),
        device_rows="".join(devices),
        system=t(T("采集端与线路", "Agent and lines")),
        system_rows="".join(others),
        installer=t(T("安装人签字", "Installer")),
        manager=t(T("门店签字", "For the store")),
    )


def _row(finding: Finding, language: Language, names: Mapping[str, Device]) -> str:
    def t(text: T) -> str:
        return escape(text.in_(language))

    own = finding.part.removeprefix("device ")
    device = names.get(own)
    name = escape(device.name) if device else ""
    model = escape(_model(device)) if device else ""
    label = f"<b>{name or t(finding.name)}</b>"
    label += f"<br><small>{escape(own)} {model}</small>" if device else ""
    todo = f"<br><em>{t(finding.todo)}</em>" if finding.todo.en else ""
    mark = f'<td class="{finding.state.value}">{_MARKS[finding.state]}</td>'
    return f"<tr>{mark}<td>{label}</td><td>{t(finding.text)}{todo}</td></tr>"


def _model(device: Device) -> str:
    if isinstance(device, ModbusDevice) and device.profile in profile_names():
        profile = load_profile(device.profile)
        return f"{profile.vendor} {profile.model}"
    return device.driver


def _qr(agent_id: str) -> str:
    """The id as a picture, to be scanned when the agent is looked up in the hub."""
    import segno  # noqa: PLC0415 an agent that runs does not carry it

    out = io.BytesIO()
    segno.make(agent_id, error="m").save(
        out,
        kind="svg",
        scale=4,
        border=0,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
    )
    return out.getvalue().decode("utf-8")


def text(report: Report) -> str:
    return json.dumps(document(report), ensure_ascii=False, indent=2)


_MARKS = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✕"}
_TITLE = T("安装自检报告", "Self-test report")
_PASSED = T("全部正常", "All is well")
_STORE = T("门店", "Store")
_AGENT = T("采集端编号", "Agent")
_DATE = T("时间", "Date")
_STYLE = Path(__file__).with_name("report.css")
_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>
<header><div><h1>{title}</h1><dl>{facts}</dl></div>{qr}</header>
<p class="verdict {state}">{verdict}</p>
<h2>{devices}</h2><table>{device_rows}</table>
<h2>{system}</h2><table>{system_rows}</table>
<footer><p>{installer}</p><p>{manager}</p></footer>
</body></html>
"""
