"""When feedback is answered: working days from the day it came (UX-06)."""

from datetime import date

import pytest

from hub.archive.feedback.service import working_day_after

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "days", "until"),
    [
        (MONDAY, 1, date(2026, 11, 24)),
        (FRIDAY, 1, MONDAY),
        (SATURDAY, 2, date(2026, 11, 24)),
        (MONDAY, 10, date(2026, 12, 7)),
    ],
)
def test_only_working_days_count(day: date, days: int, until: date) -> None:
    assert working_day_after(day, days) == until
