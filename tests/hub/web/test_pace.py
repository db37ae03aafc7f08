"""Requests of one token, and of one address without: so many a minute (INT-15)."""

import pytest

from hub.web.pace import Pace, TooManyError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_the_rest_comes_at_a_steady_pace() -> None:
    clock = Clock()
    pace = Pace(60, clock)
    for _ in range(60):
        pace.take("till")
    with pytest.raises(TooManyError) as refused:
        pace.take("till")
    assert refused.value.headers() == {"Retry-After": "1"}
    pace.take("other")  # is nobody's burden but its own
    clock.now += 2.5
    pace.take("till")
    pace.take("till")
    with pytest.raises(TooManyError):
        pace.take("till")


def test_no_limit_where_none_is_set() -> None:
    pace = Pace(0)
    for _ in range(10_000):
        pace.take("till")
