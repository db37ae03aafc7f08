"""The last warnings and errors, kept in memory for the status page."""

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 30
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    is_error: bool
    text: str


class Logbook(logging.Handler):
    """Added to the root logger while the page is served; bounded, so it never grows."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC)
        text = record.getMessage()[:LONGEST]
        self._entries.appendleft(Entry(at, record.levelno >= logging.ERROR, text))

    def newest_first(self) -> list[Entry]:
        return list(self._entries)
