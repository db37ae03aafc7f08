"""The set-up in a terminal: from what scan finds to a complete agent.toml, question by question."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.commission.advice import explained
from agent.commission.draft import Draft
from agent.commission.identify import Match, best, identify
from agent.commission.network import hosts_of
from agent.commission.plan import ScanPlan
from agent.commission.plausible import shown, worth_showing
from agent.commission.ports import FoundPort
from agent.commission.scan import LineScan, Progress, scan_hosts, scan_line
from agent.commission.topics import NoBrokerError, Topic, listen
from agent.words import T, plain
from protocols.errors import ProtocolError
from protocols.metrics import METRICS
from protocols.modbus.client import ModbusBus, TcpAddress
from protocols.mqtt.options import MqttOptions, MqttOptionsError

CHOICES = 4
VALUES = 4
LISTEN_S = 8.0
PATIENCE_S = 0.5


class Asker(Protocol):
    """A person at a terminal, or defaults where nobody is asked."""

    def say(self, text: T) -> None: ...

    def word(self, text: T) -> str:
        """In the language of the person."""
        ...

    def ask(self, question: T, default: str = "") -> str: ...

    def confirm(self, question: T, *, default: bool) -> bool: ...

    def choose(self, question: T, options: Sequence[T], default: int) -> int:
        """Index of the choice; -1 is none of them."""
        ...

    def progress(self, label: str) -> Progress: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was named on the command line. `network` and `mqtt` None: ask."""

    ports: Sequence[FoundPort]
    plan: ScanPlan
    network: str | None = None
    tcp_port: int = 502
    mqtt: str | None = None


class Wizard:
    """Fills `draft`; asks the buses one after the other."""

    def __init__(self, asker: Asker, draft: Draft, wanted: Wanted) -> None:
        self._asker, self._draft, self._wanted = asker, draft, wanted

    async def run(self) -> None:
        for port in self._wanted.ports:
            await self._port(port)
        if not self._wanted.ports:
            self._asker.say(_NO_PORT)
        await self._network()
        await self._mqtt()

    async def _port(self, port: FoundPort) -> None:
        self._asker.say(plain(f"\n{port.name}  ") + port.what)
        if port.trouble:
            self._asker.say(port.trouble)
            return
        self._asker.say(self._wanted.plan.sentence(port.name))
        try:
            scan = await scan_line(port.name, self._wanted.plan, self._asker.progress(port.name))
        except ProtocolError as error:
            self._asker.say(explained(str(error)))
            return
        if scan.setting is None:
            self._till(port)
            return
        await self._units(scan)

    async def _units(self, scan: LineScan) -> None:
        assert scan.setting is not None  # noqa: S101 the caller has asked
        units = ", ".join(str(unit) for unit in scan.unit_ids)
        self._asker.say(
            T(f"{scan.setting} 有应答：站号 {units}", f"answers at {scan.setting}: units {units}")
        )
        bus = self._draft.serial_bus(scan.port, scan.setting)
        line = scan.setting.line(scan.port)
        async with ModbusBus(line, PATIENCE_S) as wire:
            for unit_id in scan.unit_ids:
                await self._unit(wire, bus, unit_id, T(f"站号 {unit_id}", f"unit {unit_id}"))

    async def _unit(self, wire: ModbusBus, bus: str, unit_id: int, place: T) -> None:
        try:
            matches = await identify(wire, unit_id, is_rtu=wire.line.is_rtu)
        except ProtocolError as error:
            self._asker.say(place + plain(": ") + explained(str(error)))
            return
        if not matches:
            self._asker.say(place + _UNKNOWN)
            return
        shown = matches[:CHOICES]
        chosen = self._choose(place, shown)
        if chosen is None:
            return
        usual = self._asker.word(self._draft.usual_name(chosen.profile.category))
        name = self._asker.ask(place + _NAME_IT, usual)
        own = self._draft.modbus_device(bus, unit_id, (chosen.name, chosen.profile), name)
        self._asker.say(plain(f"  ✔ {own}  {name}  ({chosen.name})"))
        if chosen.profile.notes:
            self._asker.say(T(f"    {chosen.profile.notes_zh}", f"    {chosen.profile.notes}"))

    def _choose(self, place: T, matches: Sequence[Match]) -> Match | None:
        if len(matches) == 1 or best(matches):
            self._asker.say(place + plain("  ") + _label(matches[0]))
        default = 0
        index = self._asker.choose(place + _WHICH, [_label(match) for match in matches], default)
        return None if index < 0 else matches[index]

    def _till(self, port: FoundPort) -> None:
        self._asker.say(_NOBODY)
        if not self._asker.confirm(_IS_TILL, default=False):
            return
        forms = [T("打印小票（ESC/POS）", "printed receipts (ESC/POS)"), T("JSON 行", "JSON lines")]
        index = self._asker.choose(_WHICH_FORM, forms, 0)
        if index >= 0:
            name = self._asker.ask(_TILL_NAME, "till")
            self._draft.till(port.name, ("escpos", "jsonl")[index], name)

    async def _network(self) -> None:
        text = self._wanted.network
        if text is None:
            if not self._asker.confirm(_SEARCH_NETWORK, default=False):
                return
            text = "own"
        if not text:
            return
        hosts = hosts_of(text)
        self._asker.say(T(f"询问 {len(hosts)} 个地址…", f"Asking {len(hosts)} addresses…"))
        port = self._wanted.tcp_port
        found = await scan_hosts(hosts, range(1, 9), self._asker.progress("TCP"), port)
        for host in found:
            bus = self._draft.network_bus(host.host, host.port) if host.unit_ids else ""
            async with ModbusBus(TcpAddress(host.host, host.port)) as wire:
                for unit_id in host.unit_ids:
                    where = f"{host.host}:{host.port} "
                    place = T(f"{where}站号 {unit_id}", f"{where}unit {unit_id}")
                    await self._unit(wire, bus, unit_id, place)

    async def _mqtt(self) -> None:
        url = self._wanted.mqtt
        if url is None:
            url = self._asker.ask(_WHICH_BROKER, "")
        if not url:
            return
        try:
            options = MqttOptions(url, client_id=f"{self._draft.agent_id}-setup")
            topics = await listen(options, LISTEN_S)
        except (MqttOptionsError, NoBrokerError) as error:
            self._asker.say(plain(str(error)))
            return
        for topic in topics:
            if topic.numbers:
                self._topic(url, topic)

    def _topic(self, url: str, topic: Topic) -> None:
        values: dict[str, str] = {}
        for path, number in topic.numbers.items():
            guess = _metric_of(path)
            shown = f"{topic.name}: {path} = {number:g}"
            question = T(f"{shown} 是哪个指标？", f"{shown} is which metric?")
            metric = self._asker.ask(question + _OR_SKIP, guess)
            if metric in METRICS and metric not in values:
                values[metric] = path
        if values:
            bus = self._draft.mqtt_bus(url)
            name = topic.name.rsplit("/", 1)[-1]
            own = self._draft.mqtt_device(bus, topic.name, values, self._asker.ask(_NAME, name))
            self._asker.say(plain(f"  ✔ {own}"))


