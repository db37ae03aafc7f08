"""Turns the running totals of a door counter into people per interval, beside the totals."""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.drivers.base import PolledDriver
from agent.drivers.deriving import Deriving
from protocols.footfall.codec import Change, Total, step
from protocols.reading import Reading
from protocols.sparkplug.codec import Sample

log = logging.getLogger(__name__)

COUNTS = {"in_total": "in_count", "out_total": "out_count"}
_TOTALS = {count: total for total, count in COUNTS.items()}


class TotalStore:
    """The last totals on disk, so that people who came while the agent restarted are counted.

    Written at each change, without fsync and before the count is on disk in the outbox. What was
    killed or cut off in between is found by `recall`, so nobody is left out or counted twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._totals = _load(path)

    def get(self, device: str, metric: str) -> Total | None:
        return self._totals.get(f"{device}/{metric}")

    def put(self, device: str, totals: Mapping[str, Total]) -> None:
        new = {f"{device}/{metric}": total for metric, total in totals.items()}
        changed = any(
            key not in self._totals or self._totals[key].value != total.value
            for key, total in new.items()
        )
        self._totals |= new
        if changed:
            self._save()

    def recall(self, newest_first: Iterable[tuple[str, str, Sample]]) -> None:
        """Go on from the totals whose counts the outbox has; call before the first reading."""
        counted: dict[str, int] = {}
        wanted, found = set(self._totals), set[str]()
        for device, metric, sample in newest_first:
            if metric in _TOTALS:
                counted.setdefault(f"{device}/{_TOTALS[metric]}", sample.time_ms)
            key = f"{device}/{metric}"
            if key in found or counted.get(key) != sample.time_ms:
                continue
            if isinstance(sample.value, int | float):
                self._totals[key] = Total(int(sample.value), sample.time_ms / 1000)
                found.add(key)
                if wanted and wanted <= found:
                    return

    def _save(self) -> None:
        text = json.dumps({key: [t.value, t.at_s] for key, t in self._totals.items()})
        temporary = self._path.with_suffix(".new")
        try:
            temporary.write_text(text, "utf-8")
            temporary.replace(self._path)
        except OSError as error:
            log.warning("%s could not be written (%s): is the disk full?", self._path, error)


def _load(path: Path) -> dict[str, Total]:
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {str(k): Total(int(value), float(at)) for k, (value, at) in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        log.warning("%s was torn and is started anew.", path)
        return {}


class CountingDriver(Deriving):
    """Wraps the driver of a counter that gives `in_total`, `out_total`; a `PolledDriver` itself.

    `moduli` tells per total where the counter rolls over.
    """

    def __init__(self, inner: PolledDriver, moduli: Mapping[str, int], store: TotalStore) -> None:
        super().__init__(inner, [COUNTS[m] for m in inner.metrics if m in COUNTS])
        self._moduli = moduli
        self._store = store

    async def read(self) -> list[Reading]:
        readings = await self._inner.read()
        totals = {
            r.metric: Total(int(r.value), r.time.timestamp())
            for r in readings
            if r.metric in COUNTS and isinstance(r.value, int | float)
        }
        counted = [self._counted(metric, total) for metric, total in totals.items()]
        self._store.put(self.device, totals)
        return readings + [
            Reading(self.device, COUNTS[metric], float(count), readings[-1].time)
            for metric, count in zip(totals, counted, strict=True)
        ]

    def _counted(self, metric: str, after: Total) -> int:
        before = self._store.get(self.device, metric)
        counted = step(before, after, self._moduli[metric])
        if before and counted.change is not Change.GROWN:
            log.info(
                "%s of %s went from %d to %d (%s); %d people were counted.",
                metric,
                self.device,
                before.value,
                after.value,
                counted.change,
                counted.count,
            )
        return counted.count
