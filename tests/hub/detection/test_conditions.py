"""Conditions that people write: read, understood over minutes, told in both languages (ALR-03)."""

import numpy as np
import pytest

from hub.detection.conditions import (
    Branch,
    ConditionError,
    Join,
    Leaf,
    Spell,
    holds,
    parse,
    problem,
    spells,
    words,
)

NAN = float("nan")


def test_a_tree_is_read_with_and_before_or() -> None:
    found = parse("air_temperature_c > 8 ~ 1 and not door_open > 0.5 or power_w < -2.5")
    warm = Leaf("air_temperature_c", is_above=True, limit=8, hysteresis=1)
    door = Branch(Join.NOT, (Leaf("door_open", is_above=True, limit=0.5),))
    power = Leaf("power_w", is_above=False, limit=-2.5)
    assert found == Branch(Join.OR, (Branch(Join.AND, (warm, door)), power))
    assert parse("power_w > 1 或 (power_w < 0 且 非 door_open > 0.5)") == parse(
        "power_w > 1 or (power_w < 0 and not door_open > 0.5)"
    )


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("", "没有写完"),
        ("air_temperature_c >", "没有写完"),
        ("air_temperature_c > x", "看不懂"),
        ("warmth > 3", "没有“warmth”这个指标"),
        ("(power_w > 1", "没有写完"),
        ("power_w > 1 power_w > 2", "看不懂"),
        ("power_w = 1", "看不懂"),
        ("not " * 20 + "power_w > 1", "非太多"),
        ("(" * 20 + "power_w > 1" + ")" * 20, "括号太深"),
        (" and ".join(["power_w > 1"] * 13), "最多 12 个"),
    ],
)
def test_what_is_wrong_is_told(text: str, zh: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)
    says = problem(text)
    assert says is not None
    assert zh in says.zh


def test_a_value_must_come_back_by_the_hysteresis() -> None:
    values = {"power_w": np.array([7.0, 9, 7.5, 7.1, 6.9, 7.5, 9, NAN, 9])}
    found = holds(parse("power_w > 8 ~ 1"), values)
    assert found.tolist() == [False, True, True, True, False, False, True, False, True]
    below = holds(parse("power_w < 7 ~ 1"), {"power_w": np.array([6.0, 7.5, 8.1, 7.5])})
    assert below.tolist() == [True, True, False, False]


def test_what_is_not_known_is_neither_above_nor_below() -> None:
    values = {"power_w": np.array([NAN, 1.0, 9.0])}
    assert holds(parse("not power_w > 5"), values).tolist() == [False, True, False]
    assert holds(parse("power_w > 5 or power_w < 5"), values).tolist() == [False, True, True]


def test_a_spell_begins_after_its_hold_and_ends_after_its_keep() -> None:
    on = np.array([0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0], np.bool_)
    assert spells(on, hold=3, keep=2) == [Spell(1, 3, 9)]
    assert spells(on, hold=1, keep=0) == [Spell(1, 1, 4), Spell(5, 5, 7), Spell(10, 10, 11)]
    assert spells(np.ones(5, np.bool_), hold=5, keep=1) == [Spell(0, 4, None)]
    assert spells(np.ones(5, np.bool_), hold=6, keep=1) == []
    assert spells(on[:0], hold=1, keep=1) == []


def test_people_read_it_in_their_language() -> None:
    tree = parse("air_temperature_c > 8 and (door_open > 0.5 or not fan_running < 0.5)")
    assert words(tree, is_chinese=False) == (
        "Air temperature > 8 °C and (Door open or (not not Fan running))"
    )
    assert words(tree, is_chinese=True).startswith("柜内温度 > 8 °C，并且 (")
