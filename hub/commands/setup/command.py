"""The command line of setup: what it asks for, and what it tells."""

import argparse
import os
import socket
import sys
from collections.abc import Iterable, Iterator

from hub.commands.setup import files, steps
from hub.commands.setup.machine import Did, Machine, MachineError
from hub.errors import HubError, T
from hub.security.pki import grouped
from hub.settings import SettingsError

_WORDS = {
    Did.MADE: T("已建立", "made"),
    Did.CHANGED: T("已更新", "changed"),
    Did.KEPT: T("已就绪", "kept"),
}
_NEXT = T(
    "\n中心地址       {url}\n安装根证书     http://{host}/ca（店里的手机和电脑先打开这一页）\n"
    "根证书指纹     {mark}\n",
    "\nThe hub            {url}\nTrust it first     http://{host}/ca (on every phone and PC of "
    "the shop)\nIts fingerprint    {mark}\n",
)
_ADMIN = T(
    "设置管理员密码 {link}（48 小时内有效，只能用一次）\n",
    "Set your password  {link} (good once, for 48 hours)\n",
)
_BY_HAND = T(
    "这里没有运行 systemd：请自行启动 mosquitto、nginx 和 storevitals-hub serve。\n",
    "No systemd runs here: start mosquitto, nginx and `storevitals-hub serve` yourself.\n",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="name or address that people type; default: own")
    parser.add_argument("--also", default="", help="further names and addresses, by comma")
    parser.add_argument("--chain", default="我的连锁", help="name of the chain, made if new")
    parser.add_argument("--admin", default="admin", help="user name of the first administrator")


def run(given: argparse.Namespace, machine: Machine | None = None) -> int:
    """0 done, 1 with a sentence on stderr."""
    is_zh = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    here = machine or Machine()
    try:
        _all(here, given, is_zh=is_zh)
    except (MachineError, HubError, SettingsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _all(machine: Machine, given: argparse.Namespace, *, is_zh: bool) -> None:
    plugin = steps.demand(machine)
    also = tuple(one.strip() for one in given.also.split(",") if one.strip())
    place = files.Place(given.name or socket.getfqdn(), also)
    tell(steps.prepare(machine, place), is_zh=is_zh)
    settings = steps.read_settings()
    wish = steps.Wish(place, given.chain, given.admin)
    outcome = tell(steps.found(machine, settings, wish), is_zh=is_zh)
    tell(steps.hand_over(machine, settings), is_zh=is_zh)
    tell(steps.serve(machine, settings, plugin), is_zh=is_zh)
    if outcome is not None:
        sys.stdout.write(_last_words(outcome, is_zh=is_zh))
    if not machine.has_systemd:
        sys.stdout.write(_BY_HAND.zh if is_zh else _BY_HAND.en)


def tell(lines: Iterable[steps.Told | steps.Outcome], *, is_zh: bool) -> steps.Outcome | None:
    """Each line as it is done; what comes last is for the end."""
    outcome = None
    for line in lines:
        if isinstance(line, steps.Outcome):
            outcome = line
            continue
        word, what = _WORDS[line.did], line.what
        sys.stdout.write(f"{word.zh}  {what.zh}\n" if is_zh else f"{word.en:8} {what.en}\n")
        sys.stdout.flush()
    return outcome


def _last_words(outcome: steps.Outcome, *, is_zh: bool) -> str:
    host = outcome.url.partition("://")[2].partition("/")[0].partition(":")[0]
    mark = grouped(outcome.fingerprint)
    return "".join(_parts(outcome, host, mark, is_zh=is_zh))


def _parts(outcome: steps.Outcome, host: str, mark: str, *, is_zh: bool) -> Iterator[str]:
    say = _NEXT.zh if is_zh else _NEXT.en
    yield say.format(url=outcome.url, host=host, mark=mark)
    if outcome.link:
        yield (_ADMIN.zh if is_zh else _ADMIN.en).format(link=outcome.link)
