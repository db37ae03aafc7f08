"""/timeseries and /stores/{id}/latest: what the devices of a store said (TSD-01, TSD-11)."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from hub.archive.stores.records import Store
from hub.errors import InvalidError, NotFoundError, T
from hub.ingest.node import Series
from hub.kit.records.access import load
from hub.timeseries.arrays import IS_COUNTED, bucketise, ordered
from hub.timeseries.edges import Width, edges, from_ms, to_ms
from hub.timeseries.port import Buckets, PointQuality, Points, TimeSeries
from hub.web.deps import CurrentUser, Hub, ReadSession
from protocols.metrics import METRICS

router = APIRouter(tags=["timeseries"])

MAX_POINTS = 100_000
NAME_LENGTH = 128
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Aggregate(StrEnum):
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    SUM = "sum"
    COUNT = "count"
    FIRST = "first"
    LAST = "last"


DEFAULT_AGGREGATES = "min,max,mean,sum,count"


class PointRead(BaseModel):
    """`value` is null where `quality` is bad or stale: nobody knows it."""

    at: datetime
    value: float | None
    quality: str


class BucketRead(BaseModel):
    """The aggregates asked for; in a gap `count` is 0 and the others are null."""

    start: datetime
    end: datetime
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    sum: float | None = None
    count: int = 0
    first: float | None = None
    last: float | None = None


class SeriesRead(BaseModel):
    """Points, or buckets where `bucket` was given, in order of time."""

    store: UUID
    device: str
    metric: str
    unit: str
    start: datetime
    end: datetime
    bucket: str | None
    zone: str
    items: list[BucketRead] | list[PointRead]


class LatestRead(BaseModel):
    """The last value of one metric; `at` null and quality "missing" where none ever came."""

    device: str
    metric: str
    unit: str
    value: float | None
    at: datetime | None
    quality: str


class LatestList(BaseModel):
    items: list[LatestRead]


class Asked(BaseModel):
    """The query of `GET /timeseries`; all times are aware."""

    model_config = {"extra": "forbid"}

    store: UUID
    device: str = Query(min_length=1, max_length=NAME_LENGTH)
    metric: str = Query(min_length=1, max_length=NAME_LENGTH)
    start: AwareDatetime
    end: AwareDatetime
    bucket: str | None = Query(None, max_length=8, description="1m, 15m, 1h, 1d, 1w, 1mo, 1y …")
    agg: str = Query(
        DEFAULT_AGGREGATES, max_length=80, description="with `bucket`; also first,last"
    )
    tz: str | None = Query(None, max_length=60, description="instead of the store's time zone")


@router.get("/timeseries", operation_id="get_timeseries", response_model_exclude_unset=True)
def get_timeseries(
    services: Hub, session: ReadSession, actor: CurrentUser, asked: Annotated[Asked, Query()]
) -> SeriesRead:
    """Points in [start, end), or aggregates of buckets; days and more are the store's."""
    store = load(session, Store, asked.store)
    actor.demand("readings.read", store.id)
    if not EARLIEST <= asked.start < asked.end <= LATEST:
        raise InvalidError(
            T(
                "开始时间必须早于结束时间，且在 1970 年到 2100 年之间。",
                "The start must be before the end, and both between 1970 and 2100.",
            )
        )
    found = services.registry.find(store.id, asked.device, asked.metric)
    if not found:
        name = f"{asked.device}/{asked.metric}"
        raise NotFoundError(T(f"这家门店没有测点 {name}。", f"This store has no channel {name}."))
    zone = zone_of(asked.tz or store.zone)
    items: list[BucketRead] | list[PointRead]
    if asked.bucket:
        at = edges(asked.start, asked.end, Width.parse(asked.bucket), zone, store.day_start)
        buckets = one_row(services.timeseries, found, at)
        items = buckets_read(buckets, aggregates_of(asked.agg))
    else:
        items = points_read(
            joined(services.timeseries, found, to_ms(asked.start), to_ms(asked.end))
        )
    return SeriesRead(
        store=store.id,
        device=asked.device,
        metric=asked.metric,
        unit=unit_of(asked.metric),
        start=asked.start.astimezone(UTC),
        end=asked.end.astimezone(UTC),
        bucket=asked.bucket,
        zone=zone.key,
        items=items,
    )


