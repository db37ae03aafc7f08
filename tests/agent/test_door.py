"""Staff are left out, a counter's known error is made good, and nobody is lost to rounding."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.door import Door, DoorRules, staff_hours
from protocols.reading import Reading

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 9, 12, tzinfo=SHANGHAI).astimezone(UTC)


def people(count: float, at: datetime = NOON, metric: str = "in_count") -> Reading:
    return Reading("door-1", metric, count, at)


def test_a_factor_loses_nobody_to_rounding() -> None:
    door = Door(DoorRules(SHANGHAI, factor=1.1))
    got = [door.corrected([people(1.0)])[0].value for _ in range(100)]
    assert sum(float(value or 0) for value in got) == 110
    assert set(got) == {1.0, 2.0}


def test_who_passes_in_staff_hours_works_here() -> None:
    door = Door(DoorRules(SHANGHAI, staff_hours=staff_hours(["22:00-08:30"])))
    for hours, metric in ((0, "in_count"), (-3.5, "in_count"), (-3.6, "staff_in_count")):
        (got,) = door.corrected([people(2.0, NOON + timedelta(hours=hours))])
        assert (got.metric, got.value) == (metric, 2.0)
    (late,) = door.corrected([people(1.0, NOON + timedelta(hours=10), "out_count")])
    assert late.metric == "staff_out_count"


def test_totals_and_other_metrics_stay_as_they_are() -> None:
    door = Door(DoorRules(SHANGHAI, factor=2.0))
    totals = [people(10.0, metric="in_total"), people(1.0, metric="occupancy_count")]
    assert door.corrected(totals) == totals


@pytest.mark.parametrize("text", ["8-9", "08:00", "25:00-26:00", "a:b-c:d"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no span of the day"):
        staff_hours([text])
