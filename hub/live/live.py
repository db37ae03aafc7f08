"""Events from any thread to any number of open pages, each with a bounded share of memory."""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

RING = 1024  # events that a page may have missed while it was away
WAITING = 256  # events for one page; a page that is slower loads itself anew


class EventKind(StrEnum):
    """`READING` tells only which series changed (`{"series": (…)}`); their values are looked up."""

    READING = "reading"
    ALERT = "alert"
    SALE = "sale"
    FOOTFALL = "footfall"
    RECORD = "record"
    AGENT = "agent"
    RELOAD = "reload"  # to one page: events were lost, look at everything anew


CHANGES = (EventKind.ALERT, EventKind.RECORD, EventKind.AGENT)


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is JSON; `id` is given by `Live.publish`, 0 for readings, which are never repeated."""

    kind: EventKind
    store_id: UUID
    data: Mapping[str, Any]
    id: int = 0


_RELOAD = Event(EventKind.RELOAD, UUID(int=0), {})


class Live:
    """`token` tells this life of the hub from others in `Last-Event-ID`."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._ring: deque[Event] = deque(maxlen=RING)
        self.last_id = 0
        self.changes = 0
        """How often what pages show was changed, figures and readings aside."""
        self._subscriptions: set[Subscription] = set()

    @property
    def has_listeners(self) -> bool:
        return bool(self._subscriptions)

    def publish(self, event: Event) -> None:
        """From any thread; never waits for a reader."""
        with self._lock:
            if event.kind is not EventKind.READING:
                self.last_id += 1
                event = replace(event, id=self.last_id)
                self._ring.append(event)
            self.changes += event.kind in CHANGES
            for subscription in self._subscriptions:
                subscription.offer(event)

    def subscribe(
        self, store_ids: frozenset[UUID] | None = None, after: str | None = None
    ) -> "Subscription":
        """Events of these stores (None: of all) on the running loop; use it with `with`.

        `after` is the `Last-Event-ID` of a page that was here before: it gets what it missed, or
        RELOAD if that is too much, or this is not the hub it knew.
        """
        subscription = Subscription(self, store_ids)
        with self._lock:
            if after:
                for event in self._missed(after):
                    subscription.offer(event)
            self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        """The hub stops: every subscription is over, so that open pages do not hold it up."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.end()

    def unsubscribe(self, subscription: "Subscription") -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def _missed(self, after: str) -> list[Event]:
        token, _, number = after.partition("-")
        oldest = self._ring[0].id if self._ring else self.last_id + 1
        if token != self.token or not number.isdecimal() or int(number) < oldest - 1:
            return [_RELOAD]
        return [event for event in self._ring if event.id > int(number)]


class Subscription:
    """One reader. Readings of a store merge into one event, so they never fill the queue."""

    def __init__(self, live: Live, store_ids: frozenset[UUID] | None) -> None:
        self.store_ids = store_ids
        self._live = live
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._series: dict[UUID, set[int]] = {}
        self._is_told = False
        self._is_behind = False
        self.is_over = False

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_: object) -> None:
        self._live.unsubscribe(self)

    def offer(self, event: Event) -> None:
        """From the publisher's thread."""
        is_for_all = event.kind is EventKind.RELOAD or self.store_ids is None
        if not is_for_all and event.store_id not in (self.store_ids or ()):
            return
        with self._lock:
            if event.kind is EventKind.READING:
                self._series.setdefault(event.store_id, set()).update(event.data["series"])
            elif len(self._events) < WAITING:
                self._events.append(event)
            else:
                self._is_behind = True
        self._tell()

    def end(self) -> None:
        self.is_over = True
        self._tell()

    def _tell(self) -> None:
        """Wake the reader, once until it takes what is there."""
        with self._lock:
            if self._is_told:
                return
            self._is_told = True
        with suppress(RuntimeError):  # the loop has closed, and the reader with it
            self._loop.call_soon_threadsafe(self._wake.set)

    @property
    def has_readings(self) -> bool:
        return bool(self._series)

    async def wait(self, timeout_s: float) -> bool:
        """Whether something is there to take, now or within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def take_events(self) -> list[Event]:
        """All that waits but readings; RELOAD at the end if some were lost."""
        with self._lock:
            events, self._events = list(self._events), deque()
            if self._is_behind:
                events.append(_RELOAD)
            self._is_told = self._is_behind = False
            self._wake.clear()
        return events

    def take_readings(self) -> list[Event]:
        """One event for each store with all series that changed since the last call."""
        with self._lock:
            series, self._series = self._series, {}
        return [
            Event(EventKind.READING, store_id, {"series": tuple(sorted(numbers))})
            for store_id, numbers in series.items()
        ]

    async def __aiter__(self) -> AsyncIterator[Event]:
        while not self.is_over:
            await self._wake.wait()
            for event in [*self.take_events(), *self.take_readings()]:
                yield event
