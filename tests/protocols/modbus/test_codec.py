"""EDG-03: every type in every order, decoded and encoded by the same profile."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.errors import FrameError
from protocols.modbus.codec import Block, decode, decode_register, encode, plan_blocks
from protocols.modbus.profile import DataType, Profile, Register, Table

ORDERS = get_args(Register.model_fields["word_order"].annotation)
RANGES = {
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.UINT16: (0, 2**16 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
    DataType.UINT32: (0, 2**32 - 1),
    DataType.INT64: (-(2**53), 2**53),
    DataType.UINT64: (0, 2**53),
}


def register(address: int, **changes: object) -> Register:
    return Register.model_validate(
        {"metric": f"m{address}", "table": Table.HOLDING_REGISTER, "address": address, **changes}
    )


def words_of(own: Register, value: float | None) -> list[int]:
    memory = encode([own], {own.metric: value})[own.table]
    return [memory[own.address + at] for at in range(own.type.words)]


def test_adjacent_registers_share_a_request_and_gaps_do_not() -> None:
    registers = [register(5), register(0), register(1, type=DataType.FLOAT32), register(3)]
    assert [(b.address, b.count) for b in plan_blocks(registers)] == [(0, 4), (5, 1)]


def test_small_gaps_are_read_along_where_the_profile_allows() -> None:
    blocks = plan_blocks([register(0), register(3), register(9)], max_gap=2)
    assert [(b.address, b.count) for b in blocks] == [(0, 4), (9, 1)]


def test_two_metrics_may_share_a_word() -> None:
    bits = [register(4, type="bit", bit=n, metric=f"b{n}") for n in (0, 7)]
    (block,) = plan_blocks(bits)
    assert (block.address, block.count) == (4, 1)
    assert decode(block, [0x80]) == {"b0": 0.0, "b7": 1.0}


def test_a_request_never_exceeds_what_the_device_takes() -> None:
    words = plan_blocks([register(n) for n in range(7)], max_words=3)
    assert [b.count for b in words] == [3, 3, 1]
    bits = [register(n, table=Table.COIL, type="bool") for n in range(5)]
    assert [b.count for b in plan_blocks(bits, max_words=1, max_bits=4)] == [4, 1]


def test_what_is_read_seldom_is_asked_apart() -> None:
    blocks = plan_blocks([register(0), register(1, period_s=60), register(2)])
    assert [(b.address, b.count, b.period_s) for b in blocks] == [
        (0, 1, 0),
        (2, 1, 0),
        (1, 1, 60),
    ]


def test_a_refused_block_falls_apart_into_its_registers() -> None:
    (block,) = plan_blocks([register(0), register(1, type="float32")])
    assert [(b.address, b.count) for b in block.split()] == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("changes", "words", "value"),
    [
        ({"scale": 0.1}, [0xFF4C], -18.0),
        ({"scale": 0.1}, [33], 3.3),
        ({"type": "float32"}, [0xC190, 0x0000], -18.0),
        ({"type": "float32", "word_order": "little"}, [0x0000, 0xC190], -18.0),
        ({"type": "float32", "byte_order": "little"}, [0x90C1, 0x0000], -18.0),
        ({"type": "float32", "byte_order": "little", "word_order": "little"}, [0, 0x90C1], -18.0),
        ({"type": "uint32", "word_order": "little"}, [1, 2], 131073.0),
        ({"type": "uint16", "scale": 0.5, "offset": -40}, [100], 10.0),
        ({"type": "int16", "byte_order": "little"}, [0xFEFF], -2.0),
        ({"invalid": [-32768]}, [0x8000], None),
        ({"type": "float32"}, [0x7FC0, 0], None),
        ({"type": "float32"}, [0x7F80, 0], None),
    ],
)
def test_decode(changes: dict[str, object], words: list[int], value: float | None) -> None:
    (block,) = plan_blocks([register(0, **changes)])
    assert decode(block, words)["m0"] == value


@pytest.mark.parametrize("word_order", ORDERS)
@pytest.mark.parametrize("byte_order", ORDERS)
@pytest.mark.parametrize("kind", RANGES)
@given(data=st.data())
def test_whole_numbers_come_back(
    kind: DataType, byte_order: str, word_order: str, data: st.DataObject
) -> None:
    own = register(10, type=kind, byte_order=byte_order, word_order=word_order)
    value = data.draw(st.integers(*RANGES[kind]))
    assert decode_register(own, words_of(own, float(value))) == value


@pytest.mark.parametrize("word_order", ORDERS)
@pytest.mark.parametrize("byte_order", ORDERS)
@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_come_back(byte_order: str, word_order: str, value: float) -> None:
    for kind in (DataType.FLOAT32, DataType.FLOAT64):
        own = register(10, type=kind, byte_order=byte_order, word_order=word_order)
        assert decode_register(own, words_of(own, value)) == value


@given(raw=st.integers(-32767, 32767), scale=st.sampled_from([0.1, 0.01, 0.001, 0.5, 2.0, 10.0]))
def test_scaled_values_come_back(raw: int, scale: float) -> None:
    own = register(0, scale=scale, offset=-7.5)
    value = decode_register(own, [raw & 0xFFFF])
    assert value is not None
    assert math.isclose(value, raw * scale - 7.5, abs_tol=1e-9)
    assert words_of(own, value) == [raw & 0xFFFF]


def test_bits_of_one_word_are_written_together() -> None:
    bits = [register(4, type="bit", bit=n, metric=f"b{n}") for n in (0, 7)]
    assert encode(bits, {"b0": 1.0, "b7": 1.0}) == {Table.HOLDING_REGISTER: {4: 0x81}}
    assert encode(bits, {"b0": 1.0, "b7": 0.0}) == {Table.HOLDING_REGISTER: {4: 0x01}}


def test_no_value_is_written_as_the_device_says_it() -> None:
    assert words_of(register(0, invalid=[-32768]), None) == [0x8000]
    assert decode_register(register(0, type="float32"), [0x7FC0, 0]) is None
    with pytest.raises(ValueError, match="m0 has no number for 'no value'"):
        words_of(register(0), None)


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"m0 4000.0 does not fit int16"):
        words_of(register(0, scale=0.1), 4000.0)


def test_a_short_answer_is_a_frame_error() -> None:
    with pytest.raises(FrameError, match="asked 2 words from 0, got 1"):
        decode(Block(Table.COIL, 0, 2), [1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "coil"}, "does not fit table coil"),
        ({"type": "bool"}, "does not fit table holding_register"),
        ({"type": "bit"}, "'bit' belongs to type 'bit'"),
        ({"bit": 3}, "'bit' belongs to type 'bit'"),
        ({"address": 65535, "type": "int32"}, "leaves no room"),
        ({"scale": 0}, "greater than 0"),
        ({"scael": 0.1}, "Extra inputs are not permitted"),
    ],
)
def test_a_register_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Register.model_validate(
            {"metric": "m", "table": "holding_register", "address": 1} | changes
        )


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["air_temprature_c"], "did you mean 'air_temperature_c'"),
        (["power_w", "power_w"], "stated twice"),
        ([], "at least 1"),
    ],
)
def test_a_profile_speaks_the_vocabulary(metrics: list[str], message: str) -> None:
    rows = [{"metric": m, "table": "input_register", "address": 0} for m in metrics]
    with pytest.raises(ValidationError, match=message):
        Profile.model_validate(
            {
                "vendor": "V",
                "model": "M",
                "source": "manual 1, page 2",
                "confidence": "untested",
                "registers": rows,
            }
        )
