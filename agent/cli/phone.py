"""Serves `storevitals-agent setup` to a phone in the store's network, by a code used once."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from pydantic import SecretStr

from agent.cli.options import say
from agent.commission.network import own_interfaces
from agent.commission.phone import PhoneAsker
from agent.settings import StatusTable
from agent.status.door import OneTimeDoor
from agent.status.server import SETUP_FILES, StatusServer
from agent.words import Language, T


class NoPageError(Exception):
    """The page cannot be shown; the message says why."""


@contextmanager
def phone_page(language: Language, port: int) -> Iterator[PhoneAsker]:
    """The page is there while the block runs. Raises NoPageError."""
    asker, code = PhoneAsker(language), f"{secrets.randbelow(1_000_000):06d}"
    table = StatusTable(host="0.0.0.0", port=port, pin=SecretStr(code))  # noqa: S104 by a code
    server = StatusServer(table, {"/setup.json": asker.document}, files=SETUP_FILES)
    server.door = OneTimeDoor(code)
    server.actions["/answer"] = asker.take
    opened = server.open()
    if opened is None:
        raise NoPageError(f"port {port} is taken: stop what uses it, or give --phone-port.")
    thread = threading.Thread(target=opened.serve_forever, name="phone", daemon=True)
    thread.start()
    try:
        _invite(code, server.port, language)
        yield asker
    finally:
        opened.shutdown()
        opened.server_close()


def _invite(code: str, port: int, language: Language) -> None:
    """Addresses, a picture of the first, and the code, on whatever shows this program's words."""
    hosts = [str(interface.ip) for interface in own_interfaces()] or [socket.gethostname()]
    for host in hosts:
        say(f"  http://{host}:{port}")
    say(_picture(f"http://{hosts[0]}:{port}"))
    words = T(
        f"用手机（与本机同一网络）打开上面的地址，输入代码 {code}。代码只能用一次。",
        f"Open this address on a phone in the same network and type the code {code}. "
        "It works once.",
    )
    say(words.in_(language))


def _picture(url: str) -> str:
    import segno  # noqa: PLC0415 an agent that runs does not carry it

    out = StringIO()
    segno.make(url, error="m").terminal(out, compact=True)
    return out.getvalue()
