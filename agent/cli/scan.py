"""`storevitals-agent scan`: which ports, Modbus units, network devices and topics are there?"""

import argparse
import asyncio
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.cli.options import (
    ProgressLine,
    add_config,
    add_json,
    add_language,
    refuse,
    say,
    say_json,
    seconds,
    tcp_port,
)
from agent.commission.advice import explained
from agent.commission.network import RangeError, hosts_of, own_interfaces
from agent.commission.plan import PlanError, ScanPlan, make_plan, parse_units
from agent.commission.ports import FoundPort, find_ports, named_port
from agent.commission.running import ports_in_use
from agent.commission.scan import MODBUS_PORT, FoundHost, LineScan, scan_hosts, scan_line
from agent.commission.topics import NoBrokerError, Topic, listen
from agent.words import Language, T
from protocols.errors import ProtocolError
from protocols.mqtt.options import MqttOptions, MqttOptionsError


@dataclass(frozen=True, slots=True)
class PortResult:
    """A port and what was heard on it; `trouble` where it could not be searched."""

    port: FoundPort
    scan: LineScan | None = None
    trouble: T | None = None


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "scan",
        help="find serial ports, Modbus devices, network devices and MQTT topics",
        description="Lists the serial ports and asks on each which Modbus units answer, at the "
        "usual line settings. It only reads. The network is searched only with --network, and "
        "only the store's own subnet.",
    )
    add = parser.add_argument
    add("--port", action="append", default=[], help="only this port; may be given again")
    add("--units", default="", metavar="1-32", help="unit ids to ask (default 1-32)")
    add("--setting", action="append", default=[], metavar="9600-8N1", help="only this setting")
    add("--thorough", action="store_true", help="all unit ids, all settings, slow devices too")
    add("--ports-only", action="store_true", help="list the ports and ask nobody")
    add(
        "--network",
        nargs="?",
        const="own",
        metavar="RANGE",
        help="search Modbus TCP devices in the own subnet, or in a range of it such as "
        "192.168.1.0/24",
    )
    add(
        "--tcp-port", type=tcp_port, default=MODBUS_PORT, help=f"their port (default {MODBUS_PORT})"
    )
    add("--mqtt", metavar="URL", help="listen to this broker and tell its topics")
    add("--seconds", type=seconds, default=10.0, help="how long to listen (default 10)")
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        plan = make_plan(units=args.units, settings=tuple(args.setting), is_thorough=args.thorough)
        hosts = hosts_of(args.network) if args.network else []
        broker = MqttOptions(args.mqtt, client_id="storevitals-scan") if args.mqtt else None
        return asyncio.run(_scan(args, plan, hosts, broker))
    except (PlanError, RangeError, MqttOptionsError, NoBrokerError) as error:
        return refuse("scan", error)


async def _scan(
    args: argparse.Namespace, plan: ScanPlan, hosts: list[str], broker: MqttOptions | None
) -> int:
    ports = [named_port(Path(name)) for name in args.port] or find_ports()
    is_only_elsewhere = (args.network or args.mqtt) and not args.port
    lines = [] if is_only_elsewhere else await _lines(args, plan, ports)
    found = await _network(args, hosts) if args.network else []
    topics = await listen(broker, args.seconds) if broker else []
    if args.json:
        say_json(_document(lines, found, topics))
    else:
        _tell(args, lines, found, topics)
    return 1 if any(line.trouble for line in lines) and args.port else 0


async def _lines(
    args: argparse.Namespace, plan: ScanPlan, ports: list[FoundPort]
) -> list[PortResult]:
    busy = ports_in_use(args.config)
    return [await _line(args, plan, port, busy) for port in ports]


async def _line(
    args: argparse.Namespace, plan: ScanPlan, port: FoundPort, busy: frozenset[Path]
) -> PortResult:
    if port.trouble or args.ports_only:
        return PortResult(port, trouble=port.trouble)
    if Path(port.device) in busy:
        return PortResult(port, trouble=_IN_USE)
    if not args.json:
        say(plan.sentence(port.name).in_(args.lang))
        sys.stdout.flush()
    progress = ProgressLine(port.name)
    try:
        return PortResult(port, await scan_line(port.name, plan, progress))
    except ProtocolError as error:
        return PortResult(port, trouble=explained(str(error)))
    finally:
        progress.end()


_IN_USE = T(
    "采集端正在使用此串口，未扫描。要扫描请先停止它：sudo systemctl stop storevitals-agent",
    "The agent is using this port; it was not searched. To search it, stop the agent first: "
    "sudo systemctl stop storevitals-agent",
)


async def _network(args: argparse.Namespace, hosts: list[str]) -> list[FoundHost]:
    units = parse_units(args.units or "1-8")
    if not args.json:
        own = ", ".join(str(interface) for interface in own_interfaces())
        text = T(
            f"网络：询问 {len(hosts)} 个地址的 {args.tcp_port} 端口（本机 {own}）。",
            f"Network: asking {len(hosts)} addresses on port {args.tcp_port} (this machine {own}).",
        )
        say(text.in_(args.lang))
    progress = ProgressLine("TCP")
    try:
        return await scan_hosts(hosts, units, progress, args.tcp_port)
    finally:
        progress.end()