def _metric_of(path: str) -> str:
    """A metric where the payload's own word is one we know; else nothing."""
    word = path.rsplit(".", 1)[-1].lower()
    return _USUAL_WORDS.get(word, word if word in METRICS else "")


_USUAL_WORDS = {
    "in": "in_count",
    "out": "out_count",
    "temperature": "room_temperature_c",
    "temp": "room_temperature_c",
    "humidity": "humidity_percent",
    "battery": "battery_percent",
    "co2": "co2_ppm",
    "power": "power_w",
}


def _label(match: Match) -> T:
    best = sorted(match.values, key=worth_showing)
    known = [(METRICS[name], match.values[name]) for name in best]
    values = [(metric, shown(value)) for metric, value in known if value is not None][:VALUES]
    zh = "，".join(f"{metric.zh} {value} {metric.unit}".strip() for metric, value in values)
    en = ", ".join(f"{metric.en} {value} {metric.unit}".strip() for metric, value in values)
    head = f"{match.profile.vendor} {match.profile.model} ({match.score:.0%})"
    return T(f"{head}：{zh}", f"{head}: {en}")


def fill(asker: Asker, draft: Draft, wanted: Wanted) -> None:
    """The whole set-up, until every device has its place. Raises RangeError."""
    asyncio.run(Wizard(asker, draft, wanted).run())


_NO_PORT = T(
    "没有找到串口。如有 RS-485 设备，请插好转换器后重新运行。",
    "No serial port was found. If there are RS-485 devices, plug the adapter in and run again.",
)
_UNKNOWN = T(
    "：有应答，但不像任何已知型号；请之后用 probe --words 查看。",
    ": it answers, but is like no device we know; see probe --words later.",
)
_NAME_IT = T(" 叫什么名字？", ": what do people call it?")
_WHICH = T(" 是哪一种？（与设备屏幕上的数值对比）", ": which one is it? (compare with its display)")
_NOBODY = T("没有 Modbus 设备应答。", "No Modbus unit answered.")
_IS_TILL = T("这个串口接的是收银机或小票打印机吗？", "Is a till or receipt printer on this port?")
_WHICH_FORM = T("收银机送出的是？", "What does the till send?")
_TILL_NAME = T("收银机叫什么名字？", "What do people call the till?")
_SEARCH_NETWORK = T(
    "要在本店网络中查找 Modbus TCP 设备吗？", "Search this store's network for Modbus TCP devices?"
)
_WHICH_BROKER = T(
    "店内 MQTT 服务器地址（没有就留空）", "Address of a broker in the store (empty: none)"
)
_OR_SKIP = T("（留空跳过）", " (empty: skip)")
_NAME = T("设备叫什么名字？", "What do people call the device?")
