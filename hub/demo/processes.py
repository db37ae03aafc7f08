"""The processes of the demo: start, log, notice a death, end."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

HOST = "127.0.0.1"
GRACE_S = 10.0  # an open page may hold the hub for 5 s
_MAIN = {"storevitals-hub": "hub.cli", "storevitals-agent": "agent.cli.main"}


class DemoError(Exception):
    """The demo cannot go on; the message says what happened and what to do."""


def program(name: str) -> list[str]:
    """How to start one of our commands with this Python."""
    script = Path(sys.executable).with_name(name)
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", f"import sys; from {_MAIN[name]} import main; sys.exit(main())"]


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """This environment, but with no other setting of hub and agent than `own`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "AGENT_"))}
    return {**kept, **own}


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


class Children:
    """Named child processes, each with a log file; the end of `async with` ends them all.

    One that ends by itself before that fails `group` with a DemoError.
    """

    def __init__(self, group: asyncio.TaskGroup, logs: Path) -> None:
        self._group = group
        self._logs = logs
        self._processes: dict[str, Process] = {}
        self._watches: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._processes.items()}

    async def start(
        self, name: str, command: Sequence[str], own: Mapping[str, str] | None = None
    ) -> None:
        """In a session of its own, so that a Ctrl-C in the terminal reaches the demo alone."""
        with self._log(name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                env=environment(own or {}),
                start_new_session=True,
            )
        self._processes[name] = process

    def watch(self, name: str) -> None:
        """From now on keep its pipe empty, and do not let it go unnoticed."""
        task = self._group.create_task(self._watch(name), name=f"watch {name}")
        self._watches.append(task)

    async def first_line(self, name: str) -> str:
        """What a process says on stdout once it is ready; raises DemoError."""
        stdout = self._processes[name].stdout
        line = await stdout.readline() if stdout else b""
        if not line:
            raise DemoError(await self._epitaph(name))
        return line.decode()

    def signal(self, name: str, number: signal.Signals) -> None:
        self._processes[name].send_signal(number)

    async def __aenter__(self) -> "Children":
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        for watch in self._watches:
            watch.cancel()
        living = [p for p in self._processes.values() if p.returncode is None]
        for process in living:
            process.terminate()
        await asyncio.gather(*(_end(process) for process in living))

    async def _watch(self, name: str) -> None:
        stdout = self._processes[name].stdout
        while stdout and await stdout.read(65_536):
            pass
        raise DemoError(await self._epitaph(name))

    async def _epitaph(self, name: str) -> str:
        code = await self._processes[name].wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        log = self._log(name)
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        last = f" Its last words: {lines[-1]}" if lines else ""
        return f"{name} {how}.{last} (all of them: {log})"

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


async def _end(process: Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), GRACE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
