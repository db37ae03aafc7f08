"""EDG-03: every profile that we ship loads, fits its plan, and comes back from its own words."""

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from protocols.metrics import METRICS, Kind
from protocols.modbus.codec import Memory, decode, encode, plan
from protocols.modbus.profile import (
    Category,
    DataType,
    Probe,
    Profile,
    Register,
    Table,
    load_profile,
    profile_names,
)

BITS = (DataType.BOOL, DataType.BIT)
FLOATS = (DataType.FLOAT32, DataType.FLOAT64)
EXACT = 1 << 52  # whole numbers beyond it are not all floats


@pytest.fixture(params=profile_names())
def profile(request: pytest.FixtureRequest) -> Profile:
    return load_profile(request.param)


def read_back(profile: Profile, memory: Memory) -> dict[str, float | None]:
    got: dict[str, float | None] = {}
    for block in plan(profile):
        table = memory.get(block.table, {})
        got |= decode(block, [table.get(block.address + at, 0) for at in range(block.count)])
    return got


def raws(register: Register) -> Iterator[float]:
    """Numbers that the type can hold, its ends among them, but those that mean "no value"."""
    if register.type in BITS:
        yield from (0, 1)
    elif register.type in FLOATS:
        yield from (0.0, -0.5, 12.5, 230.25, 65536.0)
    else:
        is_signed = not register.type.value.startswith("u")
        bits = int(register.type.value.removeprefix("u")[3:])
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
        for raw in (max(low, -EXACT), low // 3, 0, 1, 258, high // 3, min(high, EXACT)):
            if raw not in register.invalid and abs(raw) <= EXACT:
                yield raw


def test_every_metric_is_read_once_within_the_limits(profile: Profile) -> None:
    blocks = plan(profile)
    read = [register.metric for block in blocks for register in block.registers]
    assert sorted(read) == sorted(profile.metrics)
    for block in blocks:
        limit = profile.max_bits if block.table.is_bits else profile.max_words
        assert block.count <= limit


def test_states_are_whole_and_bits_are_states(profile: Profile) -> None:
    for register in profile.registers:
        kind = METRICS[register.metric].kind
        assert kind not in (Kind.EVENT, Kind.DOCUMENT), register.metric
        if register.type in BITS:
            assert kind is Kind.STATE, register.metric
        if kind is Kind.STATE:
            assert (register.scale, register.offset) == (1.0, 0.0), register.metric
        assert kind is Kind.STATE or not register.codes, register.metric


def test_registers_share_words_only_as_different_bits(profile: Profile) -> None:
    owners: dict[tuple[Table, int], list[Register]] = {}
    for register in profile.registers:
        for at in range(register.type.words):
            owners.setdefault((register.table, register.address + at), []).append(register)
    for registers in owners.values():
        if len(registers) > 1:
            bits = [register.bit for register in registers]
            assert None not in bits, [register.metric for register in registers]
            assert len(set(bits)) == len(bits), [register.metric for register in registers]


def test_every_point_comes_back_over_its_whole_range(profile: Profile) -> None:
    for register in profile.registers:
        for raw in raws(register):
            value = raw * register.scale + register.offset
            memory = encode([register], {register.metric: value})
            got = read_back(profile.model_copy(update={"registers": (register,)}), memory)
            assert got == {register.metric: pytest.approx(value, rel=1e-6)}, raw


def test_a_whole_device_at_once_mixes_nothing_up(profile: Profile) -> None:
    values: dict[str, float | None] = {}
    for at, register in enumerate(profile.registers):
        raw = at % 2 if register.type in BITS else float(at + 1)
        values[register.metric] = raw * register.scale + register.offset
    assert read_back(profile, encode(profile.registers, values)) == pytest.approx(values, rel=1e-6)


def test_no_value_is_read_as_no_value(profile: Profile) -> None:
    for register in profile.registers:
        for raw in register.invalid:
            value = raw * register.scale + register.offset
            memory = encode([register], {register.metric: value if abs(raw) < EXACT else None})
            got = read_back(profile.model_copy(update={"registers": (register,)}), memory)
            assert got == {register.metric: None}, raw


def test_it_says_what_it_is_and_where_it_is_from(profile: Profile) -> None:
    assert profile.category is not Category.OTHER
    assert bool(profile.notes) == bool(profile.notes_zh)
    for register in profile.registers:
        assert len({code.en for code in register.codes}) == len(register.codes)


def test_no_two_profiles_are_of_the_same_model() -> None:
    models = [(p.vendor, p.model) for p in map(load_profile, profile_names())]
    assert len(set(models)) == len(models)


def test_a_probe_that_knows_its_number_names_one_profile() -> None:
    known: dict[tuple[Table, int, int], list[str]] = {}
    for name in profile_names():
        probe = load_profile(name).probe
        for number in probe.equals if probe else ():
            assert probe is not None
            known.setdefault((probe.table, probe.address, number), []).append(name)
    assert known
    assert [names for names in known.values() if len(names) > 1] == []


def test_codes_and_probes_are_checked() -> None:
    word = {"value": 1, "zh": "制冷", "en": "Cool"}
    with pytest.raises(ValidationError, match="stated twice"):
        Register.model_validate(
            {
                "metric": "hvac_mode",
                "table": "holding_register",
                "address": 0,
                "codes": [word, word],
            }
        )
    with pytest.raises(ValidationError):
        Probe.model_validate({"table": "coil", "address": 0, "tells": "order number"})


def test_the_demo_store_finds_its_profiles() -> None:
    assert {
        "danfoss-ekc-202b",
        "danfoss-ekc-202d",
        "komfovent-c",
        "eastron-sdm630",
        "wirenboard-wb-mcm8",
    } <= set(profile_names())
