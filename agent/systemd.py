"""Tell systemd that the agent is ready and alive (sd_notify(3)); does nothing elsewhere."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notifier:
    """`address` is a path, or abstract with a leading @; `watchdog_s` 0 is no watchdog."""

    address: str = ""
    watchdog_s: float = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Notifier":
        period_us = environment.get("WATCHDOG_USEC", "")
        watchdog_s = int(period_us) / 1e6 if period_us.isdigit() else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog_s)

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    async def feed(self, is_moving: Callable[[], bool]) -> None:
        """Feed the watchdog while `is_moving`, four times a period; ends at once without one."""
        while self.watchdog_s:
            if is_moving():
                self._send("WATCHDOG=1")
            else:
                log.error("Polling or the outbox stands still: the watchdog is not fed.")
            await asyncio.sleep(self.watchdog_s / 4)

    def _send(self, text: str) -> None:
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(text.encode(), address)
