"""`storevitals-agent setup`: from what is plugged in to a complete agent.toml."""

import argparse
import os
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from agent.cli import check
from agent.cli.options import (
    ProgressLine,
    add_config,
    add_json,
    add_language,
    refuse,
    say,
    say_json,
    tcp_port,
)
from agent.cli.phone import NoPageError, phone_page
from agent.commission.draft import NO_HUB, Draft, agent_toml, slug, write
from agent.commission.network import RangeError
from agent.commission.phone import PhoneAsker, StoppedError
from agent.commission.plan import PlanError, make_plan
from agent.commission.ports import find_ports, named_port
from agent.commission.running import is_running
from agent.commission.scan import Progress
from agent.commission.wizard import Asker, Wanted, fill
from agent.settings import SettingsError
from agent.words import Language, T

LAST_LOOK_S = 5.0  # so that the phone sees the end
_ZONE_FILE = Path("/etc/timezone")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "setup",
        help="find the devices and write agent.toml, question by question",
        description="Searches ports, network and broker, names what it finds, writes a complete "
        "agent.toml and checks it. An old file is kept beside the new one. With --yes nothing is "
        "asked: the likeliest model of each device is taken.",
    )
    add = parser.add_argument
    add("--id", default="", help="edge node id (default: from the machine's name)")
    add("--name", default="", help="what people call the store")
    add("--zone", default="", help="time zone of the store")
    add("--hub", default="", metavar="URL", help="mqtts://host; enrol writes it too")
    add("--group", default="chain-0", help="Sparkplug group of the hub")
    add("--data-dir", type=Path, default=Path("/var/lib/storevitals"), help="the agent's folder")
    add("--port", action="append", default=[], help="only this serial port; may be given again")
    add("--units", default="", metavar="1-32", help="unit ids to ask (default 1-32)")
    add("--setting", action="append", default=[], metavar="9600-8N1", help="only this setting")
    add("--network", metavar="RANGE", help="search this range ('own': the own subnet; '': none)")
    add("--tcp-port", type=tcp_port, default=502, help="port of Modbus TCP (default 502)")
    add("--mqtt", metavar="URL", help="broker in the store ('': none)")
    add("--phone", action="store_true", help="show the status page in the store, with a new PIN")
    add("--yes", action="store_true", help="ask nothing")
    add("--on-phone", action="store_true", help="ask on a phone in the store's network, by a code")
    add("--phone-port", type=tcp_port, default=8099, help="port of that page (default 8099)")
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if is_running(args.data_dir / "outbox.sqlite"):
        return refuse("setup", _RUNNING.in_(args.lang))
    if not args.on_phone:
        defaults = Defaults(args.lang, is_quiet=args.json)
        return _set_up(args, defaults if args.yes else Terminal(args.lang))
    try:
        with phone_page(args.lang, args.phone_port) as asker:
            status = _set_up(args, asker)
            asker.is_over = True
            time.sleep(LAST_LOOK_S)
    except NoPageError as error:
        return refuse("setup", error)
    return status


def _set_up(args: argparse.Namespace, asker: Asker) -> int:
    try:
        plan = make_plan(units=args.units, settings=tuple(args.setting))
        draft = _draft(args, asker)
        ports = [named_port(Path(name)) for name in args.port] or find_ports()
        is_asked = not args.yes
        network = args.network if args.network is not None or is_asked else ""
        mqtt = args.mqtt if args.mqtt is not None or is_asked else ""
        fill(asker, draft, Wanted(ports, plan, network, args.tcp_port, mqtt))
        kept = write(args.config, agent_toml(draft, args.lang), datetime.now(UTC))
    except (PlanError, RangeError, SettingsError) as error:
        return refuse("setup", error)
    except OSError as error:
        return refuse("setup", f"{args.config}: cannot be written ({error.strerror}); use sudo.")
    except (KeyboardInterrupt, EOFError, StoppedError):
        asker.say(_STOPPED)
        return refuse("setup", _STOPPED.in_(args.lang))
    if isinstance(asker, PhoneAsker):
        _show(asker, args.config, draft)
    return _finish(args, draft, kept)


def _show(asker: PhoneAsker, config: Path, draft: Draft) -> None:
    """The check on the phone as well; the terminal has its own."""
    asker.say(T(f"已写入 {config}，正在检查…", f"Wrote {config}; checking…"))
    for finding in check.findings(config):
        asker.say(T(finding.line(Language.ZH), finding.line(Language.EN)))
    if draft.pin:
        asker.say(T(f"状态页 PIN：{draft.pin}", f"PIN of the status page: {draft.pin}"))
    asker.say(_NEXT)