def _document(
    lines: list[PortResult], hosts: list[FoundHost], topics: list[Topic]
) -> dict[str, object]:
    return {
        "serial": [_line_document(line) for line in lines],
        "network": [asdict(host) for host in hosts],
        "topics": [asdict(topic) for topic in topics],
    }


def _line_document(line: PortResult) -> dict[str, object]:
    document: dict[str, object] = {
        "port": line.port.name,
        "device": line.port.device,
        "what": line.port.what._asdict(),
        "is_stable": line.port.is_stable,
        "trouble": line.trouble._asdict() if line.trouble else None,
    }
    if line.scan:
        document |= {
            "setting": str(line.scan.setting) if line.scan.setting else None,
            "units": list(line.scan.unit_ids),
            "noisy": [str(setting) for setting in line.scan.noisy],
            "requests": line.scan.requests,
            "took_s": round(line.scan.took_s, 2),
        }
    return document


def _tell(
    args: argparse.Namespace,
    lines: list[PortResult],
    hosts: list[FoundHost],
    topics: list[Topic],
) -> None:
    language: Language = args.lang
    for line in lines:
        say("\n".join(text.in_(language) for text in _line_words(line)))
    if not lines and not args.network and not args.mqtt:
        say(_NO_PORT.in_(language))
    if args.network:
        say("\n".join(text.in_(language) for text in _host_words(hosts)))
    for topic in topics:
        numbers = ", ".join(f"{path} = {value:g}" for path, value in topic.numbers.items())
        say(f"{topic.name}  ({topic.count})  {numbers or topic.sample}")
    if args.mqtt and not topics:
        say(_NO_TOPIC.in_(language))


def _line_words(line: PortResult) -> list[T]:
    head = T(f"{line.port.name}  {line.port.what.zh}", f"{line.port.name}  {line.port.what.en}")
    if line.trouble:
        return [head, T("  ", "  ") + line.trouble]
    if line.scan is None:
        return [head]
    if line.scan.setting is None:
        return [head, _NOBODY, *([_NOISE] if line.scan.noisy else [])]
    units = ", ".join(str(unit) for unit in line.scan.unit_ids)
    setting, port = line.scan.setting, line.port.name
    return [
        head,
        T(
            f"  {setting} 有应答，站号：{units}（{line.scan.requests} 次提问，"
            f"{line.scan.took_s:.1f} 秒）",
            f"  answers at {setting}, units {units} ({line.scan.requests} questions, "
            f"{line.scan.took_s:.1f} s)",
        ),
        T("  下一步：", "  next: ")
        + _same(
            f"storevitals-agent probe --port {port} --setting {str(setting).replace(' ', '-')} "
            f"--unit {line.scan.unit_ids[0]}"
        ),
    ]


def _same(text: str) -> T:
    return T(text, text)


def _host_words(hosts: list[FoundHost]) -> list[T]:
    if not hosts:
        return [_NO_HOST]
    words = []
    for host in hosts:
        units = ", ".join(str(unit) for unit in host.unit_ids)
        if units:
            words.append(
                T(
                    f"{host.host}:{host.port}  站号 {units}",
                    f"{host.host}:{host.port}  units {units}",
                )
            )
        else:
            words.append(_same(f"{host.host}:{host.port}  ") + _OPEN)
    return words


_NO_PORT = T(
    "没有找到串口：请插好 USB 转 RS-485 转换器，再运行一次 scan。",
    "No serial port was found: plug the USB-RS485 adapter in and scan again.",
)
_NOBODY = T(
    "  没有 Modbus 设备应答：请检查电源和 A/B 线，设备的站号和波特率；可加 --thorough 全面扫描。",
    "  No Modbus unit answered: check power, the A and B wires, unit id and speed; "
    "--thorough searches everything.",
)
_NOISE = T(
    "  线上有乱码：有设备以其他速率或协议在通信（收银机、电子秤？）。",
    "  There are bytes on the line: somebody speaks at another speed (a till, a scale?).",
)
_NO_HOST = T(
    "网络上没有找到 Modbus TCP 设备：请检查设备的网线和 IP 地址是否在同一网段。",
    "No Modbus TCP device was found: check that its cable is in and its address is in this subnet.",
)
_OPEN = T(
    "端口开放，但没有站号应答：可用 --units 询问其他站号。",
    "the port is open, but no unit answered: ask other ids with --units.",
)
_NO_TOPIC = T(
    "没有收到任何主题：请检查设备是否已连接到这个服务器，或用 --seconds 听久一些。",
    "No topic was heard: are the devices connected to this broker? Listen longer with --seconds.",
)
