"""Scales: what is weighed, what has no weight now, what is no answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import FrameError
from protocols.scales.codec import SCALES, Weight, bare7, even7


@pytest.mark.parametrize(
    ("name", "frame", "weight"),
    [
        ("toledo-8217", b"\x0200.123\r", Weight(0.123, is_stable=True)),
        ("toledo-8217", b"\x02 1.500N\r", Weight(1.5, is_stable=True)),
        ("toledo-8217", b"\x02?A\r", Weight(None, is_stable=False)),
        ("mt-sics", b"S S     12.345 kg\r\n", Weight(12.345, is_stable=True)),
        ("mt-sics", b"S D      -0.250 g\r\n", Weight(-0.00025, is_stable=False)),
        ("mt-sics", b"S +\r\n", Weight(None, is_stable=False)),
        ("cas-pd2", b"ST,GS,+ 1.500kg", Weight(1.5, is_stable=True)),
        ("cas-pd2", b"US,NT,- 0.020 kg\r\n", Weight(-0.02, is_stable=False)),
        ("adam-azextra", b"\r\n 2.5kg", Weight(2.5, is_stable=True)),
        ("adam-azextra", b"500 g", Weight(0.5, is_stable=True)),
    ],
)
def test_a_weight_is_told_in_kilograms(name: str, frame: bytes, weight: Weight) -> None:
    assert SCALES[name].decode(frame) == weight


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("frame", [b"", b"\r", b"ES\r\n", b"\x02abc\r", b"ST,GS,+ kg", b"1.5xy"])
def test_what_is_no_answer_is_never_a_weight(name: str, frame: bytes) -> None:
    with pytest.raises(FrameError, match="no answer"):
        SCALES[name].decode(frame)


@given(st.binary(max_size=40).map(bare7))
def test_seven_bits_and_parity_go_there_and_back(data: bytes) -> None:
    sent = even7(data)
    assert bare7(sent) == data
    assert all(byte.bit_count() % 2 == 0 for byte in sent)
