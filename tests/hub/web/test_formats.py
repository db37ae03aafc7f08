"""Numbers, money, durations and times in each language."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.web.formats import MINUS, NO_VALUE, Formats
from hub.web.language import Language

ZH, EN, HANT = (Formats(language) for language in Language)
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 11, 23, 6, 5, 9, tzinfo=UTC)


def test_numbers_have_thousands_and_a_true_minus_sign() -> None:
    assert EN.number(12345.678, 1) == "12,345.7"
    assert EN.number(-19.84, 1) == f"{MINUS}19.8"
    assert EN.number(-0.04, 1) == "0.0"
    assert EN.number(float("nan")) == EN.number(None) == NO_VALUE


def test_no_value_is_never_written_as_zero() -> None:
    """TSD-11."""
    assert ZH.money(None) == ZH.change(None) == ZH.percent(None) == NO_VALUE
    assert ZH.metric("air_temperature_c", None) == NO_VALUE


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.123, "+12 %"), (-0.04, f"{MINUS}4 %"), (0.001, "0 %"), (-0.001, "0 %")]
)
def test_changes_bear_their_sign(ratio: float, text: str) -> None:
    assert EN.change(ratio) == text


def test_money_is_minor_units_of_its_currency() -> None:
    assert ZH.money(1_248_050) == "¥12,480"
    assert ZH.money(1_248_050, digits=2) == "¥12,480.50"
    assert EN.money(500, "THB") == "THB 5"


def test_metrics_have_the_digits_of_their_unit_and_states_their_words() -> None:
    assert EN.metric("air_temperature_c", -12.44) == f"{MINUS}12.4"
    assert EN.metric("power_w", 6423.4) == "6,423"
    assert EN.metric("power_factor", 0.934) == "0.93"
    assert (ZH.metric("door_open", 1.0), EN.metric("door_open", 0.0)) == ("打开", "closed")
    assert HANT.metric("compressor_running", 1.0) == "運行"
    assert ZH.label("air_temperature_c") == "柜内温度"
    assert EN.label("made_up") == "made_up"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (59.9, "59 秒", "59 s"),
        (4740, "1 小时 19 分钟", "1 h 19 min"),
        (3600, "1 小时", "1 h"),
        (90_000, "1 天 1 小时", "1 d 1 h"),
        (86_460, "1 天", "1 d"),
        (2053, "34 分钟", "34 min"),
    ],
)
def test_durations_show_their_two_largest_units(seconds: float, zh: str, en: str) -> None:
    assert (ZH.lasting(seconds), EN.lasting(seconds)) == (zh, en)


@pytest.mark.parametrize(("seconds", "en"), [(-3, "0 s"), (61, "1 min"), (7300, "2 h")])
def test_ages_show_one_unit(seconds: float, en: str) -> None:
    assert EN.age(seconds) == en


def test_times_are_those_of_the_store() -> None:
    assert ZH.moment(AT, SHANGHAI) == "11月23日 14:05"
    assert EN.moment(AT, SHANGHAI) == "23 Nov 14:05"
    assert EN.clock_s(AT, SHANGHAI) == "14:05:09"
    assert (ZH.weekday(0), EN.weekday(6)) == ("周一", "Sun")
