"""Takes orders of the hub, one at a time, and proves what is on trial.

An order is carried out by a process of its own (`agent.remote.worker`); this one passes the order
in and the answers out.
"""

import asyncio
import hashlib
import json
import logging
import os
import platform
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.health import DEVICE
from agent.launch import LAUNCHED
from agent.outlet import Sink
from agent.remote import trial
from agent.remote.describe import configuration
from agent.remote.ledger import Ledger
from agent.remote.trial import FOLDER, RESTART, Trial
from agent.settings import AgentSettings
from agent.version import VERSION
from agent.words import T
from protocols.orders import DESCRIPTION, DOCUMENTS, RESULT, Outcome, Result, encode
from protocols.reading import Reading

log = logging.getLogger(__name__)

MOST_WAITING = 8
LIMIT_S = 2400.0
LOOK_S = 1.0
REPORTS = "reports"  # of the command line, to be sent
_PROVED = T("已验证，正常运行。", "It has proved itself.")
_CUT = T("执行中断（断电或重启），未生效。", "It was cut off by a restart; nothing has changed.")


class RestartError(Exception):
    """The agent has to be started anew by its launcher."""


@dataclass(frozen=True, slots=True)
class Site:
    """`config` is in use, `local` the one that people on this machine write."""

    config: Path
    local: Path


@dataclass(frozen=True, slots=True)
class View:
    """What the desk sees of the running agent."""

    online: Callable[[], Iterable[str]]
    devices: Callable[[], Iterable[str]]
    acks: Callable[[], int]


class OrderDesk:
    """`take` from the event loop; `run` as a task raises RestartError when it is time."""

    def __init__(self, settings: AgentSettings, site: Site, sink: Sink, view: View) -> None:
        self._settings, self._site, self._sink, self._view = settings, site, sink, view
        self._folder = settings.agent.data_dir / FOLDER
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self.limit_s = LIMIT_S

    @staticmethod
    def series() -> list[tuple[str, str]]:
        return [(DEVICE, metric) for metric in DOCUMENTS]

    def take(self, order: str) -> None:
        """The hub says it again until it has an answer, so a full desk loses nothing."""
        if len(self._waiting) < MOST_WAITING and order not in self._waiting:
            self._waiting.append(order)
            self._wake.set()

    async def run(self) -> None:
        self._tell_start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._prove(), name="trial")
            group.create_task(self._work(), name="orders")
            group.create_task(self._pass_reports(), name="reports")

    # what is on trial

    def _tell_start(self) -> None:
        """What runs now, and what became of what was under way when the last run ended."""
        ledger, tried = Ledger(self._folder), trial.read(self._folder)
        if (back := trial.returned(self._folder)) is not None:
            told = T(f"已退回上一版：{back[1]}", f"The one before runs again: {back[1]}")
            self._settle(ledger, Result(back[0], Outcome.RETURNED, told.zh, told.en))
            trial.told_returned(self._folder)
        for order in ledger.unfinished():
            if tried is None or tried.order != order:
                self._settle(ledger, Result(order, Outcome.FAILED, _CUT.zh, _CUT.en))
        self._tell(DESCRIPTION, json.dumps(self._description(), ensure_ascii=False))

    def _description(self) -> dict[str, object]:
        text = configuration(self._site.config)
        return {
            "software": VERSION,
            "machine": platform.machine(),
            "configuration": text,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "allow": [verb.value for verb in self._settings.remote.allow],
            "can_go_back": bool(os.environ.get(LAUNCHED)),
        }

    async def _prove(self) -> None:
        """The hub acknowledges, and every device that answered before answers again."""
        tried, begun_s = trial.read(self._folder), time.monotonic()
        if tried is None:
            return
        while (missing := self._missing(tried)) is not None:
            if time.monotonic() - begun_s >= self._settings.remote.trial_s:
                trial.write(self._folder, _failed(tried, missing))
                raise RestartError(missing)
            await asyncio.sleep(LOOK_S)
        trial.confirm(self._folder)
        settled = Result(tried.order, Outcome.DONE, _PROVED.zh, _PROVED.en)
        self._settle(Ledger(self._folder), settled)
        log.info("A change by the hub has proved itself.")

    def _missing(self, tried: Trial) -> str | None:
        """Why it is not proved yet; None: it is."""
        if not self._view.acks():
            return "the hub does not answer"
        wanted = set(tried.online) & set(self._view.devices())
        lost = sorted(wanted - set(self._view.online()))
        return f"no answer from {', '.join(lost)}" if lost else None

    # orders

    async def _work(self) -> None:
        while True:
            while self._waiting:
                await self._carry_out(self._waiting[0])
                self._waiting.popleft()
            self._wake.clear()
            await self._wake.wait()

    async def _carry_out(self, order: str) -> None:
        if trial.read(self._folder) is not None:
            return  # one change at a time: it is said again
        asked = {"order": order, "online": list(self._view.online())}
        words = [str(self._site.config), str(self._site.local)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "agent.remote.worker", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self.limit_s):
                said, _ = await process.communicate(json.dumps(asked).encode())
        except TimeoutError:
            log.warning("An order was not carried out within %g s.", self.limit_s)
            return
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        for line in said.decode().splitlines():
            metric, _, text = line.partition(" ")
            if metric in DOCUMENTS:
                self._tell(metric, json.loads(text))
        if process.returncode == RESTART:
            raise RestartError("an order wants it")

    async def _pass_reports(self) -> None:
        """Self-test reports of the command line go into the hub's archive."""
        folder = self._folder / REPORTS
        while True:
            for path in sorted(folder.glob("*.json")):
                self._tell("self_test_report", path.read_text("utf-8"))
                path.unlink()
            await asyncio.sleep(LOOK_S)

    def _settle(self, ledger: Ledger, result: Result) -> None:
        ledger.settle(result.order, result)
        self._tell(RESULT, encode(result))

    def _tell(self, metric: str, text: str) -> None:
        self._sink([Reading(DEVICE, metric, text, datetime.now(UTC))], urgent=True)


def _failed(tried: Trial, failure: str) -> Trial:
    return Trial(tried.order, tried.what, tried.online, tried.starts, failure)
