"""Events reach who may hear them, at once, in bounded memory (TSD-02, ALR-13)."""

import asyncio
import threading
from uuid import UUID, uuid4

import pytest

from hub.live import Event, EventKind, Live
from hub.live import live as live_module

STORE, OTHER = uuid4(), uuid4()


def alert(store_id: UUID = STORE, **data: object) -> Event:
    return Event(EventKind.ALERT, store_id, data)


def reading(*series: int, store_id: UUID = STORE) -> Event:
    return Event(EventKind.READING, store_id, {"series": series})


def run(scenario: object) -> None:
    asyncio.run(scenario)  # type: ignore[arg-type]  # coroutines of this module


def test_an_event_from_any_thread_wakes_the_reader() -> None:
    async def scenario() -> None:
        live = Live()
        with live.subscribe(frozenset({STORE})) as page:
            threading.Timer(0.02, live.publish, [alert(n=1)]).start()
            assert await page.wait(5)
            assert [event.data for event in page.take_events()] == [{"n": 1}]
            assert not await page.wait(0.01)

    run(scenario())


def test_other_stores_stay_unheard() -> None:
    async def scenario() -> None:
        live = Live()
        with live.subscribe(frozenset({STORE})) as page, live.subscribe() as all_stores:
            live.publish(alert(OTHER))
            live.publish(reading(1, store_id=OTHER))
            assert page.take_events() == page.take_readings() == []
            assert len(all_stores.take_events()) == len(all_stores.take_readings()) == 1

    run(scenario())


def test_readings_merge_so_they_never_fill_the_queue() -> None:
    async def scenario() -> None:
        live = Live()
        with live.subscribe() as page:
            for n in range(10_000):
                live.publish(reading(n % 7))
            (merged,) = page.take_readings()
            assert merged.data["series"] == tuple(range(7))
            assert page.take_events() == []

    run(scenario())


def test_a_page_that_is_too_slow_is_told_to_load_itself_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_module, "WAITING", 3)

    async def scenario() -> None:
        live = Live()
        with live.subscribe() as page:
            for n in range(5):
                live.publish(alert(n=n))
            kinds = [event.kind for event in page.take_events()]
            assert kinds == [EventKind.ALERT] * 3 + [EventKind.RELOAD]
            live.publish(alert())
            assert [event.kind for event in page.take_events()] == [EventKind.ALERT]

    run(scenario())


def test_who_comes_back_gets_what_was_missed_and_no_more() -> None:
    async def scenario() -> None:
        live = Live()
        for n in range(5):
            live.publish(alert(n=n))
        live.publish(reading(1))
        with live.subscribe(frozenset({STORE}), f"{live.token}-3") as page:
            assert [event.data["n"] for event in page.take_events()] == [3, 4]
        with live.subscribe(frozenset({OTHER}), f"{live.token}-3") as page:
            assert page.take_events() == []

    run(scenario())


@pytest.mark.parametrize("after", ["elsewhere-3", "nonsense", "-1", "{token}-x", "{token}-1"])
def test_who_was_away_too_long_loads_anew(after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "RING", 3)

    async def scenario() -> None:
        live = Live()
        for n in range(6):
            live.publish(alert(n=n))
        with live.subscribe(None, after.format(token=live.token)) as page:
            assert [event.kind for event in page.take_events()] == [EventKind.RELOAD]

    run(scenario())


def test_nobody_listens_after_the_end() -> None:
    async def scenario() -> None:
        live = Live()
        with live.subscribe() as page:
            assert live.has_listeners
            live.close()
            assert await page.wait(5)
            assert page.is_over
        assert not live.has_listeners
        live.publish(alert())

    run(scenario())


def test_it_reads_as_an_iterator() -> None:
    async def scenario() -> None:
        live = Live()
        with live.subscribe() as page:
            live.publish(alert(n=1))
            live.publish(reading(5))
            kinds = []
            async for event in page:
                kinds.append(event.kind)
                if len(kinds) == 2:
                    break
            assert kinds == [EventKind.ALERT, EventKind.READING]

    run(scenario())
