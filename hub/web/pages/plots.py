"""Which linked charts a store has, by what its devices read; and their lines as data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.errors import T
from hub.web.formats import DIGITS
from hub.web.language import Language, say
from hub.web.pages.tiles import FREEZER_BELOW_C, Named, Reading
from protocols.metrics import METRICS

MAX_LINES = 5
COLD, FREEZER, CLIMATE, POWER = "cold", "freezer", "climate", "power"
TITLES = {
    COLD: T("冷藏", "Chilled"),
    FREEZER: T("冷冻", "Frozen"),
    CLIMATE: T("环境温度", "Climate"),
    POWER: T("用电功率", "Power"),
}
CLIMATE_METRICS = ("room_temperature_c", "supply_temperature_c", "outdoor_temperature_c")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its label, and the series it is drawn from (0: not of a series)."""

    label: str
    key: str = ""
    series: int = 0
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart of a page before it has data."""

    key: str
    title: str
    unit: str
    lines: tuple[Line, ...]


def plots_of(
    readings: Iterable[Reading], named: dict[str, Named], language: Language
) -> list[Plot]:
    """Charts of the equipment, in a fixed order; at most five lines each."""
    rows = sorted(readings, key=lambda one: (one.series.device, one.series.metric))
    setpoints = {one.series.device: one.value for one in rows if one.series.metric == "setpoint_c"}
    cold = {one.series.device for one in rows if one.series.metric == "air_temperature_c"}
    groups: dict[str, list[Line]] = {key: [] for key in TITLES}
    for reading in rows:
        group = group_of(reading, setpoints.get(reading.series.device))
        if group and (group != CLIMATE or reading.series.device not in cold):
            groups[group].append(line_of(reading, group, named, language))
    return [
        Plot(key, say(language, TITLES[key]), unit_of(key), tuple(lines[:MAX_LINES]))
        for key, lines in groups.items()
        if lines
    ]


def group_of(reading: Reading, setpoint_c: float | None) -> str | None:
    metric = reading.series.metric
    if metric == "air_temperature_c":
        return FREEZER if setpoint_c is not None and setpoint_c < FREEZER_BELOW_C else COLD
    if metric in CLIMATE_METRICS:
        return CLIMATE
    return POWER if metric == "power_w" else None


def line_of(reading: Reading, group: str, named: dict[str, Named], language: Language) -> Line:
    """Called by its equipment; in the climate chart by what is measured."""
    metric = METRICS[reading.series.metric]
    known = named.get(reading.series.device)
    label = known.name if known else reading.series.device
    if group == CLIMATE:
        label = say(language, T(metric.zh, metric.en))
    key = f"{reading.series.device}/{metric.name}"
    return Line(label, key, reading.series.id, DIGITS.get(metric.unit, 0))


def unit_of(key: str) -> str:
    return "W" if key == POWER else "°C"


def named_plot(key: str, title: T, unit: T, labels: Sequence[T], language: Language) -> Plot:
    """A chart whose lines are not series, such as sales."""
    lines = tuple(Line(say(language, one)) for one in labels)
    return Plot(key, say(language, title), say(language, unit), lines)
