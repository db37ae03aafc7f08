"""How long a machine has run, by its own counter: what maintenance plans count by."""

from uuid import UUID

from hub.ingest.registry import Registry
from hub.maintenance.planning import RunHours
from hub.timeseries.last import LastValues

COUNTERS = ("compressor_run_s", "run_s", "compressor_1_run_s")


def run_hours_of(registry: Registry, last: LastValues) -> RunHours:
    """Hours of a store's device, of the first of its counters that has a value."""

    def hours(store_id: UUID, device: str) -> float | None:
        for metric in COUNTERS:
            for series in registry.find(store_id, device, metric):
                point = last.of([series.id])
                if point.is_counted[0]:
                    return float(point.value[0]) / 3600
        return None

    return hours
