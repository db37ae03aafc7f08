"""The desk that keeps the time of alerts: shelves, flapping, telling people; twice a second."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from hub.alerts import timers
from hub.alerts.announce import announce
from hub.alerts.models import Alert
from hub.alerts.notices.escalation import escalate
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.rounds import every
from hub.live import Live

log = logging.getLogger(__name__)

EVERY_S = 0.5


class Desk:
    """All times are in the database: what fell due while the hub was down is done at its start."""

    def __init__(self, db: Database, live: Live, now: Callable[[], datetime] = utc_now) -> None:
        self._db, self._live, self._now = db, live, now

    async def run(self) -> None:
        """Until cancelled."""
        await every(EVERY_S, self.tick, "keep the timers of alerts")

    def tick(self) -> int:
        """Do what is due; how many alerts it moved."""
        now = self._now()
        with self._db.system_read("alert timers") as connection:
            due = select(Alert.id).where(Alert.next_at <= now).limit(1)
            if connection.execute(due).first() is None:
                return 0
        with self._db.system("alert timers") as connection:
            told = timers.run_due(connection, now)
            told += escalate(connection, now)
        announce(self._live, told)
        return len(told)
