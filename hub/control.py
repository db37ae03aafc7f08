"""How commands on this machine reach the running hub: a socket in its data directory.

Who may write into that directory (the socket is 0600) may ask; nothing of it is on the network.
One line of JSON each way.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.errors import BusyError, T

log = logging.getLogger(__name__)

NAME = "control.sock"
LONGEST_LINE = 1 << 20

Answer = dict[str, Any]
Handler = Callable[[Mapping[str, Any]], Answer]
"""Runs in a thread; what it raises goes back as a sentence."""


async def listen(data_dir: Path, handlers: Mapping[str, Handler]) -> None:
    """Answer until cancelled."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await _answer(reader, handlers)
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    path = data_dir / NAME
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with _short(path) as short:
        listener.bind(short)
    path.chmod(0o600)
    try:
        server = await asyncio.start_unix_server(serve, sock=listener, limit=LONGEST_LINE)
        async with server:
            await server.serve_forever()
    finally:
        path.unlink(missing_ok=True)


def ask(data_dir: Path, what: str, timeout_s: float, **about: object) -> Answer | None:
    """The running hub's answer; None when no hub runs on this data directory."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(timeout_s)
        try:
            with _short(data_dir / NAME) as short:
                line.connect(short)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        line.sendall(json.dumps({"do": what, **about}).encode() + b"\n")
        try:
            answer: Answer = json.loads(line.makefile("rb").readline(LONGEST_LINE))
        except (OSError, ValueError) as error:
            raise BusyError(
                T(
                    "运行中的中心没有回答，请看它的日志。",
                    "The running hub did not answer: look into its log.",
                )
            ) from error
    if "error" in answer:
        raise BusyError(T(f"中心：{answer['error']}", f"The hub says: {answer['error']}"))
    return answer


async def _answer(reader: asyncio.StreamReader, handlers: Mapping[str, Handler]) -> Answer:
    try:
        request = json.loads(await reader.readline())
        work: Awaitable[Answer] = asyncio.to_thread(handlers[request["do"]], request)
        return await work
    except Exception as error:
        log.warning("A local command failed", exc_info=True)
        return {"error": f"{type(error).__name__}: {error}"}


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A socket's name holds 107 bytes; a longer one goes through the open directory."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
