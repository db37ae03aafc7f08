"""Every rule says what it means, why it happens and what to do, in both languages (ALR-05)."""

import pytest

from hub.alerts.playbook import PLAYBOOK, says
from hub.detection.findings import Rule
from hub.errors import T


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_play_in_both_languages(rule: Rule) -> None:
    play = PLAYBOOK[rule]
    sentences: list[T] = [play.title, play.says, play.cause, *play.measure]
    assert play.measure
    assert all(sentence.zh.strip() and sentence.en.strip() for sentence in sentences)


def test_a_sentence_carries_its_numbers() -> None:
    found = says(Rule.TEMPERATURE_HIGH, {"value": -11.25, "usual": -20.0, "limit": -15.0})
    assert found.en == "Now -11.2 °C, usually -20 °C, limit -15 °C."
    assert "-15 °C" in found.zh


def test_a_number_that_nobody_knows_is_a_dash() -> None:
    assert says(Rule.TRAFFIC_DROP, {"observed": 3.0}).en == "3 entries, usually –."
