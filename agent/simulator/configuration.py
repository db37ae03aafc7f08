"""Writes an agent.toml that reads the simulated store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.simulator.live import HOST, Listening
from agent.simulator.plant import (
    COLD_BUS,
    HEARTBEAT_S,
    MODBUS_UNITS,
    RTU_BAUD,
    SENSOR_BUS,
    SIDE_DOOR,
    SIDE_DOOR_NAME,
    TILLS,
)

Value = str | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    agent_id: str
    name: str
    group: str
    data_dir: Path
    zone: str
    broker_url: str
    drain_per_s: int = 2000  # 0: as fast as it goes


def agent_toml(identity: AgentIdentity, listening: Listening) -> str:
    """The whole file as text."""
    tables = [
        _table(
            "[agent]",
            {
                "id": identity.agent_id,
                "name": identity.name,
                "data_dir": str(identity.data_dir),
                "zone": identity.zone,
            },
        ),
        _table(
            "[uplink]",
            {
                "url": identity.broker_url,
                "group": identity.group,
                "flush_s": 1.0,
                "drain_per_s": identity.drain_per_s,
            },
        ),
        *_buses(listening),
        *_devices(listening),
    ]
    return "# Written by storevitals-agent simulate: reads a store in software.\n" + "".join(tables)


def _buses(listening: Listening) -> list[str]:
    port = str(listening.serial[COLD_BUS].absolute())
    rtu: dict[str, Value] = {"id": COLD_BUS, "kind": "modbus_rtu", "port": port, "baud": RTU_BAUD}
    tables = [_table("[[bus]]", rtu)]
    for bus, tcp_port in listening.tcp_ports.items():
        tcp: dict[str, Value] = {"id": bus, "kind": "modbus_tcp", "host": HOST, "port": tcp_port}
        tables.append(_table("[[bus]]", tcp))
    if listening.mqtt_url:
        mqtt: dict[str, Value] = {"id": SENSOR_BUS, "kind": "mqtt", "url": listening.mqtt_url}
        tables.append(_table("[[bus]]", mqtt))
    return tables


def _devices(listening: Listening) -> list[str]:
    tables = []
    for unit in MODBUS_UNITS:
        values: dict[str, Value] = {"id": unit.device, "name": unit.name, "driver": "modbus"}
        values |= {"bus": unit.bus, "unit": unit.unit, "profile": unit.profile_name}
        values["interval_s"] = unit.interval_s
        if unit.critical:
            values["critical"] = unit.critical
        tables.append(_table("[[device]]", values))
    if listening.mqtt_url:
        tables.append(_side_door(listening.topic))
    for till in TILLS:
        values = {"id": till.device, "name": till.name, "driver": "serial_till"}
        values |= {"port": str(listening.serial[till.device].absolute()), "format": till.format}
        tables.append(_table("[[device]]", values))
    return tables


def _side_door(topic: str) -> str:
    values: dict[str, Value] = {
        "id": SIDE_DOOR,
        "name": SIDE_DOOR_NAME,
        "driver": "mqtt_json",
        "bus": SENSOR_BUS,
        "topic": topic,
        "status_topic": f"{topic}/status",
        "event_id": "id",
        "silent_s": 3 * HEARTBEAT_S,
    }
    return _table("[[device]]", values) + 'values = { in_count = "in", out_count = "out" }\n'


def _table(header: str, values: Mapping[str, Value]) -> str:
    """A JSON string, number or list of strings is also TOML."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n" + "\n".join([header, *lines]) + "\n"
