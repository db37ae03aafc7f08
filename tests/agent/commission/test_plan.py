"""How gently a bus is searched, and which network may be: pure rules."""

from ipaddress import IPv4Interface

import pytest

from agent.commission.network import RangeError, hosts_of
from agent.commission.plan import LineSetting, PlanError, make_plan, parse_units

SHOP = [IPv4Interface("192.168.8.20/24"), IPv4Interface("10.4.7.9/16")]


def test_the_usual_plan_is_short_and_says_so_before_it_begins() -> None:
    plan = make_plan()
    assert plan.requests == 128
    assert plan.longest_s < 30
    said = plan.sentence("/dev/serial0")
    assert "128" in said.zh
    assert "128 questions" in said.en
    assert "reads only" in said.en


def test_a_thorough_plan_asks_everybody_within_its_limit() -> None:
    plan = make_plan(is_thorough=True)
    assert plan.unit_ids == tuple(range(1, 248))
    assert plan.requests <= 4000
    assert "min" in plan.sentence("x").en


def test_unit_0_is_everybody_at_once_and_never_asked() -> None:
    for text in ("0", "0-5", "1-300", "", "a"):
        with pytest.raises(PlanError):
            parse_units(text)
    assert parse_units("1-3,7,2") == (1, 2, 3, 7)


@pytest.mark.parametrize("text", ["9600-7N1", "fast", "9600 8X1", "100-8N1"])
def test_a_wrong_line_setting_says_what_to_write(text: str) -> None:
    with pytest.raises(PlanError, match="write one such as 9600-8N1"):
        LineSetting.parse(text)


def test_a_line_setting_reads_as_it_is_written() -> None:
    assert str(LineSetting.parse("19200-8e2")) == "19200 8E2"


def test_only_the_stores_own_subnet_is_searched() -> None:
    assert len(hosts_of("192.168.8.0/28", SHOP)) == 14
    for text, why in (
        ("8.8.8.0/24", "not in this store's network"),
        ("10.4.0.0/16", "at most a /24"),
        ("shop", "no address range"),
        ("fe80::/120", "IPv6"),
    ):
        with pytest.raises(RangeError, match=why):
            hosts_of(text, SHOP)


def test_a_large_subnet_is_searched_only_around_us_and_never_ourselves() -> None:
    hosts = hosts_of("own", SHOP)
    assert len(hosts) == 253 + 253
    assert "10.4.7.1" in hosts
    assert "10.4.7.9" not in hosts
