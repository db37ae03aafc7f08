"""/sales/figures: when of the week a store sells, what sells best and least (ANA-03, ANA-18)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.analytics.sales import Sales, by_day
from hub.analytics.sellers import HOURS, WEEKDAYS, Seller, WeekHour, sellers, week
from hub.analytics.stores import StoreClock
from hub.errors import T
from hub.web.deps import CurrentUser, ReadSession, require
from hub.web.formats import Formats
from hub.web.language import say
from hub.web.stock_stores import chosen, stores_with
from hub.web.views import CurrentView

READ = "sales.read"
WEEKS = 4
SHOWN = 15
LEVELS = 7
PERIODS = (1, 7, 28, 91)
Number = Callable[[WeekHour], float | None]
MEASURES: dict[str, tuple[T, Number]] = {
    "revenue": (T("销售额", "Revenue"), lambda one: one.revenue_cents),
    "tickets": (T("小票", "Tickets"), lambda one: one.tickets),
    "visitors": (T("客流", "Visitors"), lambda one: one.visitors),
    "conversion": (T("成交率", "Conversion"), lambda one: one.conversion),
}
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` 0…7 is its shade; `text` says the number."""

    text: str
    level: int
    is_known: bool


@router.get("/sales/figures")
def show_figures(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    days: Annotated[int, Query(ge=1, le=366)] = 28,
    by: Annotated[str, Query(max_length=12)] = "revenue",
) -> Response:
    stores = stores_with(session, actor, READ)
    if not stores:
        return view.page("sales-figures.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    last = clock.day_of(view.now)
    first = last - timedelta(days=days - 1)
    found = sellers(session, clock, first, last)
    measure = by if by in MEASURES else "revenue"
    return replace(view, zone=clock.zone).page(
        "sales-figures.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        days=days,
        periods=[(view.here(days=n), n, n == days) for n in PERIODS],
        measures=[
            (view.here(by=key), say(view.language, text), key == measure)
            for key, (text, _) in MEASURES.items()
        ],
        sums=sum(by_day(session, clock, first, last).values(), Sales()),
        heat=_heat(week(session, clock, view.now, WEEKS), measure, Formats(view.language)),
        weeks=WEEKS,
        best=found[:SHOWN],
        least=_least(found),
    )


def _least(found: Sequence[Seller]) -> list[Seller]:
    """What sold least, without what is among the best."""
    return sorted(found[SHOWN:], key=lambda one: (one.revenue_cents, one.code))[:SHOWN]


def _heat(
    hours: Sequence[Sequence[WeekHour]], measure: str, fmt: Formats
) -> list[tuple[int, list[Cell]]]:
    """A row an hour in which the store ever sells or is visited."""
    number = MEASURES[measure][1]
    values = [[number(hours[d][h]) for d in range(WEEKDAYS)] for h in range(HOURS)]
    top = max((one or 0.0 for row in values for one in row), default=0.0)
    busy = [h for h in range(HOURS) if any(values[h])]
    shown = range(busy[0], busy[-1] + 1) if busy else range(0)
    return [(h, [_cell(one, top, measure, fmt) for one in values[h]]) for h in shown]


def _cell(value: float | None, top: float, measure: str, fmt: Formats) -> Cell:
    if value is None:
        return Cell("–", 0, is_known=False)
    level = min(LEVELS, round(max(0.0, value) / top * LEVELS)) if top else 0
    if measure == "conversion":
        return Cell(fmt.percent(min(value, 9.99)), level, is_known=True)
    shown = value / 100 if measure == "revenue" else value
    return Cell(fmt.number(shown, 0 if shown >= 10 else 1), level, is_known=True)
