"""The bars of one day against the usual day."""

from hub.errors import T
from hub.web.formats import Formats
from hub.web.language import Language
from hub.web.pages.day import FIELD_WIDTH, DayFacts, Hour, add, bars_of, day_of, open_hours


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


def test_stores_add_up_and_the_unknown_is_left_out() -> None:
    one = DayFacts((Hour(9, 10.0, 20.0), Hour(10, None, 5.0)), 10.0, 20.0, 3)
    other = DayFacts((Hour(9, 1.0, None),), 1.0, None, None)
    both = add([one, other])
    assert both == DayFacts((Hour(9, 11.0, 20.0), Hour(10, None, 5.0)), 11.0, 20.0, 3)
    assert add([]) is None


def test_the_card_says_figure_usual_and_change() -> None:
    facts = DayFacts((Hour(9, 110.0, 100.0),), 110.0, 100.0)
    fmt = Formats(Language.EN)
    day = day_of(
        facts, T("客流", "Footfall"), fmt.number, fmt, unit=T("人次", "people"), foot=T("", "")
    )
    assert (day.text, day.unit, day.usual_text, fmt.change(day.ratio)) == (
        "110",
        "people",
        "100",
        "+10 %",
    )
    assert day.bars[0].title == "9:00: today 110, usual 100"


def test_without_a_usual_day_there_is_no_change() -> None:
    assert DayFacts((), 5.0, None).ratio is None
    assert DayFacts((), 5.0, 0.0).ratio is None
    assert DayFacts((), None, 5.0).ratio is None
