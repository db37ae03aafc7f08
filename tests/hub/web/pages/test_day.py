"""The bars of one day against the usual day."""

from hub.web.pages.day import FIELD_WIDTH, Hour, bars_of, open_hours


def test_bars_are_scaled_to_the_highest_of_both_days() -> None:
    step, bars = bars_of([Hour(9, 50.0, 100.0), Hour(10, None, 25.0)], ["9", "10"])
    assert step == FIELD_WIDTH / 2
    assert [(one.today_h, one.usual_h) for one in bars] == [(35.0, 70.0), (0.0, 17.5)]
    assert [one.label for one in bars] == ["9", ""]


def test_quiet_hours_at_both_ends_are_left_out() -> None:
    hours = [Hour(hour, None, 5.0 if 8 <= hour < 22 else 0.0) for hour in range(24)]
    assert [one.hour for one in open_hours(hours)] == list(range(8, 22))
    assert list(open_hours([Hour(3, None, None)])) == []


def test_a_day_without_anything_has_no_bars_that_stand() -> None:
    assert bars_of([], []) == (0.0, ())
    _, bars = bars_of([Hour(9, 0.0, None)], ["9"])
    assert (bars[0].today_h, bars[0].usual_h) == (0.0, 0.0)
