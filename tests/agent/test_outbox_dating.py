"""R5: a machine that boots without the time of day loses nothing and dates nothing wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.machine import Machine
from agent.outbox import Outbox
from agent.outbox_dating import HOLD_S, BootClock, Dating, Taken
from protocols.reading import Quality, Reading
from protocols.sparkplug import codec
from tests.simulation.store import SimulatedClock

BOOT = datetime(2025, 6, 1, tzinfo=UTC)  # what the Pi believes
TRUE = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Pi:
    def __init__(self, newest: datetime | None = None) -> None:
        self.clock, self.is_known = SimulatedClock(BOOT), False
        newest_ms = int(newest.timestamp() * 1000) if newest else 0
        self.dating = Dating(lambda: self.is_known, self.clock, newest_ms)

    def read(self) -> Taken:
        return Taken.of([Reading("d", "power_w", 1.0, self.clock.utc())], self.clock)

    def dated(self, taken: Taken) -> tuple[datetime, Quality]:
        (reading,) = self.dating.dated(taken).readings
        return reading.time, reading.quality


def test_what_was_read_before_the_first_time_answer_gets_its_true_date() -> None:
    pi = Pi(newest=TRUE - timedelta(hours=1))
    taken = pi.read()
    pi.clock.advance(90)
    assert pi.dating.waits(has_room=True)
    pi.clock.step((TRUE - pi.clock.utc()).total_seconds())
    pi.is_known = True
    assert not pi.dating.waits(has_room=True)
    assert pi.dated(taken) == (TRUE - timedelta(seconds=90), Quality.GOOD)
    assert pi.dated(pi.read()) == (TRUE, Quality.GOOD)


@pytest.mark.parametrize("has_room", [True, False])
def test_a_boot_that_stays_undated_comes_after_the_last_known_time(has_room: bool) -> None:
    pi = Pi(newest=TRUE)
    first = pi.read()
    pi.clock.advance(HOLD_S if has_room else 30)
    assert not pi.dating.waits(has_room=has_room)
    second = pi.read()
    assert pi.dated(first) == (TRUE, Quality.ESTIMATED)
    apart = timedelta(seconds=HOLD_S if has_room else 30)
    assert pi.dated(second) == (TRUE + apart, Quality.ESTIMATED)


def test_without_a_time_server_a_plausible_clock_is_believed_in_the_end() -> None:
    pi = Pi(newest=BOOT - timedelta(days=1))
    taken = pi.read()
    pi.clock.advance(HOLD_S)
    assert not pi.dating.waits(has_room=True)
    assert pi.dated(taken) == (BOOT, Quality.GOOD)


def test_the_outbox_holds_them_and_writes_them_when_it_stops(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with Outbox(path, is_dated=lambda: False) as outbox:
        outbox.append([Reading("d", "power_w", 1.0, datetime.now(UTC))], urgent=True)
        outbox.bulk([])
        assert outbox.rows_waiting == 0
    with Outbox(path) as outbox:
        (batch,) = outbox.read(outbox.epochs[0], 0, 10)
        assert [codec.value_of(m) for m in codec.parse(batch.metrics).metrics] == [1.0]


class Unsynchronised(Machine):
    def is_clock_trusted(self) -> bool | None:
        return False


def test_who_knows_the_time(tmp_path: Path) -> None:
    young = BootClock(Unsynchronised(), tmp_path, lambda: 20.0)
    assert not young()
    assert BootClock(Unsynchronised(), tmp_path, lambda: HOLD_S + 1)()
    (tmp_path / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert BootClock(Unsynchronised(), tmp_path, lambda: 20.0)()


def test_a_clock_that_was_in_the_future_is_followed_back_once_it_is_trusted() -> None:
    pi = Pi(newest=TRUE + timedelta(days=900))
    pi.is_known = True
    pi.clock.step((TRUE - pi.clock.utc()).total_seconds())
    assert pi.dated(pi.read()) == (TRUE, Quality.GOOD)
