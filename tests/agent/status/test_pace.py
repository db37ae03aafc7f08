"""EDG-12: how long the outbox lasts without the hub is told from how fast it fills."""

from agent.outbox_rows import Epoch
from agent.status.pace import Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_hours_left_follow_from_size_and_pace() -> None:
    clock = Clock()
    pace = Pace(1_000_000, clock)
    assert pace.hours_left([Epoch(1, 7, next_id=101)], 10_000) is None
    clock.now = 100.0
    hours = pace.hours_left([Epoch(1, 7, next_id=201)], 20_000)  # 100 bytes a batch, one a second
    assert hours is not None
    assert abs(hours - (1_000_000 - 20_000) / 100 / 3600) < 1e-9


def test_while_nothing_comes_it_is_not_told() -> None:
    clock = Clock()
    pace = Pace(1_000_000, clock)
    assert pace.hours_left([], 0) is None
    pace.hours_left([Epoch(1, 7, next_id=101)], 10_000)
    clock.now = 100.0
    assert pace.hours_left([Epoch(1, 7, next_id=101)], 10_000) is None


def test_its_memory_is_bounded() -> None:
    clock = Clock()
    pace = Pace(1_000_000, clock)
    for second in range(10_000):
        clock.now = float(second)
        pace.hours_left([Epoch(1, 7, next_id=second + 2)], 100 * (second + 1))
    assert len(pace._marks) <= 120
