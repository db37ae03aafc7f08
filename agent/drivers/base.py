"""What a driver is to the poller."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from protocols.reading import Reading

Now = Callable[[], datetime]
"""The agent's clock: aware, UTC. The outbox rounds to milliseconds, what the wire can carry."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class PolledDriver(Protocol):
    """Reads one device when asked. Knows its wire, not the schedule, the outbox or the hub."""

    device: str

    @property
    def metrics(self) -> Sequence[str]:
        """All that this driver may ever give, for the birth."""
        ...

    @property
    def is_behind(self) -> bool:
        """Its turn ended before all was read: ask again once the others had theirs."""
        ...

    @property
    def plan(self) -> Sequence[str]:
        """What one round asks, for people."""
        ...

    @property
    def refused(self) -> Sequence[str]:
        """Metrics that the device does not have after all."""
        ...

    async def read(self) -> list[Reading]:
        """Sample all that is due; raise ProtocolError when the device gives nothing."""
        ...


class Outlet(Protocol):
    """Where a device that speaks by itself puts what it says."""

    def up(self) -> None: ...

    def down(self, why: str) -> None:
        """The device is gone: its values turn bad. `why` is a sentence for the log."""
        ...

    def emit(self, readings: Sequence[Reading]) -> None:
        """Implies `up`."""
        ...


class PushDriver(Protocol):
    """Listens to one device that speaks by itself."""

    device: str

    @property
    def metrics(self) -> Sequence[str]: ...

    async def listen(self, outlet: Outlet) -> None:
        """Work until cancelled; raise ProtocolError when the line is lost, to be called again."""
        ...
