"""/stores/{id}/days: what each day of a channel came to, kept for ever, with how sure it is."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.records.access import load
from hub.timeseries.days import Day
from hub.timeseries.edges import from_ms, to_ms
from hub.web.deps import CurrentUser, Hub, ReadSession

router = APIRouter(tags=["timeseries"])

NAME_LENGTH = 128
MOST_DAYS = 3660
_ELSEWHERE = T(
    "这里的采集由别的进程负责，不保存每日汇总；请用 /timeseries 的 bucket=1d。",
    "Other processes take in here, so no days are kept: ask /timeseries with bucket=1d.",
)


class DayRead(BaseModel):
    """`coverage` is the share of the day in which the value was known; `rise` is for counters."""

    start: datetime
    end: datetime
    readings: int
    min: float | None
    max: float | None
    mean: float | None
    first: float | None
    last: float | None
    rise: float | None
    coverage: float
    qualities: dict[str, int]


class DayList(BaseModel):
    """Days that are not over yet, or not summed up yet, are not among them."""

    items: list[DayRead]


@router.get("/stores/{id}/days", operation_id="get_days")
def get_days(
    services: Hub,
    session: ReadSession,
    actor: CurrentUser,
    id: UUID,
    *,
    device: Annotated[str, Query(max_length=NAME_LENGTH)],
    metric: Annotated[str, Query(max_length=NAME_LENGTH)],
    first: date,
    last: date,
) -> DayList:
    """Days of the store's own clock, both ends included."""
    store = load(session, Store, id)
    actor.demand("readings.read", store.id)
    if services.daily is None:
        raise ConflictError(_ELSEWHERE)
    if not first <= last <= first + timedelta(days=MOST_DAYS):
        raise InvalidError(
            T(
                f"结束日期不得早于开始日期，最多 {MOST_DAYS} 天。",
                f"The last day must not be before the first, and at most {MOST_DAYS} days on.",
            )
        )
    found = [series.id for series in services.registry.find(store.id, device, metric)]
    if not found:
        name = f"{device}/{metric}"
        raise NotFoundError(T(f"这家门店没有测点 {name}。", f"This store has no channel {name}."))
    clock = StoreClock.of(store)
    span = to_ms(clock.start_of(first)), to_ms(clock.start_of(last + timedelta(days=1)))
    best: dict[int, Day] = {}
    for day in services.daily.days(found, *span):  # of several agents the one that said most
        if day.start_ms not in best or best[day.start_ms].readings < day.readings:
            best[day.start_ms] = day
    return DayList(items=[_read(best[start]) for start in sorted(best)])


def _read(day: Day) -> DayRead:
    return DayRead(
        start=from_ms(day.start_ms),
        end=from_ms(day.end_ms),
        readings=day.readings,
        min=day.min,
        max=day.max,
        mean=day.sum / day.readings if day.sum is not None else None,
        first=day.first,
        last=day.last,
        rise=day.rise,
        coverage=day.coverage,
        qualities={
            "good": day.good,
            "bad": day.bad,
            "stale": day.stale,
            "estimated": day.estimated,
            "backfilled": day.backfilled,
        },
    )