@router.get("/stores/{id}/latest", operation_id="get_latest")
def get_latest(services: Hub, session: ReadSession, actor: CurrentUser, id: UUID) -> LatestList:
    """The last value of every metric of the store, by device and metric."""
    store = load(session, Store, id)
    actor.demand("readings.read", store.id)
    series = sorted(services.registry.of_store(store.id), key=lambda s: (s.device, s.metric))
    points = services.last.of([one.id for one in series])
    return LatestList(
        items=[
            LatestRead(
                device=one.device,
                metric=one.metric,
                unit=unit_of(one.metric),
                value=value if IS_COUNTED[quality] else None,
                at=from_ms(t_ms) if quality != PointQuality.MISSING else None,
                quality=PointQuality(quality).name.lower(),
            )
            for one, (t_ms, value, quality) in zip(series, rows(points), strict=True)
        ]
    )


def joined(timeseries: TimeSeries, found: list[Series], start_ms: int, end_ms: int) -> Points:
    """As one series, though each agent that the store ever had has its own."""
    points = timeseries.read([one.id for one in found], start_ms, end_ms)
    if len(found) == 1:
        return points
    same = np.full(len(points), found[0].id, np.int32)
    return ordered(Points(same, points.t_ms, points.value, points.quality))


def one_row(
    timeseries: TimeSeries, found: list[Series], at: np.typing.NDArray[np.int64]
) -> Buckets:
    if len(found) == 1:
        return timeseries.buckets([found[0].id], at)
    points = joined(timeseries, found, int(at[0]), int(at[-1]))
    return bucketise(points, [found[0].id], at)


def points_read(points: Points) -> list[PointRead]:
    if len(points) > MAX_POINTS:
        raise InvalidError(
            T(
                f"共 {len(points)} 个点，超过 {MAX_POINTS} 个。请用 bucket 分段，或缩短时间范围。",
                f"These are {len(points)} points, over {MAX_POINTS}. Ask for buckets or less time.",
            )
        )
    names = {quality.value: quality.name.lower() for quality in PointQuality}
    return [
        PointRead(
            at=from_ms(t_ms), value=value if IS_COUNTED[quality] else None, quality=names[quality]
        )
        for t_ms, value, quality in rows(points)
    ]


def rows(points: Points) -> list[tuple[int, float, int]]:
    columns = points.t_ms.tolist(), points.value.tolist(), points.quality.tolist()
    return list(zip(*columns, strict=True))


def buckets_read(buckets: Buckets, aggregates: list[Aggregate]) -> list[BucketRead]:
    """Of the only row; NaN, a gap, becomes null."""
    values = {
        aggregate.value: [
            None if value != value else value
            for value in getattr(buckets, aggregate.value)[0].tolist()
        ]
        for aggregate in aggregates
    }
    instants = [from_ms(t_ms) for t_ms in buckets.edges_ms.tolist()]
    return [
        BucketRead(
            start=instants[i], end=instants[i + 1], **{name: row[i] for name, row in values.items()}
        )
        for i in range(len(instants) - 1)
    ]


def aggregates_of(text: str) -> list[Aggregate]:
    known = {aggregate.value: aggregate for aggregate in Aggregate}
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidError(
            T(
                f"不认识的聚合 {unknown[0]!r}。可用：{', '.join(known)}。",
                f"There is no aggregate {unknown[0]!r}. Known: {', '.join(known)}.",
            )
        )
    return [known[name] for name in names]


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(
            T(
                f"没有时区 {name!r}。示例：Asia/Shanghai。",
                f"There is no time zone {name!r}. Example: Asia/Shanghai.",
            )
        ) from error


def unit_of(metric: str) -> str:
    known = METRICS.get(metric)
    return known.unit if known else ""
