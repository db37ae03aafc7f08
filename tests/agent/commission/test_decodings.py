"""EDG-15 and edge 11: the word order is chosen by sight, not by guessing."""

import struct
import tomllib

import pytest

from agent.commission.decodings import decodings, register_toml
from agent.commission.plausible import is_plausible, typical
from protocols.modbus.profile import DataType, Register, Table

INPUT = Table.INPUT_REGISTER


def words_of(value: float, order: str) -> list[int]:
    a, b, c, d = struct.pack(">f", value)
    by_letter = {"A": a, "B": b, "C": c, "D": d}
    data = bytes(by_letter[letter] for letter in order)
    return list(struct.unpack(">2H", data))


@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
def test_the_right_order_of_a_float_comes_first(order: str) -> None:
    first = decodings(words_of(231.4, order), "voltage_l1_v", INPUT, 0)[0]
    assert (first.order, first.register.type) == (order, DataType.FLOAT32)
    assert first.value == pytest.approx(231.4, rel=1e-6)
    assert first.is_plausible
    assert first.key == "1"


def test_one_word_is_shown_with_its_scales_and_both_byte_orders() -> None:
    found = decodings([0x0029], "air_temperature_c", INPUT, 2)
    assert 4.1 in [round(d.value, 3) for d in found]
    assert {d.order for d in found} == {"AB", "BA"}
    assert len({d.value for d in found}) == len(found)


def test_a_key_belongs_to_one_choice_only() -> None:
    found = decodings([0x1234, 0x5678, 0x9ABC, 0xDEF0], "energy_kwh", INPUT, 2)
    assert len({d.key for d in found}) == len(found)


def test_a_choice_is_a_register_that_the_profile_reads() -> None:
    found = decodings(words_of(50.0, "DCBA"), "frequency_hz", INPUT, 70)[0]
    (table,) = tomllib.loads(register_toml(found.register))["registers"]
    assert Register.model_validate(table) == found.register


def test_three_words_make_no_number() -> None:
    with pytest.raises(ValueError, match="3 words"):
        decodings([1, 2, 3], "power_w", INPUT, 0)


def test_what_is_plausible_is_narrower_than_what_is_possible() -> None:
    assert is_plausible("air_temperature_c", -22.5)
    assert not is_plausible("air_temperature_c", 1e-12)
    assert not is_plausible("voltage_l1_v", 3.1)
    assert is_plausible("voltage_l1_v", 0.0)
    assert typical("frequency_hz") == (45, 65)