def _finish(args: argparse.Namespace, draft: Draft, kept: Path | None) -> int:
    if args.json:
        say_json(
            {
                "config": str(args.config),
                "kept_as": str(kept) if kept else None,
                "devices": [device.id for device in draft.devices],
                "pin": draft.pin or None,
            }
        )
        return 0
    count = len(draft.devices)
    wrote = T(f"已写入 {args.config}：{count} 台设备。", f"Wrote {args.config}: {count} devices.")
    say("\n" + wrote.in_(args.lang))
    if kept:
        say(T(f"原来的文件保存为 {kept}。", f"The old file is kept as {kept}.").in_(args.lang))
    if draft.pin:
        say(T(f"状态页 PIN：{draft.pin}", f"PIN of the status page: {draft.pin}").in_(args.lang))
    status = check.run(argparse.Namespace(config=args.config, lang=args.lang, json=False))
    say(_NEXT.in_(args.lang))
    return status


def _draft(args: argparse.Namespace, asker: Asker) -> Draft:
    machine = slug(socket.gethostname().split(".")[0], "store-1")
    name = args.name or asker.ask(T("门店名称", "Name of the store"), machine)
    own = args.id or asker.ask(
        T("采集端编号（以后不能改）", "Id of this agent (never changes)"), slug(name, machine)
    )
    zone = args.zone or asker.ask(T("时区", "Time zone"), _zone())
    question = T("中心地址（还没有就留空）", "Address of the hub (empty: not yet)")
    url = args.hub or asker.ask(question, "") or NO_HUB
    pin = f"{secrets.randbelow(1_000_000):06d}" if args.phone else ""
    return Draft(own, name, zone, url, args.group, args.data_dir.absolute(), pin)


def _zone() -> str:
    if zone := os.environ.get("TZ", ""):
        return zone
    with suppress(OSError):
        if (zone := _ZONE_FILE.read_text("utf-8").strip()) != "Etc/UTC":
            return zone
    return "Asia/Shanghai"


class Terminal:
    """Asks on stdin; Enter takes the default in square brackets."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, text: T) -> None:
        say(text.in_(self._language))

    def word(self, text: T) -> str:
        return text.in_(self._language)

    def ask(self, question: T, default: str = "") -> str:
        hint = f" [{default}]" if default else ""
        sys.stdout.write(f"{question.in_(self._language)}{hint}: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip() or default

    def confirm(self, question: T, *, default: bool) -> bool:
        answer = self.ask(question + T("（y/n）", " (y/n)"), "y" if default else "n")
        return answer.lower()[:1] in ("y", "是")

    def choose(self, question: T, options: Sequence[T], default: int) -> int:
        for place, option in enumerate(options, 1):
            say(f"  {place}  {option.in_(self._language)}")
        while True:
            answer = self.ask(question + T("（0 = 都不是）", " (0 = none)"), str(default + 1))
            if answer.isdigit() and int(answer) <= len(options):
                return int(answer) - 1
            say(T("请输入列表中的数字。", "Type a number of the list.").in_(self._language))

    def progress(self, label: str) -> Progress:
        return ProgressLine(label)


class Defaults:
    """Takes every default; for automation."""

    def __init__(self, language: Language, *, is_quiet: bool) -> None:
        self._language, self._is_quiet = language, is_quiet

    def say(self, text: T) -> None:
        if not self._is_quiet:
            say(text.in_(self._language))

    def word(self, text: T) -> str:
        return text.in_(self._language)

    def ask(self, question: T, default: str = "") -> str:
        return default

    def confirm(self, question: T, *, default: bool) -> bool:
        return default

    def choose(self, question: T, options: Sequence[T], default: int) -> int:
        return default

    def progress(self, label: str) -> Progress:
        return ProgressLine(label)


_RUNNING = T(
    "采集端正在运行，占用着总线。请先停止：sudo systemctl stop storevitals-agent",
    "the agent is running and owns the buses. Stop it first: sudo systemctl stop storevitals-agent",
)
_STOPPED = T("已中断，没有写入任何文件。", "it was stopped; nothing was written.")
_NEXT = T(
    "下一步：sudo systemctl enable --now storevitals-agent",
    "Next: sudo systemctl enable --now storevitals-agent",
)
