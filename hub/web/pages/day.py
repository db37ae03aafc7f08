"""One day by the hour against the usual day: the numbers of the small bar chart."""

from collections.abc import Sequence
from dataclasses import dataclass

FIELD_WIDTH, FIELD_HEIGHT = 320, 76
TOP = 6.0


@dataclass(frozen=True, slots=True)
class Hour:
    """`today` is None in hours to come and where nothing is known; `usual` likewise."""

    hour: int
    today: float | None
    usual: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    today_h: float
    usual_h: float
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Day:
    """`ratio` compares the day so far with the usual day so far; None while there is no usual."""

    title: str
    text: str
    unit: str
    usual_text: str
    ratio: float | None
    foot: str
    step: float
    bars: tuple[Bar, ...]


def bars_of(hours: Sequence[Hour], titles: Sequence[str]) -> tuple[float, tuple[Bar, ...]]:
    """The width of an hour and one bar for each, scaled to the highest."""
    if not hours:
        return 0.0, ()
    step = round(FIELD_WIDTH / len(hours), 2)
    top = max((max(one.today or 0.0, one.usual or 0.0) for one in hours), default=0.0) or 1.0
    scale = (FIELD_HEIGHT - TOP) / top

    def height(value: float | None) -> float:
        return round((value or 0.0) * scale, 1)

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
