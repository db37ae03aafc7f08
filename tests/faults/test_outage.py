"""What an outage hid is told once, with its times, and rings nobody's telephone.

A real agent's outbox, broker and hub: the freezer is read until the wire falls silent, warms and
cools again meanwhile; afterwards what is new is sent first and what was kept beside it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.outbox import Outbox
from protocols.reading import Reading
from tests.faults.scene import Scene, scene
from tests.servers import StoreShape, wait_for

FREEZER, AIR = "freezer-1", "air_temperature_c"
COLD_C, WARM_C = -20.0, -5.0
STEP = timedelta(seconds=30)
BEFORE, SILENT, AFTER = timedelta(hours=3), timedelta(hours=2), timedelta(minutes=5)
CLEAR = timedelta(minutes=10)  # so long it is cold again before it is over
WARM_FROM, WARM_FOR = timedelta(minutes=30), timedelta(minutes=50)  # of the silence


def air(start: datetime, end: datetime, value: Callable[[datetime], float]) -> Iterator[Reading]:
    at = start
    while at < end:
        yield Reading(FREEZER, AIR, value(at), at)
        at += STEP


def cold(_: datetime) -> float:
    return COLD_C


def send(chain: Scene, readings: Iterator[Reading]) -> None:
    """By the agent, which is started for it."""
    (agent,) = chain.agents
    agent.stop()
    with Outbox(agent.outbox) as outbox:
        outbox.bulk(readings)
    agent.start()
    wait_for(chain.is_drained, 60, "the agent was not drained")


def rows(chain: Scene, asked: str) -> list[tuple[str, ...]]:
    with closing(
        sqlite3.connect(f"file:{chain.hub.data_dir / 'hub.sqlite'}?mode=ro", uri=True)
    ) as db:
        return db.execute(asked).fetchall()


def told(chain: Scene) -> list[tuple[str, ...]]:
    """(rule, status, began, closed) of what concerns the freezer."""
    return rows(
        chain,
        "SELECT rule, status, began_at, closed_at FROM alerts WHERE source LIKE 'freezer-1/%'",
    )


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_an_excursion_that_an_outage_hid_is_in_the_record_and_in_no_telephone(
    tmp_path: Path,
) -> None:
    """ALR-15, EDG-12, R3."""
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    heard = end - AFTER
    lost = heard - SILENT
    warm = lost + WARM_FROM

    def meanwhile(at: datetime) -> float:
        return WARM_C if warm <= at < warm + WARM_FOR else COLD_C

    with scene(tmp_path, [StoreShape(units=1, metrics=2)], seed=3) as chain:
        chain.start()
        send(chain, air(lost - BEFORE, lost, cold))
        send(chain, air(heard, end, cold))
        assert told(chain) == []
        send(chain, air(lost, heard, meanwhile))
        wait_for(lambda: told(chain) != [], 30, "the excursion was not found")
        ((rule, status, began, closed),) = told(chain)
        assert (rule, status) == ("temperature-high", "cleared")
        assert abs(instant(began) - warm) <= STEP
        assert abs(instant(closed) - (warm + WARM_FOR + CLEAR)) <= STEP
        assert rows(chain, "SELECT id FROM notices") == []
        verdict = chain.settle()
    assert (verdict.lost, verdict.doubled) == (0, 0)
