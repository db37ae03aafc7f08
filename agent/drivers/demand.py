"""Tells the mean power of each quarter of an hour beside a meter's running total (EDG-07)."""

from datetime import UTC, datetime

from agent.drivers.base import PolledDriver
from agent.drivers.deriving import Deriving
from protocols.energy import MOST_GAP_S, Demand
from protocols.reading import Quality, Reading

ENERGY, DEMAND = "energy_kwh", "demand_kw"


class DemandDriver(Deriving):
    """Wraps the driver of a meter that gives `energy_kwh`; a `PolledDriver` itself."""

    def __init__(self, inner: PolledDriver, interval_s: float) -> None:
        super().__init__(inner, (DEMAND,))
        self._demand = Demand(max(MOST_GAP_S, 2.5 * interval_s))

    async def read(self) -> list[Reading]:
        readings = await self._inner.read()
        ended = [
            self._demand.take(float(one.value), one.time.timestamp())
            for one in readings
            if one.metric == ENERGY
            and one.quality is Quality.GOOD
            and isinstance(one.value, int | float)
        ]
        return readings + [
            Reading(
                self.device, DEMAND, round(one.mean_kw, 3), datetime.fromtimestamp(one.end_s, UTC)
            )
            for one in ended
            if one is not None
        ]
