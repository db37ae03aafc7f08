"""The edge agents that are measured side by side, each set up as its own documents advise."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from hub.demo.processes import program
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId
from tests.bench.rivals.ear import Answer, Cycle, Heard, number_of
from tests.servers import HOST, Program, chosen_metrics, free_port, profile_toml

HOME = Path(__file__).parents[3] / "build" / "rivals"
DEVICES, WORDS = 20, 50
THINGSBOARD = "thingsboard-gateway==3.8.5"
NODE_RED = ("node-red@4.1.15", "node-red-contrib-modbus@5.23.3")
NAMES = chosen_metrics(WORDS)
INSTALL_S = 900


class Rival(Protocol):
    """One agent. `ready` makes its environment, `configure` what it needs in `folder`."""

    name: str
    topic: str
    fastest_s: float  # the interval that gives its highest rate

    def ready(self) -> None: ...

    def configure(
        self, folder: Path, ports: Sequence[int], broker: int, interval_s: float
    ) -> Program: ...

    def decode(self, topic: str, payload: bytes) -> Heard | None: ...

    def answers(self) -> Iterable[Answer]: ...

    def reply(self, topic: str, payload: bytes) -> Answer | None: ...


class Ours:
    """`storevitals-agent`; acknowledged as a hub does it: up to the first batch that is missing."""

    name = "storevitals-agent"
    topic = "spBv1.0/bench/#"
    fastest_s = 0.003  # as often as it can

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._stored: dict[int, int] = {}  # the last id of each epoch, without a gap

    def ready(self) -> None:
        """It is this environment."""

    def configure(
        self, folder: Path, ports: Sequence[int], broker: int, interval_s: float
    ) -> Program:
        unit = profile_toml(NAMES).replace("scale = 0.1", "scale = 1")
        (folder / "unit.toml").write_text(unit, "utf-8")
        tables = [
            f'[agent]\nid = "agent-1"\ndata_dir = "{folder}"\n',
            f'[uplink]\nurl = "mqtt://{HOST}:{broker}"\ngroup = "bench"\n',
            f"[status]\nport = {free_port()}\n",
        ]
        for number, port in enumerate(ports):
            tables.append(
                f'[[bus]]\nid = "bus-{number}"\nkind = "modbus_tcp"\nhost = "{HOST}"\n'
                f'port = {port}\n[[device]]\nid = "unit-{number}"\ndriver = "modbus"\n'
                f'bus = "bus-{number}"\nunit = 1\nprofile = "unit.toml"\n'
                f"interval_s = {interval_s:.6f}\n"
            )
        path = folder / "agent.toml"
        path.write_text("\n".join(tables), "utf-8")
        command = [*program("storevitals-agent"), "run", "--config", str(path)]
        return Program(self.name, command, folder)

    def decode(self, topic: str, payload: bytes) -> Heard | None:
        message = codec.parse(payload)
        if "/NBIRTH/" in topic:
            self._names |= {m.alias: m.name for m in message.metrics if m.alias}
        batch = journal.decode_body(message)
        if batch is None or batch.id != self._stored.get(batch.epoch, 0) + 1:
            return None  # a gap, or here already: the agent sends again what is not acknowledged
        self._stored[batch.epoch] = batch.id
        found: dict[str, dict[str, int]] = {}
        cycles, values = [], 0
        for metric in message.metrics:
            device, _, name = self._names.get(metric.alias, "").partition("/")
            if not device.startswith("unit-") or name == "online":
                continue
            values += 1
            if name == NAMES[0]:
                found[device] = {"read": int(metric.double_value), "ms": metric.timestamp}
            elif name == NAMES[1] and (open_one := found.pop(device, None)):
                answered = int(metric.double_value)
                cycles.append(Cycle(device, open_one["read"], answered, metric.timestamp))
        cycles += [Cycle(device, one["read"], None, None) for device, one in found.items()]
        return Heard(values, cycles)

    def answers(self) -> Iterable[Answer]:
        acks = [BatchId(epoch, last) for epoch, last in list(self._stored.items())]
        if acks:
            yield "spBv1.0/bench/NCMD/agent-1", journal.ack_command(acks, time_ms=0)

    def reply(self, topic: str, payload: bytes) -> Answer | None:
        return None


class ThingsBoard:
    """thingsboard-gateway with the Modbus connector: one connection a device, sqlite storage."""

    name = "thingsboard-gateway"
    topic = "v1/#"
    fastest_s = 0.1

    def __init__(self) -> None:
        self._home = HOME / "thingsboard"

    def ready(self) -> None:
        python = self._home / "bin" / "python"
        if (self._home / "done").exists():
            return
        shutil.rmtree(self._home, ignore_errors=True)
        _call(sys.executable, "-m", "venv", str(self._home))
        _call(str(python), "-m", "pip", "install", "--quiet", THINGSBOARD)
        (self._home / "done").touch()

    def configure(
        self, folder: Path, ports: Sequence[int], broker: int, interval_s: float
    ) -> Program:
        package = next(self._home.glob("lib/python3*/site-packages/thingsboard_gateway"))
        own = json.loads((package / "config" / "tb_gateway.json").read_text("utf-8"))
        own["thingsboard"] |= {
            "host": HOST,
            "port": broker,
            "remoteConfiguration": False,
            "security": {"type": "accessToken", "accessToken": "bench"},
        }
        own["storage"] = {
            "type": "sqlite",
            "data_file_path": str(folder / "data") + "/",
            "messages_ttl_check_in_hours": 1,
            "messages_ttl_in_days": 7,
        }
        own["connectors"] = [{"type": "modbus", "name": "bench", "configuration": "modbus.json"}]
        config = folder / "config"
        config.mkdir()
        shutil.copy(package / "config" / "logs.json", config)
        _write(config / "tb_gateway.json", own)
        slaves = [_slave(n, port, interval_s) for n, port in enumerate(ports)]
        _write(config / "modbus.json", {"name": "bench", "master": {"slaves": slaves}})
        start = f'cd "{folder}" && exec "{self._home}/bin/thingsboard-gateway"'
        own_environment = {"TB_GW_CONFIG_DIR": f"{config}/"}
        return Program(self.name, ["sh", "-c", start], folder, own_environment)

    def decode(self, topic: str, payload: bytes) -> Heard | None:
        if topic != "v1/gateway/telemetry":
            return None
        cycles, values = [], 0
        for device, entries in json.loads(payload).items():
            for entry in entries:
                found = entry["values"]
                values += len(found)
                if "m0" in found:
                    cycles.append(
                        Cycle(number_of(device), found["m0"], found.get("m1"), entry["ts"])
                    )
        return Heard(values, cycles)

    def answers(self) -> Iterable[Answer]:
        return ()

    def reply(self, topic: str, payload: bytes) -> Answer | None:
        """Without this one answer of its platform it sends nothing at all."""
        head = "v1/devices/me/rpc/request/"
        if not topic.startswith(head) or b"getSessionLimits" not in payload:
            return None
        limits = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}}
        return topic.replace("request", "response"), json.dumps(limits).encode()


def _slave(number: int, port: int, interval_s: float) -> dict[str, Any]:
    tags = [
        {"tag": f"m{at}", "type": "16uint", "functionCode": 3, "objectsCount": 1, "address": at}
        for at in range(WORDS)
    ]
    return {
        "host": HOST,
        "port": port,
        "type": "tcp",
        "method": "socket",
        "unitId": 1,
        "deviceName": f"unit-{number}",
        "deviceType": "default",
        "timeout": 5,
        "byteOrder": "BIG",
        "wordOrder": "BIG",
        "pollPeriod": int(interval_s * 1000),
        "connectAttemptTimeMs": 1000,
        "connectAttemptCount": 5,
        "waitAfterFailedAttemptsMs": 30000,
        "attributes": [],
        "timeseries": tags,
        "attributeUpdates": [],
        "rpc": [],
    }


class NodeRed:
    """Node-RED: one client and one block read a device, an array with its time as JSON by MQTT."""

    name = "Node-RED"
    topic = "node-red/#"
    fastest_s = 0.001  # it polls as often as it is answered

    def __init__(self) -> None:
        self._home = HOME / "node-red"

    def ready(self) -> None:
        if (self._home / "done").exists():
            return
        if shutil.which("npm") is None:
            pytest.fail("npm is missing: apt-get install nodejs npm")
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(parents=True)
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        _call("npm", "install", "--prefix", str(self._home), *quiet, *NODE_RED)
        (self._home / "done").touch()

    def configure(
        self, folder: Path, ports: Sequence[int], broker: int, interval_s: float
    ) -> Program:
        flows: list[dict[str, Any]] = [
            {"id": "tab", "type": "tab", "label": "bench"},
            {"id": "to", "type": "mqtt-broker", "broker": HOST, "port": str(broker)}
            | {"autoConnect": True, "protocolVersion": "4", "keepalive": "60"},
            {"id": "out", "type": "mqtt out", "z": "tab", "topic": "", "qos": "0", "broker": "to"}
            | {"retain": "false", "wires": []},
            {"id": "json", "type": "function", "z": "tab", "outputs": 1, "wires": [["out"]]}
            | {"func": _FUNCTION},
        ]
        for number, port in enumerate(ports):
            flows += _block_read(number, port, interval_s)
        _write(folder / "flows.json", flows)
        node = shutil.which("node") or "node"
        entry = self._home / "node_modules" / "node-red" / "red.js"
        words = ["-u", str(folder), "-p", str(free_port()), "flows.json"]
        links = folder / "node_modules"
        links.symlink_to(self._home / "node_modules")
        return Program(self.name, [node, str(entry), *words], folder)

    def decode(self, topic: str, payload: bytes) -> Heard | None:
        found = json.loads(payload)
        words = found["v"]
        return Heard(len(words), [Cycle(number_of(topic), words[0], words[1], found["t"])])

    def answers(self) -> Iterable[Answer]:
        return ()

    def reply(self, topic: str, payload: bytes) -> Answer | None:
        return None


_FUNCTION = (
    "return {topic: 'node-red/' + msg.topic,"
    " payload: JSON.stringify({t: Date.now(), v: msg.payload})};"
)


def _block_read(number: int, port: int, interval_s: float) -> list[dict[str, Any]]:
    client = {
        "id": f"client-{number}",
        "type": "modbus-client",
        "clienttype": "tcp",
        "bufferCommands": True,
        "tcpHost": HOST,
        "tcpPort": str(port),
        "tcpType": "DEFAULT",
        "unit_id": "1",
        "commandDelay": "1",
        "clientTimeout": "1000",
        "reconnectOnTimeout": True,
        "reconnectTimeout": "2000",
        "parallelUnitIdsAllowed": True,
    }
    read = {
        "id": f"read-{number}",
        "type": "modbus-read",
        "z": "tab",
        "name": f"unit-{number}",
        "topic": f"unit-{number}",
        "unitid": "1",
        "dataType": "HoldingRegister",
        "adr": "0",
        "quantity": str(WORDS),
        "rate": str(max(1, round(interval_s * 1000))),
        "rateUnit": "ms",
        "server": f"client-{number}",
        "wires": [["json"], []],
    }
    return [client, read]


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1), "utf-8")


def _call(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"
