"""`storevitals-agent probe`: which device is this unit, and what do its registers say?"""

import argparse
import asyncio
import sys
import termios
import tty
from dataclasses import dataclass
from pathlib import Path

from agent.cli.options import add_json, add_language, refuse, say, say_json, seconds
from agent.commission.advice import explained
from agent.commission.decodings import Decoding, decodings, register_toml
from agent.commission.identify import Match, Proof, identify
from agent.commission.network import RangeError
from agent.commission.plan import LineSetting, PlanError, parse_units
from agent.commission.plausible import typical
from agent.settings_source import nearest
from agent.words import Language, T
from protocols.errors import ProtocolError
from protocols.metrics import METRICS
from protocols.modbus.client import ModbusBus, TcpAddress
from protocols.modbus.codec import Block
from protocols.modbus.profile import Confidence, Table

SHOWN = 5
VALUES_SHOWN = 6


class ProbeError(Exception):
    """What was asked for cannot be done; the message says what to write."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "probe",
        help="identify one Modbus unit; show what a register may mean",
        description="Compares one unit with every known profile and shows the best with live "
        "values: compare them with the device's display. With --words it shows the raw words of "
        "one register in every type and word order; press the key of the right one.",
    )
    add = parser.add_argument
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", help="serial port, such as /dev/serial/by-id/…")
    where.add_argument("--host", metavar="HOST[:PORT]", help="Modbus TCP device or gateway")
    add("--setting", default="9600-8N1", help="of the serial port (default 9600-8N1)")
    add("--unit", default="1", help="unit id (default 1)")
    add("--timeout", type=seconds, default=0.5, metavar="S", help="patience (default 0.5 s)")
    add(
        "--words",
        metavar="TABLE:ADDRESS[:COUNT]",
        help="raw words instead, such as input:0:2 or holding:256; address zero-based",
    )
    add("--metric", default="", help="what the number should be, such as air_temperature_c")
    add("--pick", metavar="KEY", help="choose this decoding without asking")
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class _Target:
    bus: ModbusBus
    unit_id: int


def run(args: argparse.Namespace) -> int:
    try:
        if args.metric and args.metric not in METRICS:
            raise ProbeError(f"--metric: {nearest(args.metric, METRICS)}")
        block = _block(args.words) if args.words else None
        return asyncio.run(_words(args, block) if block else _identify(args))
    except (ProbeError, PlanError, RangeError) as error:
        return refuse("probe", error)
    except ProtocolError as error:
        return refuse("probe", explained(str(error)).in_(args.lang))


def _target(args: argparse.Namespace) -> _Target:
    (unit_id, *_) = parse_units(args.unit)
    if args.port:
        line = LineSetting.parse(args.setting).line(str(Path(args.port)))
        return _Target(ModbusBus(line, args.timeout), unit_id)
    host, _, port = args.host.partition(":")
    if port and not (port.isdigit() and 0 < int(port) < 65_536):
        raise ProbeError(f"--host {args.host!r}: write it as 192.168.1.20 or 192.168.1.20:502.")
    return _Target(ModbusBus(TcpAddress(host, int(port or 502)), max(args.timeout, 1.0)), unit_id)


async def _identify(args: argparse.Namespace) -> int:
    target = _target(args)
    async with target.bus as bus:
        matches = await identify(bus, target.unit_id, is_rtu=bus.line.is_rtu)
    if args.json:
        say_json([match_document(match) for match in matches])
    else:
        _tell(matches, args.lang)
    if not matches:
        return refuse("probe", _UNKNOWN.in_(args.lang))
    return 0


def match_document(match: Match) -> dict[str, object]:
    profile = match.profile
    return {
        "profile": match.name,
        "vendor": profile.vendor,
        "model": profile.model,
        "confidence": profile.confidence.value,
        "score": match.score,
        "proof": match.proof.value,
        "values": match.values,
        "refused": match.refused,
        "strange": list(match.strange),
        "notes": {"zh": profile.notes_zh, "en": profile.notes},
    }


def _tell(matches: list[Match], language: Language) -> None:
    for place, match in enumerate(matches[:SHOWN], 1):
        profile = match.profile
        proven = _PROVEN if profile.confidence is Confidence.PROVEN else _UNTESTED
        why = _IDENTITY if match.proof is Proof.IDENTITY else T("数值相符", "its values fit")
        say(
            f"{place}  {profile.vendor} {profile.model}  [{match.name}]  "
            f"{match.score:.0%}  {why.in_(language)}, {proven.in_(language)}"
        )
        for metric, value in list(match.values.items())[:VALUES_SHOWN]:
            say(f"     {_value(metric, value, language)}")
        note = profile.notes_zh if language is Language.ZH else profile.notes
        if note:
            say(f"     {note}")
    if matches:
        say(_COMPARE.in_(language))


def _value(metric: str, value: float | None, language: Language) -> str:
    known = METRICS[metric]
    name = known.zh if language is Language.ZH else known.en
    shown = "–" if value is None else f"{value:g} {known.unit}".rstrip()
    return f"{name}  {shown}"


async def _words(args: argparse.Namespace, block: Block) -> int:
    target = _target(args)
    async with target.bus as bus:
        words = await bus.read(target.unit_id, block)
    metric = args.metric or "air_temperature_c"
    found = decodings(words, metric, block.table, block.address)
    if args.json and not args.pick:
        say_json(_words_document(words, found))
        return 0
    if not args.pick:
        _show(words, found, metric, args.lang)
    key = args.pick or _key(args.lang)
    if not key:
        return 0
    chosen = next((decoding for decoding in found if decoding.key == key), None)
    if chosen is None:
        raise ProbeError(f"{key!r} is none of the keys shown; nothing was chosen.")
    if args.json:
        say_json(_decoding_document(chosen))
    else:
        say(_INTO.in_(args.lang))
        say(register_toml(chosen.register))
    return 0


def _show(words: list[int], found: list[Decoding], metric: str, language: Language) -> None:
    low, high = typical(metric)
    known = METRICS[metric]
    raw = " ".join(f"{word:04X}" for word in words)
    name = known.zh if language is Language.ZH else known.en
    head = T(
        f"原始字：{raw}    {name} 合理范围 {low:g} … {high:g} {known.unit}",
        f"raw words: {raw}    {name}, plausible {low:g} to {high:g} {known.unit}",
    )
    say(head.in_(language))
    for decoding in found:
        say(f"  {decoding.key}  {'●' if decoding.is_plausible else '○'}  {decoding.text}")


def _words_document(words: list[int], found: list[Decoding]) -> dict[str, object]:
    return {"words": words, "decodings": [_decoding_document(decoding) for decoding in found]}


def _decoding_document(decoding: Decoding) -> dict[str, object]:
    register = decoding.register
    return {
        "key": decoding.key,
        "type": register.type.value,
        "order": decoding.order,
        "scale": register.scale,
        "value": decoding.value,
        "is_plausible": decoding.is_plausible,
        "toml": register_toml(register),
    }


_TABLES = {
    "coil": Table.COIL,
    "discrete": Table.DISCRETE_INPUT,
    "input": Table.INPUT_REGISTER,
    "holding": Table.HOLDING_REGISTER,
}


def _block(text: str) -> Block:
    table, _, rest = text.partition(":")
    address, _, count = rest.partition(":")
    known = _TABLES.get(table)
    is_number = address.isdigit() and (not count or count.isdigit())
    if known is None or known.is_bits or not is_number or int(address) > 0xFFFF:
        raise ProbeError(f"--words {text!r}: write it as input:0:2 or holding:256.")
    if int(count or 1) not in (1, 2, 4):
        raise ProbeError(f"--words {text!r}: a number has 1, 2 or 4 words.")
    return Block(known, int(address), int(count or 1))


def _key(language: Language) -> str:
    """One key press where there is a terminal, else one line."""
    sys.stdout.write(_PRESS.in_(language))
    sys.stdout.flush()
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        key = sys.stdin.read(1)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
    say(key)
    return key


_PROVEN = T("已验证", "proven")
_UNTESTED = T("未实测", "untested")
_IDENTITY = T("识别码相符", "its identity number fits")
_COMPARE = T(
    "请与设备屏幕上的数值对比；不符时选下一个，或用 --words 查看原始字。",
    "Compare with the device's display; if it differs take the next one, or see --words.",
)
_UNKNOWN = T(
    "有设备应答，但不像任何已知型号。请用 --words 查看它的寄存器，"
    "并参照 protocols/profiles 写一个型号文件。",
    "A unit answers, but it is like no device we know. Look at its registers with --words and "
    "write a profile for it.",
)
_PRESS = T(
    "与设备屏幕一致的是哪一个？按对应的键：",
    "Which one is on the device's display? Press its key: ",
)
_INTO = T("把它写入型号文件：", "Put this into the device's profile:")
