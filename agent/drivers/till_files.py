"""Driver of a till that drops its journal as files into a folder: each is read once."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.drivers.base import Now, Outlet
from protocols.errors import DeviceTimeoutError
from protocols.pos.feed import TicketError, TillContext, parse_json, quarantined
from protocols.pos.journal import csv_tickets, lines
from protocols.reading import Reading

LOOK_S = 2.0
STILL_S = 2.0  # a file that grew within this is still being written
LARGEST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Journal:
    """Files are read by their name's order, so names with a date come in order of time."""

    folder: Path
    form: Literal["jsonl", "csv"]
    columns: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8-sig"


class TillFilesDriver:
    """Listens to one folder; implements `PushDriver`.

    What was read is moved to `done/` after its tickets were handed on. A file that comes again is
    read again: the hub knows a ticket by its number.
    """

    metrics = ("ticket", "quarantined_ticket")

    def __init__(
        self,
        context: TillContext,
        journal: Journal,
        *,
        now: Now,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.device = context.till
        self._context, self._journal = context, journal
        self._now, self._wall_s = now, wall_s

    async def listen(self, outlet: Outlet) -> None:
        while True:
            try:
                found = await asyncio.to_thread(self.look)
            except OSError as error:
                raise DeviceTimeoutError(
                    f"{self._journal.folder} cannot be read ({error.strerror}): does it exist, and "
                    "may the agent write to it?"
                ) from error
            outlet.up()
            for path, readings in found:
                outlet.emit(readings)
                await asyncio.to_thread(self._put_away, path)
            await asyncio.sleep(LOOK_S)

    def look(self) -> list[tuple[Path, list[Reading]]]:
        """The readings of each file that is whole. Raises OSError."""
        folder = self._journal.folder
        return [
            (path, self._readings(path))
            for path in sorted(folder.iterdir())
            if self._is_still(path)
        ]

    def _is_still(self, path: Path) -> bool:
        if not path.is_file() or path.name.startswith("."):
            return False
        return self._wall_s() - path.stat().st_mtime > STILL_S

    def _readings(self, path: Path) -> list[Reading]:
        if path.stat().st_size > LARGEST_BYTES:
            return [self._quarantine(f"{path.name} is larger than 20 MB.", path.name.encode())]
        data = path.read_bytes()
        try:
            return [self._reading(document) for document in self._documents(data)]
        except TicketError as error:
            return [self._quarantine(f"{path.name}: {error}", data[:4096])]

    def _documents(self, data: bytes) -> Iterator[bytes]:
        journal = self._journal
        if journal.form == "csv":
            return csv_tickets(data, journal.columns, self._context, journal.encoding)
        return lines(data)

    def _reading(self, document: bytes) -> Reading:
        try:
            ticket = parse_json(document, self._context)
        except TicketError as error:
            return self._quarantine(str(error), document)
        return Reading(self.device, "ticket", ticket.to_json(), self._now())

    def _quarantine(self, why: str, raw: bytes) -> Reading:
        now = self._now()
        document = quarantined(self._context, now, "jsonl", why, raw)
        return Reading(self.device, "quarantined_ticket", document.model_dump_json(), now)

    def _put_away(self, path: Path) -> None:
        done = path.parent / "done"
        done.mkdir(exist_ok=True)
        path.replace(done / path.name)
