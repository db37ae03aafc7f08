"""Who may look at the status page: this machine, and who knows the PIN. Pure but for the clock."""

import hmac
import secrets
import time
from collections.abc import Callable
from ipaddress import ip_address

from protocols.mqtt.options import is_loopback

MOST_TRIES = 5
LOCKED_S = 60.0
SESSION_S = 12 * 3600.0
MOST_SESSIONS = 32


class Door:
    """An empty PIN opens to everybody who reaches it: then the page is on the loopback only."""

    def __init__(self, pin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._pin, self._clock = pin, clock
        self._sessions: dict[str, float] = {}
        self._tries, self._locked_until = 0, 0.0

    def is_open(self, client: str, session: str) -> bool:
        if not self._pin or is_loopback(client):
            return True
        return self._sessions.get(session, 0.0) > self._clock()

    def locked_s(self) -> float:
        return max(0.0, self._locked_until - self._clock())

    def enter(self, pin: str) -> str | None:
        """A new session; None for a wrong PIN or while the door is locked."""
        if self.locked_s():
            return None
        if not hmac.compare_digest(pin.encode(), self._pin.encode()):
            self._tries += 1
            if self._tries >= MOST_TRIES:
                self._tries, self._locked_until = 0, self._clock() + LOCKED_S
            return None
        self._tries = 0
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key])]
        session = secrets.token_urlsafe(24)
        self._sessions[session] = self._clock() + SESSION_S
        return session


class OneTimeDoor(Door):
    """The code lets one phone in; who comes later needs a new one. Nobody is let in without."""

    _is_used = False

    def is_open(self, client: str, session: str) -> bool:
        return self._sessions.get(session, 0.0) > self._clock()

    def enter(self, pin: str) -> str | None:
        session = None if self._is_used else super().enter(pin)
        self._is_used |= session is not None
        return session


def is_own_name(host_header: str, machine: str) -> bool:
    """Only an address or this machine's name: a foreign name that resolves here is an attack
    (DNS rebinding)."""
    host = host_header.strip().lower()
    name = host[1:].split("]")[0] if host.startswith("[") else host.split(":")[0]
    if name in ("localhost", machine.lower(), f"{machine.lower()}.local"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
