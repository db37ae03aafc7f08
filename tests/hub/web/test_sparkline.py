"""Sparklines keep gaps open and the limit in sight."""

import math

from hub.web.sparkline import spark

GAP = math.nan


def test_a_gap_breaks_the_line() -> None:
    """TSD-11: no data is never drawn as a value."""
    line = spark([1.0, 2.0, GAP, 2.0, 1.0])
    assert line is not None
    assert line.path.count("M") == 2
    assert line.path.count("L") == 2


def test_the_limit_is_inside_the_field_even_when_far_from_the_values() -> None:
    line = spark([-20.0, -19.0], limit=-15.0)
    assert line is not None
    assert line.limit_y == 2.0
    assert line.path == "M0 30L120 24.4"


def test_a_flat_line_and_a_single_value_are_drawn() -> None:
    flat, single = spark([4.0, 4.0]), spark([4.0])
    assert flat is not None
    assert single is not None
    assert flat.path == "M0 30L120 30"
    assert flat.limit_y is None
    assert single.path == "M0 30"


def test_nothing_known_is_no_line() -> None:
    assert spark([]) is None
    assert spark([GAP, GAP], 4.0) is None
