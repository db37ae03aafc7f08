"""EDG-03: every profile that we ship loads, fits its plan, and comes back from its own words."""

import pytest

from protocols.metrics import METRICS, Kind
from protocols.modbus.codec import decode, encode, plan
from protocols.modbus.profile import DataType, load_profile, profile_names

BITS = (DataType.BOOL, DataType.BIT)


@pytest.mark.parametrize("name", profile_names())
def test_every_metric_is_read_once_within_the_limits(name: str) -> None:
    profile = load_profile(name)
    blocks = plan(profile)
    read = [register.metric for block in blocks for register in block.registers]
    assert sorted(read) == sorted(profile.metrics)
    for block in blocks:
        limit = profile.max_bits if block.table.is_bits else profile.max_words
        assert block.count <= limit


@pytest.mark.parametrize("name", profile_names())
def test_states_are_whole_and_bits_are_states(name: str) -> None:
    for register in load_profile(name).registers:
        kind = METRICS[register.metric].kind
        if register.type in BITS:
            assert kind is Kind.STATE, register.metric
        if kind is Kind.STATE:
            assert (register.scale, register.offset) == (1.0, 0.0), register.metric


@pytest.mark.parametrize("name", profile_names())
def test_what_a_simulated_device_says_is_what_is_read(name: str) -> None:
    profile = load_profile(name)
    values: dict[str, float | None] = {
        r.metric: 1.0 if METRICS[r.metric].kind is Kind.STATE else 12.5 * r.scale * 2
        for r in profile.registers
    }
    memory = encode(profile.registers, values)
    got: dict[str, float | None] = {}
    for block in plan(profile):
        table = memory[block.table]
        words = [table.get(block.address + at, 0) for at in range(block.count)]
        got |= decode(block, words)
    assert got == pytest.approx(values)


def test_the_demo_store_finds_its_profiles() -> None:
    assert {
        "danfoss-ekc-202b",
        "danfoss-ekc-202d",
        "komfovent-c",
        "eastron-sdm630",
        "wirenboard-wb-mcm8",
    } <= set(profile_names())
