"""One day by the hour against the usual day: the numbers of the small bar chart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.errors import T
from hub.web.formats import Formats
from hub.web.language import say

FIELD_WIDTH, FIELD_HEIGHT = 320, 76
TOP = 6.0
PER_HOUR = T("{hour} 时：今日 {today}，平日 {usual}", "{hour}:00: today {today}, usual {usual}")
Text = Callable[[float | None], str]


@dataclass(frozen=True, slots=True)
class Hour:
    """`today` is None in hours to come and where nothing is known; `usual` likewise."""

    hour: int
    today: float | None
    usual: float | None


@dataclass(frozen=True, slots=True)
class DayFacts:
    """A day so far; `usual` is the usual day up to the same moment, `extra` one more figure."""

    hours: tuple[Hour, ...]
    total: float | None
    usual: float | None
    extra: float | None = None

    @property
    def ratio(self) -> float | None:
        """Today against the usual, as a share; None while there is nothing to compare with."""
        if self.total is None or not self.usual:
            return None
        return self.total / self.usual - 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    today_h: float
    usual_h: float
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Day:
    """The card of one day."""

    title: str
    text: str
    unit: str
    usual_text: str
    ratio: float | None
    foot: str
    step: float
    bars: tuple[Bar, ...]


def add(days: Sequence[DayFacts]) -> DayFacts | None:
    """Several stores as one; what one of them does not know is left out of the sum."""
    if not days:
        return None
    by_hour: dict[int, list[Hour]] = {}
    for day in days:
        for hour in day.hours:
            by_hour.setdefault(hour.hour, []).append(hour)
    hours = tuple(
        Hour(hour, known([one.today for one in found]), known([one.usual for one in found]))
        for hour, found in by_hour.items()
    )
    return DayFacts(
        hours,
        known([one.total for one in days]),
        known([one.usual for one in days]),
        known([one.extra for one in days]),
    )


def known(values: Sequence[float | None]) -> float | None:
    """The sum of the values that are known; None when none is."""
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def day_of(facts: DayFacts, title: T, text: Text, fmt: Formats, *, unit: T, foot: T) -> Day:
    """The card; `text` writes one number."""
    hours = open_hours(facts.hours)
    titles = [
        say(
            fmt.language,
            PER_HOUR.format(hour=one.hour, today=text(one.today), usual=text(one.usual)),
        )
        for one in hours
    ]
    step, drawn = bars_of(hours, titles)
    return Day(
        title=say(fmt.language, title),
        text=text(facts.total),
        unit=say(fmt.language, unit),
        usual_text=text(facts.usual),
        ratio=facts.ratio,
        foot=say(fmt.language, foot),
        step=step,
        bars=drawn,
    )


def bars_of(hours: Sequence[Hour], titles: Sequence[str]) -> tuple[float, tuple[Bar, ...]]:
    """The width of an hour and one bar for each, scaled to the highest."""
    if not hours:
        return 0.0, ()
    step = round(FIELD_WIDTH / len(hours), 2)
    top = max((max(one.today or 0.0, one.usual or 0.0) for one in hours), default=0.0) or 1.0
    scale = (FIELD_HEIGHT - TOP) / top

    def height(value: float | None) -> float:
        return round(max(0.0, value or 0.0) * scale, 1)

    return step, tuple(
        Bar(
            x=round(index * step, 2),
            today_h=height(one.today),
            usual_h=height(one.usual),
            label=str(one.hour) if index % 3 == 0 else "",
            title=title,
        )
        for index, (one, title) in enumerate(zip(hours, titles, strict=True))
    )


def open_hours(hours: Sequence[Hour]) -> Sequence[Hour]:
    """Without the hours before the first and after the last in which anything ever happens."""
    busy = [index for index, one in enumerate(hours) if one.today or one.usual]
    return hours[busy[0] : busy[-1] + 1] if busy else ()
