"""What the poller tells people on this machine of its devices and buses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.drivers.base import PolledDriver
from agent.outlet import DeviceOutlet


class DeviceState(StrEnum):
    WAITING = "waiting"  # nothing was heard since the start
    ONLINE = "online"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """`reason` is a sentence where the device is lost; `plan` the requests of one round, as
    learned; `refused` the metrics that the device turned out not to have."""

    device: str
    state: DeviceState
    reason: str = ""
    heard_at: datetime | None = None
    plan: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BusStatus:
    """Of the last minute; `where` is the port or the address."""

    bus: str
    where: str
    load_percent: float
    error_percent: float
    requests_per_s: float


_STATES = {None: DeviceState.WAITING, True: DeviceState.ONLINE, False: DeviceState.LOST}


def status_of(outlet: DeviceOutlet, driver: PolledDriver | None = None) -> DeviceStatus:
    plan, refused = (tuple(driver.plan), tuple(driver.refused)) if driver else ((), ())
    state = _STATES[outlet.is_online]
    return DeviceStatus(outlet.device, state, outlet.reason, outlet.heard_at, plan, refused)
