"""`storevitals-agent enrol CODE --hub URL`: from a code of the hub to an identity of one's own."""

import argparse
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.options import add_config, add_json, add_language, refuse, say, say_json
from agent.commission.draft import write
from agent.settings import AgentTable, SettingsError, load_settings
from agent.words import Language, T

if TYPE_CHECKING:
    from agent.identity import Hub, Identity

LINK = re.compile(r"^(?P<hub>https?://.+)/#enrol/(?P<code>[^/]+)/(?P<mark>[0-9A-Fa-f]+)$")
OURS = {"url", "group", "username", "password", "password_file", "ca_file", "cert_file", "key_file"}
_COMPARE = T(
    "中心的证书指纹是 {mark}。与中心页面上的一致吗？[y/N] ",
    "The hub's fingerprint is {mark}. Is it the one that the hub's page shows? [y/N] ",
)
_DONE = T(
    "已接入：{agent}。证书有效期到 {until}，会自动续期。重启采集端后生效：\n"
    "  systemctl restart storevitals-agent",
    "Enrolled as {agent}. The certificate holds until {until} and renews itself. Restart the "
    "agent to use it:\n  systemctl restart storevitals-agent",
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "enrol",
        help="get an identity from the hub by a code",
        description="Makes a key on this machine, sends a request with the code of the hub's page "
        "'Agents', and writes certificate and [uplink] of the configuration.",
    )
    parser.add_argument("code", metavar="CODE", help="eight characters, or the text of the QR code")
    parser.add_argument("--hub", metavar="URL", help="address of the hub, https://…")
    parser.add_argument(
        "--fingerprint",
        metavar="HEX",
        help="of the hub's authority, 16 digits at least; else asked",
    )
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from agent.identity import IdentityError, enrol, find_hub  # noqa: PLC0415 only here is it needed

    _read_link(args)
    if not args.hub:
        return refuse("enrol", "which hub? Give its address with --hub https://…")
    try:
        hub = find_hub(args.hub, args.lang.value)
        if not _is_confirmed(hub, args):
            return refuse("enrol", "the fingerprint is not the hub's: nothing was sent.")
        data_dir = _data_dir(args.config)
        folder = data_dir / "identity"
        identity = enrol(hub, args.code, folder)
        _give_to_owner(folder, data_dir)
        write(args.config, _configured(args.config, identity, folder), datetime.now(UTC))
    except (IdentityError, SettingsError, OSError) as error:
        return refuse("enrol", error)
    _tell(identity, args.lang, is_json=args.json)
    return 0


def _read_link(args: argparse.Namespace) -> None:
    """What a scanner reads from the page says all three."""
    if link := LINK.match(args.code):
        args.code, args.hub = link["code"], args.hub or link["hub"]
        args.fingerprint = args.fingerprint or link["mark"]


def _is_confirmed(hub: "Hub", args: argparse.Namespace) -> bool:
    from agent.identity import is_same  # noqa: PLC0415

    if args.fingerprint:
        return is_same(hub.fingerprint, args.fingerprint)
    if not sys.stdin.isatty():
        return False
    mark = "-".join(re.findall("....", hub.fingerprint[:16]))
    sys.stdout.write(_COMPARE.in_(args.lang).format(mark=mark))
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _data_dir(config: Path) -> Path:
    if config.exists():
        return load_settings(config).agent.data_dir
    default: Path = AgentTable.model_fields["data_dir"].default
    return default


def _configured(config: Path, identity: "Identity", folder: Path) -> str:
    """The file as it is with a new [agent] id and a new way to the hub; other lines stay."""
    text = config.read_text("utf-8") if config.exists() else "[agent]\n\n[uplink]\n"
    pem = str(folder / "agent.pem")
    uplink = {
        "url": identity.broker_url,
        "group": identity.group,
        "ca_file": str(folder / "ca.crt"),
        "cert_file": pem,
        "key_file": pem,
    }
    text = _replaced(text, "agent", {"id"}, {"id": identity.agent})
    return _replaced(text, "uplink", OURS, uplink)


def _replaced(text: str, table: str, old: set[str], new: dict[str, str]) -> str:
    """A table's keys `old` make place for `new`; the table is added where it is missing."""
    lines, inside, is_found = [], False, False
    for line in text.splitlines():
        if line.lstrip().startswith("["):
            inside = line.split("#")[0].strip() == f"[{table}]"
            lines.append(line)
            if inside:
                is_found = True
                lines += _keys(new)
        elif not (inside and line.partition("=")[0].strip() in old):
            lines.append(line)
    if not is_found:
        lines += ["", f"[{table}]", *_keys(new)]
    return "\n".join(lines) + "\n"


def _keys(values: dict[str, str]) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def _give_to_owner(folder: Path, data_dir: Path) -> None:
    """Root enrols, the service's user reads."""
    if os.geteuid() == 0:
        owner = data_dir.stat()
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)


def _tell(identity: "Identity", language: Language, *, is_json: bool) -> None:
    until = identity.ends_at.date().isoformat()
    if is_json:
        say_json({"agent": identity.agent, "group": identity.group, "until": until})
        return
    say(_DONE.in_(language).format(agent=identity.agent, until=until))
