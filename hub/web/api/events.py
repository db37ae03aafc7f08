"""GET /events: what happens now, as server-sent events, to whoever may know of it.

An open stream holds no database session and no thread. Alerts go at once; readings are gathered for
a quarter of a second and sent once a series. Every three seconds the rights are looked at again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.stores.records import Store
from hub.errors import HubError, NotFoundError, T
from hub.kit.records.owning import ALL
from hub.live import Event, EventKind, Live, Subscription
from hub.security.actor import Actor
from hub.timeseries.port import PointQuality
from hub.web.deps import CurrentUser, Hub, listening
from hub.web.services import Services

router = APIRouter(tags=["events"])

READINGS_EVERY_S = 0.25
BEAT_EVERY_S = 10.0
RIGHTS_EVERY_S = 3.0  # with the second of a wait: whoever is shut out is out within 5 s
SEND_LIMIT_S = 15.0  # a reader that takes nothing for so long is cut off

RECORDS = {model.__tablename__: model.__record__ for model in RECORD_TYPES}
_RIGHTS = {
    EventKind.READING: "readings.read",
    EventKind.ALERT: "alerts.read",
    EventKind.SALE: "sales.read",
    EventKind.FOOTFALL: "footfall.read",
    EventKind.AGENT: "agents.read",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may hear now: the actor, and the ids of the stores and the chain they see."""

    actor: Actor
    places: frozenset[UUID]

    def may_hear(self, event: Event) -> bool:
        if event.kind is EventKind.RELOAD:
            return True
        table = str(event.data.get("type", "")).replace("-", "_")
        about = RECORDS.get(table)
        subject = about.rights if about else table
        if about and about.own and not self.actor.may(f"{subject}.{ALL}"):
            return False  # whose it is would have to be looked up for every stream
        stores = self.actor.reach(_RIGHTS.get(event.kind, f"{subject}.read"))
        return event.store_id in self.places and (stores is None or event.store_id in stores)


@router.get("/events", operation_id="listen", response_class=Response)
async def listen(
    request: Request,
    services: Hub,
    actor: CurrentUser,
    store: Annotated[UUID | None, Query(description="only this store, with its readings")] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """Server-sent events `ready`, `reading`, `alert`, `sale`, `footfall`, `record`, `agent`,
    `beat` (every 10 s), and `reload` when events were missed for good.

    Readings come only with `store=`: first the last value of every metric, then what changes, as
    `{"store_id", "readings": [{"device", "metric", "value", "at", "quality"}]}`.
    """
    standing = await run_in_threadpool(_standing, services, actor, store)
    if store is not None and store not in standing.places:
        raise NotFoundError(T("没有这家门店。", "There is no such store."))

    def look_again() -> Standing:
        return _standing(services, listening(request, services), store)

    speaker = _Speaker(services, standing, has_readings=store is not None)
    return _EventStream(speaker.speak(services.live, look_again, last_event_id))


def _standing(services: Services, actor: Actor, store: UUID | None) -> Standing:
    with services.db.read(actor.scope) as session:
        places = frozenset(session.scalars(select(Store.id)))
    if store is not None:
        return Standing(actor, places & {store})
    return Standing(actor, places | {actor.chain_id})


class _Speaker:
    """The text of one stream."""

    def __init__(self, services: Services, standing: Standing, *, has_readings: bool) -> None:
        self._services, self._standing, self._has_readings = services, standing, has_readings
        self._told = time.monotonic()
        self._pushed = 0.0

    async def speak(
        self, live: Live, look_again: Callable[[], Standing], last_event_id: str | None
    ) -> AsyncGenerator[bytes]:
        with live.subscribe(self._standing.places, last_event_id) as subscription:
            yield _frame("ready", {}, f"{live.token}-{live.last_id}" if not last_event_id else None)
            if self._has_readings:
                yield self._all_readings()
            looked = time.monotonic()
            while not subscription.is_over:
                await subscription.wait(self._patience(subscription))
                if time.monotonic() - looked >= RIGHTS_EVERY_S:
                    looked = time.monotonic()
                    try:
                        self._standing = await run_in_threadpool(look_again)
                    except HubError:  # signed out, or shut out
                        return
                    subscription.store_ids = self._standing.places
                for text in self._due(subscription):
                    yield text

    def _patience(self, subscription: Subscription) -> float:
        """How long to wait for something new."""
        if self._has_readings and subscription.has_readings:
            return max(0.0, self._pushed + READINGS_EVERY_S - time.monotonic())
        return 1.0

    def _due(self, subscription: Subscription) -> list[bytes]:
        now = time.monotonic()
        token = self._services.live.token
        frames = [
            _frame(event.kind, _with_store(event), f"{token}-{event.id}" if event.id else None)
            for event in subscription.take_events()
            if self._standing.may_hear(event)
        ]
        if now - self._pushed >= READINGS_EVERY_S:
            found = subscription.take_readings()
            if self._has_readings and found:
                self._pushed = now
                frames += [self._readings(e) for e in found if self._standing.may_hear(e)]
        if not frames and now - self._told >= BEAT_EVERY_S:
            frames = [_frame("beat", {})]
        if frames:
            self._told = now
        return frames

    def _all_readings(self) -> bytes:
        """Of the one store: whoever was away for a moment missed no value."""
        (store_id,) = self._standing.places
        series = tuple(one.id for one in self._services.registry.of_store(store_id))
        event = Event(EventKind.READING, store_id, {"series": series})
        return self._readings(event) if self._standing.may_hear(event) else b""

    def _readings(self, event: Event) -> bytes:
        points = self._services.last.of(event.data["series"])
        readings = [
            self._reading(*point)
            for point in zip(
                points.series.tolist(),
                points.t_ms.tolist(),
                points.value.tolist(),
                points.quality.tolist(),
                strict=True,
            )
            if point[-1] != PointQuality.MISSING
        ]
        return _frame(event.kind, {"store_id": str(event.store_id), "readings": readings})

    def _reading(self, number: int, t_ms: int, value: float, code: int) -> dict[str, Any]:
        series, quality = self._services.registry.series(number), PointQuality(code)
        return {
            "device": series.device,
            "metric": series.metric,
            "value": None if quality in (PointQuality.BAD, PointQuality.STALE) else value,
            "at": datetime.fromtimestamp(t_ms / 1000, UTC),
            "quality": quality.name.lower(),
        }


def _with_store(event: Event) -> dict[str, Any]:
    return {"store_id": str(event.store_id), **event.data}


def _frame(kind: str, data: Mapping[str, Any], id: str | None = None) -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


class _EventStream(Response):
    """Ends when the reader leaves, or takes nothing for 15 s."""

    media_type = "text/event-stream"

    def __init__(self, texts: AsyncGenerator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._texts = texts

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_leave(receive))
        try:
            await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            leaving.cancel()
            ended = await asyncio.gather(writing, leaving, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, TimeoutError | OSError):
                raise error

    async def _write(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async with aclosing(self._texts) as texts:
            async for text in texts:
                async with asyncio.timeout(SEND_LIMIT_S):
                    await send({"type": "http.response.body", "body": text, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
