"""What a piece of equipment read, through every device it ever had; swaps are marked (EDG-11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from hub.archive.equipment.devices import Period, periods
from hub.archive.equipment.records import Equipment
from hub.kit.db import ScopedSession
from hub.kit.records.access import load
from hub.web.deps import Hub, ReadSession, require
from hub.web.formats import DIGITS, Formats
from hub.web.language import Language
from hub.web.pages.charts import Channel, Chart, Mark, Span, Wanted, answer, line_charts
from hub.web.pages.plots import Line, Plot
from hub.web.services import Services
from hub.web.views import CurrentView
from protocols.metrics import METRICS, Kind

router = APIRouter(include_in_schema=False, dependencies=[require("equipment.read")])
RANGE = "7d"
MOST = 4  # charts of one machine
FIRST = ("air_temperature_c", "room_temperature_c", "power_w")
SWAP = "low"


@dataclass(frozen=True, slots=True)
class MachineCharts:
    """`swaps` are the devices that took another one's place."""

    range: str
    charts: Sequence[Plot]
    swaps: Sequence[Period]


@dataclass(frozen=True, slots=True)
class Reach:
    """One series and the time in which it was this equipment's."""

    series: int
    period: Period

    def holds(self, at_ms: int) -> bool:
        return _ms(self.period.since, 0) <= at_ms < _ms(self.period.until, 2**62)


def _ms(at: datetime | None, otherwise: int) -> int:
    return int(at.timestamp() * 1000) if at else otherwise


def readings_of(
    session: ScopedSession, services: Services, machine: Equipment
) -> dict[str, list[Reach]]:
    """The gauges of a machine by metric, those that matter most first."""
    found: dict[str, list[Reach]] = {}
    for period in periods(session, [machine.id]).get(machine.id, []):
        for one in services.registry.of_store(machine.store_id):
            known = METRICS.get(one.metric)
            if one.device == period.device and known and known.kind is Kind.GAUGE:
                found.setdefault(one.metric, []).append(Reach(one.id, period))
    order = [*(name for name in FIRST if name in found), *sorted(found.keys() - set(FIRST))]
    return {name: found[name] for name in order[:MOST]}


def charts_of(
    session: ScopedSession, services: Services, machine: Equipment, language: Language
) -> MachineCharts:
    """The charts of its page, which ask for their data by themselves."""
    fmt, found = Formats(language), readings_of(session, services, machine)
    plots = [Plot(name, fmt.label(name), fmt.unit(name), (Line(""),)) for name in found]
    swaps = [one for one in periods(session, [machine.id]).get(machine.id, []) if one.since]
    return MachineCharts(RANGE, plots, swaps)


@router.get("/machines/{id}/charts")
def charts(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    id: UUID,
    wanted: Annotated[Wanted, Depends()],
) -> Response:
    machine = load(session, Equipment, id)
    span = wanted.span(view.now, RANGE)
    found = readings_of(session, services, machine)
    made = {name: _chart(services, name, some, span, wanted.width) for name, some in found.items()}
    return answer(view.request, span, made)


def _chart(
    services: Services, metric: str, some: Sequence[Reach], span: Span, width_px: int
) -> Chart:
    """One line out of those of each device, each in its own time."""
    digits = DIGITS.get(METRICS[metric].unit, 0)
    groups = [[Channel(metric, one.series, digits)] for one in some]
    drawn = line_charts(services.timeseries, groups, span, width_px)
    whole = drawn[0]
    line = whole["lines"][0]
    for number in range(whole["n"]):
        at_ms = whole["start"] + number * whole["step"] + whole["step"] // 2
        of = next((chart for one, chart in zip(some, drawn, strict=True) if one.holds(at_ms)), None)
        there = of["lines"][0] if of else None
        line["mean"][number] = there["mean"][number] if there else None
        line["low"][number] = there["low"][number] if there else None
        line["high"][number] = there["high"][number] if there else None
    swaps = [_ms(one.period.since, 0) for one in some if one.period.since]
    whole["marks"] = [
        Mark(t=at, severity=SWAP) for at in swaps if span.start_ms <= at <= span.end_ms
    ]
    return whole
