"""EDG-10: each device that we know is found by what it answers."""

import asyncio
from collections.abc import Mapping

import pytest

from agent.commission.identify import MOST_REQUESTS, Match, Proof, best, identify
from agent.commission.plausible import typical
from protocols.errors import DeviceRefusedError
from protocols.metrics import METRICS, Kind
from protocols.modbus.codec import Block, Memory, encode
from protocols.modbus.profile import DataType, Profile, Register, Table, load_profile, profile_names

USUAL = {"voltage": 230.0, "frequency": 50.0, "power_factor": 0.9, "humidity": 55.0}


def usual(register: Register) -> float:
    """A value as a shop's device would show it."""
    if register.codes:
        return float(register.codes[0].value)
    metric = register.metric
    if METRICS[metric].kind is Kind.STATE or register.type in (DataType.BIT, DataType.BOOL):
        return 0.0
    for name, value in USUAL.items():
        if metric.startswith(name):
            return value
    low, high = typical(metric)
    return 4.0 if metric.endswith("_c") else min(max(12.0, low), high)


def memory_of(profile: Profile) -> Memory:
    values: Mapping[str, float] = {r.metric: usual(r) for r in profile.registers}
    memory = encode(profile.registers, values)
    if probe := profile.probe:
        number = probe.equals[0] if probe.equals else 77
        table = memory.setdefault(probe.table, {})
        for place in range(probe.words):
            table[probe.address + place] = number >> 16 * (probe.words - 1 - place) & 0xFFFF
    return memory


class Device:
    """A unit with these words; what its map leaves out it refuses, or says nothing."""

    def __init__(self, memory: Memory, max_gap: int = 0) -> None:
        self.memory, self.max_gap, self.asked = memory, max_gap, 0

    async def read(
        self, unit_id: int, span: Block, *, timeout_s: float | None = None, pause_s: float = 0.0
    ) -> list[int]:
        self.asked += 1
        words = self.memory.get(span.table, {})
        missing = 0
        for address in range(span.address, span.address + span.count):
            missing = 0 if address in words else missing + 1
            if missing > self.max_gap:
                raise DeviceRefusedError("illegal data address (2)", 2)
        return [words.get(span.address + place, 0) for place in range(span.count)]


def look_at(profile: Profile) -> tuple[list[Match], Device]:
    device = Device(memory_of(profile), profile.max_gap or 0)
    return asyncio.run(identify(device, 1, is_rtu=profile.transport == "rtu")), device


@pytest.mark.parametrize("name", profile_names())
def test_a_device_is_among_the_first_three_by_its_answers(name: str) -> None:
    matches, device = look_at(load_profile(name))
    assert name in [match.name for match in matches[:3]], [(m.name, m.score) for m in matches]
    assert device.asked <= MOST_REQUESTS


def test_a_known_identity_number_is_proof_and_beats_everything() -> None:
    matches, _ = look_at(load_profile("dixell-xr77u"))
    assert (matches[0].name, matches[0].proof) == ("dixell-xr77u", Proof.IDENTITY)
    assert best(matches) is matches[0]


def test_another_identity_number_is_another_model() -> None:
    profile = load_profile("dixell-xr77u")
    memory = memory_of(profile)
    memory[Table.HOLDING_REGISTER][846] = 58
    matches = asyncio.run(identify(Device(memory), 1, is_rtu=True))
    assert "dixell-xr77u" not in [match.name for match in matches]


def test_values_that_no_shop_has_count_against_a_profile() -> None:
    """Edge 11: in the wrong word order a float is tiny or huge, and the profile is no candidate."""
    profile = load_profile("eastron-sdm630")
    memory = memory_of(profile)
    words = memory[Table.INPUT_REGISTER]
    swapped = {address: words.get(address ^ 1, 0) for address in words}
    matches = asyncio.run(identify(Device({Table.INPUT_REGISTER: swapped}, 34), 1, is_rtu=True))
    assert "eastron-sdm630" not in [match.name for match in matches]


def test_what_is_like_no_device_gives_no_candidate() -> None:
    device = Device({Table.HOLDING_REGISTER: dict.fromkeys(range(60_000, 60_010), 0x8000)})
    assert asyncio.run(identify(device, 1, is_rtu=True)) == []
    assert best([]) is None
