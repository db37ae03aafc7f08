"""EDG-02, EDG-06: frames come out whole however the bytes are cut up on the line."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.serial.codec import Frame, LineFraming, ReceiptFraming, plain_text

CUT = b"\x1dV\x42\x00"
RASTER = b"\x1dv0\x00\x02\x00\x03\x00" + b"\x1dV\x00\x1b\x1d\x1c"  # six dots that look like a cut
BAR_CODE = b"\x1dk\x49\x04{B\x1dV" + b"\x1dk\x0212345\x00"
RECEIPT = b"\x1b@\x1b!\x08" + "小票".encode("gb18030") + b"\n" + RASTER + BAR_CODE + b"1.00\n" + CUT


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


@given(st.lists(st.integers(0, 500)))
def test_receipts_are_cut_at_the_paper_cut_and_nowhere_else(cuts: list[int]) -> None:
    framing = ReceiptFraming()
    frames = [f for piece in pieces(RECEIPT * 3, cuts) for f in framing.feed(piece)]
    assert frames == [Frame(RECEIPT)] * 3
    assert not framing.is_midway


@pytest.mark.parametrize("cut", [b"\x1dV\x00", b"\x1dV\x01", b"\x1dVA\x10", b"\x1bi", b"\x1bm"])
def test_every_kind_of_cut_ends_a_receipt(cut: bytes) -> None:
    framing = ReceiptFraming()
    frames = framing.feed(b"A\n" + cut + b"B\n" + cut)
    assert [plain_text(frame.data) for frame in frames] == [b"A\n", b"B\n"]


def test_printer_chatter_without_text_is_no_receipt() -> None:
    framing = ReceiptFraming()
    assert framing.feed(b"\x1b@\x10\x04\x01\x1bp\x00\x19\xfa" + CUT) == []
    assert framing.flush() == []


def test_a_receipt_that_never_ends_is_given_up() -> None:
    framing = ReceiptFraming(most_bytes=100)
    (frame,) = framing.feed(b"x" * 101)
    assert not frame.is_whole
    framing.feed(b"half a receipt")
    assert framing.is_midway
    assert framing.flush() == [Frame(b"half a receipt", is_whole=False)]


@given(st.lists(st.integers(0, 60)))
def test_lines_end_with_lf(cuts: list[int]) -> None:
    framing = LineFraming()
    stream = '{"a": 1}\r\n\n{"b": "牛奶"}\n'.encode()
    frames = [f for piece in pieces(stream, cuts) for f in framing.feed(piece)]
    assert [f.data for f in frames] == [b'{"a": 1}', '{"b": "牛奶"}'.encode()]


def test_an_endless_line_is_given_up() -> None:
    framing = LineFraming(most_bytes=10)
    assert framing.feed(b"12345678901") == [Frame(b"12345678901", is_whole=False)]
    framing.feed(b"abc")
    assert framing.is_midway
    assert framing.flush() == [Frame(b"abc", is_whole=False)]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_framing(noise: bytes) -> None:
    """R10: garbage on the line ends in frames or in nothing, and the next receipt is read."""
    framing = ReceiptFraming(most_bytes=400)
    framing.feed(noise)
    framing.flush()
    assert framing.feed(RECEIPT) == [Frame(RECEIPT)]
