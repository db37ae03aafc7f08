"""/stores/{id}/footfall and /stores/{id}/sales: trade by any bucket (TSD-03, TSD-04, TSD-09)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from hub.analytics import footfall, sales
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.errors import InvalidError, T
from hub.kit.records.access import load
from hub.timeseries.edges import Width, edges, from_ms
from hub.web.deps import CurrentUser, ReadSession

router = APIRouter(prefix="/stores", tags=["stores"])

MAX_BUCKETS = 5_000
LONGEST = timedelta(days=800)
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_TIMES = T(
    "开始时间必须早于结束时间，且不超过 800 天。",
    "The start must be before the end, and at most 800 days before it.",
)
_FINE = T(
    "客流按一刻钟、销售按小时汇总，时间段不能更短。",
    "Footfall is kept by quarter of an hour and sales by hour; buckets cannot be shorter.",
)
_MANY = T("时间段太多，请缩短时间或加大粒度。", "These are too many buckets; ask for wider ones.")


class FootfallBucket(BaseModel):
    """`entries` and `exits` are null where no counter could count; occupancy is the average."""

    start: datetime
    end: datetime
    entries: int | None
    exits: int | None
    occupancy: float | None
    dwell_min: float | None
    coverage: float


class FootfallRead(BaseModel):
    items: list[FootfallBucket]
    dwell_method_zh: str = footfall.DWELL_METHOD.zh
    dwell_method_en: str = footfall.DWELL_METHOD.en


class SalesBucket(BaseModel):
    """`tickets` are sales less voids; `conversion` is null without covered footfall."""

    start: datetime
    end: datetime
    revenue_cents: int
    tickets: int
    quantity_milli: int
    average_ticket_cents: int | None
    conversion: float | None


class SalesRead(BaseModel):
    currency: str
    items: list[SalesBucket]


class Asked(BaseModel):
    """The query of both; days and more follow the store's zone and day start."""

    model_config = {"extra": "forbid"}

    start: AwareDatetime
    end: AwareDatetime
    bucket: str = Query("1h", max_length=8, description="15m, 1h, 1d, 1w, 1mo …")

    def edges(self, clock: StoreClock, finest_ms: int) -> list[datetime]:
        in_range = EARLIEST <= self.start < self.end <= LATEST
        if not in_range or self.end - self.start > LONGEST:
            raise InvalidError(_TIMES)
        width = Width.parse(self.bucket)
        if width.fixed_ms and width.fixed_ms % finest_ms:
            raise InvalidError(_FINE, {"bucket": _FINE})
        found = edges(self.start, self.end, width, clock.zone, clock.day_start)
        if len(found) > MAX_BUCKETS:
            raise InvalidError(_MANY, {"bucket": _MANY})
        return [from_ms(t_ms) for t_ms in found.tolist()]


@router.get("/{id}/footfall", operation_id="get_footfall")
def get_footfall(
    session: ReadSession, actor: CurrentUser, id: UUID, asked: Annotated[Asked, Query()]
) -> FootfallRead:
    """In, out, people present and dwell time, each with the share of time it was counted for."""
    clock = StoreClock.of(load(session, Store, id))
    actor.demand("footfall.read", id)
    flows = footfall.flows(session, clock, asked.edges(clock, 900_000))
    return FootfallRead(
        items=[
            FootfallBucket(
                start=flow.start_at,
                end=flow.end_at,
                entries=flow.entries,
                exits=flow.exits,
                occupancy=flow.occupancy,
                dwell_min=flow.dwell_min,
                coverage=flow.coverage,
            )
            for flow in flows
        ]
    )


@router.get("/{id}/sales", operation_id="get_sales")
def get_sales(
    session: ReadSession, actor: CurrentUser, id: UUID, asked: Annotated[Asked, Query()]
) -> SalesRead:
    """Revenue, tickets, items, average ticket and conversion; a day adds up to its tickets."""
    clock = StoreClock.of(load(session, Store, id))
    actor.demand("sales.read", id)
    at = asked.edges(clock, 3_600_000)
    found = sales.by_edges(session, clock, at, is_by_day=not Width.parse(asked.bucket).fixed_ms)
    has_footfall = actor.may("footfall.read", id)
    flows = footfall.flows(session, clock, at) if has_footfall else [None] * len(found)
    return SalesRead(
        currency=clock.currency,
        items=[
            SalesBucket(
                start=at[n],
                end=at[n + 1],
                revenue_cents=one.revenue_cents,
                tickets=one.tickets,
                quantity_milli=one.quantity_milli,
                average_ticket_cents=one.average_ticket_cents,
                conversion=one.tickets / flow.entries if flow and flow.entries else None,
            )
            for n, (one, flow) in enumerate(zip(found, flows, strict=True))
        ],
    )
