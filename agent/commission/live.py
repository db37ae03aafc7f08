"""What a running agent says of its devices, asked at its own status page on this machine."""

import json
import urllib.error
import urllib.request
from typing import Any

from agent.commission.findings import Finding, State
from agent.commission.plausible import shown
from agent.settings import AgentSettings
from agent.words import T

PATIENCE_S = 5.0
SHOWN = 4
_STATES = {"online": State.OK, "waiting": State.WARNING, "lost": State.FAILED}
_NO_TEXT = {"zh": "", "en": ""}


def device_findings(settings: AgentSettings) -> list[Finding]:
    """Empty where the page is not shown."""
    if not settings.status.port:
        return []
    url = f"http://127.0.0.1:{settings.status.port}/status.json"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            status = json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError):
        return []
    if status["agent"]["id"] != settings.agent.id:
        return []  # another agent of this machine has the port
    return [_device(device) for device in status["devices"]]


def _device(device: dict[str, Any]) -> Finding:
    state, reason = _STATES[device["state"]], device["reason"] or _NO_TEXT
    text = T(device["detail"], device["detail"]) if device["detail"] else _values(device)
    if state is State.WARNING:
        text = T("正在等待第一批数据", "waiting for the first readings")
    todo = T(reason["zh"], reason["en"])
    return Finding(f"device {device['id']}", T(device["name"], device["name"]), state, text, todo)


def _values(device: dict[str, Any]) -> T:
    values = [v for v in device["values"] if v["value"] is not None][:SHOWN]
    if not values:
        return T("在线", "online")
    return T(*(", ".join(_value(value, lang) for value in values) for lang in ("zh", "en")))


def _value(value: dict[str, Any], language: str) -> str:
    return f"{value['name'][language]} {shown(value['value'])} {value['unit']}".rstrip()
