from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidError
from hub.timeseries.edges import MAX_BUCKETS, Unit, Width, edges, from_ms, to_ms

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
KOLKATA = ZoneInfo("Asia/Kolkata")
HOUR_MS = 3_600_000


def local(zone: ZoneInfo, *numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=zone)  # type: ignore[arg-type, misc]  # year, month, day …


def shown(start: datetime, end: datetime, width: str, day_start: time = time.min) -> list[str]:
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    found = edges(start, end, Width.parse(width), zone, day_start)
    return [f"{from_ms(t).astimezone(zone):%m-%d %H:%M}" for t in found.tolist()]


def hours(start: datetime, end: datetime, width: str) -> list[float]:
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    lengths: list[float] = (np.diff(edges(start, end, Width.parse(width), zone)) / HOUR_MS).tolist()
    return lengths


def test_a_day_is_the_stores_not_utcs() -> None:
    """TSD-01: a day in Shanghai begins at 16:00 UTC."""
    found = edges(
        datetime(2026, 3, 9, 17, tzinfo=UTC),
        datetime(2026, 3, 10, 17, tzinfo=UTC),
        Width.parse("1d"),
        SHANGHAI,
    )
    assert [from_ms(t).hour for t in found.tolist()] == [16, 16, 16]


def test_days_last_23_and_25_hours_when_clocks_change() -> None:
    """R6: both changes of summer time."""
    assert hours(local(BERLIN, 2026, 3, 28), local(BERLIN, 2026, 3, 31), "1d") == [24, 23, 24]
    assert hours(local(BERLIN, 2026, 10, 24), local(BERLIN, 2026, 10, 27), "1d") == [24, 25, 24]


@pytest.mark.parametrize(("month", "day", "n"), [(3, 29, 23), (10, 25, 25), (6, 1, 24)])
def test_a_day_has_as_many_full_hours_as_it_lasts(month: int, day: int, n: int) -> None:
    start = local(BERLIN, 2026, month, day)
    assert hours(start, local(BERLIN, 2026, month, day + 1), "1h") == [1.0] * n


def test_wide_buckets_begin_anew_with_each_day() -> None:
    spring = hours(local(BERLIN, 2026, 3, 29), local(BERLIN, 2026, 3, 30), "6h")
    assert spring == [6, 6, 6, 5]


def test_a_day_may_begin_in_the_morning() -> None:
    found = shown(local(BERLIN, 2026, 3, 29, 3), local(BERLIN, 2026, 3, 30, 5), "1d", time(5))
    assert found == ["03-28 05:00", "03-29 05:00", "03-30 05:00"]


def test_hours_are_full_hours_on_the_wall_of_a_half_hour_zone() -> None:
    found = shown(local(KOLKATA, 2026, 3, 9, 23, 10), local(KOLKATA, 2026, 3, 10, 1), "1h")
    assert found == ["03-09 23:00", "03-10 00:00", "03-10 01:00"]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    start, end = local(SHANGHAI, 2026, 3, 4), local(SHANGHAI, 2026, 3, 17)
    assert shown(start, end, "1w") == ["03-02 00:00", "03-09 00:00", "03-16 00:00", "03-23 00:00"]
    assert shown(start, end, "1mo") == ["03-01 00:00", "04-01 00:00"]
    assert shown(start, end, "3mo") == ["01-01 00:00", "04-01 00:00"]
    assert shown(start, end, "1y") == ["01-01 00:00", "01-01 00:00"]


def test_a_midnight_that_does_not_exist_makes_no_hole() -> None:
    """Cairo's clocks jumped from 00:00 to 01:00 on 2024-04-26."""
    cairo = ZoneInfo("Africa/Cairo")
    found = hours(local(cairo, 2024, 4, 25), local(cairo, 2024, 4, 28), "1d")
    assert found == [24, 23, 24]


@pytest.mark.parametrize("text", ["", "0m", "m", "1", "1M", "25h", "1441m", "-1h", "1.5h", "١m"])
def test_a_width_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="no bucket width"):
        Width.parse(text)


def test_too_many_buckets_are_refused_before_they_are_made() -> None:
    start = local(SHANGHAI, 2000, 1, 1)
    for width in ("1s", "1m"):
        with pytest.raises(InvalidError, match=f"more than {MAX_BUCKETS}"):
            edges(start, start + timedelta(days=9000), Width.parse(width), SHANGHAI)


def test_an_empty_time_is_refused() -> None:
    start = local(SHANGHAI, 2026, 1, 1)
    with pytest.raises(InvalidError, match="before the end"):
        edges(start, start, Width.parse("1d"), SHANGHAI)


ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]


@given(
    begin=st.integers(1_420_000_000, 1_900_000_000).map(lambda s: from_ms(1000 * s)),
    minutes=st.integers(1, 60 * 24 * 40),
    width=st.sampled_from(["15m", "1h", "5h", "24h", "1d", "2d", "1w", "1mo", "3mo"]),
    zone=st.sampled_from(ZONES),
    day_start=st.times(max_value=time(6)),
)
def test_edges_increase_and_enclose_what_was_asked(
    begin: datetime, minutes: int, width: str, zone: str, day_start: time
) -> None:
    end = begin + timedelta(minutes=minutes)
    found = edges(begin, end, Width.parse(width), ZoneInfo(zone), day_start.replace(microsecond=0))
    assert found[0] <= to_ms(begin) < found[1]
    assert found[-2] < to_ms(end) <= found[-1]
    assert (np.diff(found) > 0).all()
    for a, b in pairwise(found.tolist()):
        if Width.parse(width).unit is Unit.HOUR:
            assert b - a <= Width.parse(width).fixed_ms


def test_instants_keep_their_milliseconds() -> None:
    instant = datetime(2026, 3, 10, 12, 0, 0, 123_000, tzinfo=UTC)
    assert from_ms(to_ms(instant)) == instant
    assert date(1970, 1, 1) == from_ms(0).date()
