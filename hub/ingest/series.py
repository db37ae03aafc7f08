"""The consumers "live" (last values and open pages, at once) and "series" (the engine, durably)."""

import numpy as np
from numpy.typing import NDArray

from hub.ingest.block import Block
from hub.ingest.registry import Registry
from hub.live import Event, EventKind, Live
from hub.timeseries.last import LastValues
from hub.timeseries.port import TimeSeries


class SeriesConsumer:
    """Commits its position with its points, in the engine itself."""

    name = "series"

    def __init__(self, timeseries: TimeSeries) -> None:
        self._timeseries = timeseries
        self._position = timeseries.position()

    def position(self) -> int:
        return self._position

    def floor(self) -> int:
        return self._timeseries.floor()

    def apply(self, block: Block) -> None:
        self._timeseries.write(block.points, block.last_seq)
        self._position = block.last_seq

    def tick(self) -> None:
        """Nothing to do: every block is written when it comes."""


class LastSeen:
    """Keeps nothing durable: after a start it goes on from what the engine's `newest` knew."""

    name = "live"

    def __init__(
        self, last: LastValues, live: Live, registry: Registry, timeseries: TimeSeries
    ) -> None:
        self._last, self._live, self._registry = last, live, registry
        self._position = timeseries.position()

    def position(self) -> int:
        return self._position

    def floor(self) -> int:
        return self._position

    def apply(self, block: Block) -> None:
        changed = self._last.apply(block.points)
        if len(changed) and self._live.has_listeners:
            self._publish(changed)
        self._position = block.last_seq

    def tick(self) -> None:
        """Nothing to do: values do not change by waiting."""

    def _publish(self, changed: NDArray[np.int32]) -> None:
        """One event a store with the numbers of the series: who shows them looks up the values."""
        numbers = self._registry.store_of(changed)
        for number in np.unique(numbers):
            series = tuple(changed[numbers == number].tolist())
            store_id = self._registry.store_id(int(number))
            self._live.publish(Event(EventKind.READING, store_id, {"series": series}))
