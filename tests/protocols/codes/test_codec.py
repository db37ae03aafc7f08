"""INT-12: what scanners and readers of tags say, each code once."""

import pytest

from protocols.codes.codec import OnceFilter, clean
from protocols.errors import FrameError


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"6901234567892\r", "6901234567892"),
        (b"]E06901234567892", "6901234567892"),
        (b"\x02E28011606000020\x03", "E28011606000020"),
        (b"]C10106901234567892\x1d10LOT7", "0106901234567892\x1d10LOT7"),
        ("会员0042".encode(), "会员0042"),
    ],
)
def test_a_code_is_freed_of_what_the_reader_adds(line: bytes, code: str) -> None:
    assert clean(line) == code


@pytest.mark.parametrize("line", [b"\xff\xfe\x00", b"]C1", b"a\x07b", b"x" * 600])
def test_noise_is_no_code(line: bytes) -> None:
    with pytest.raises(FrameError, match="no code"):
        clean(line)


def test_a_tag_that_stays_is_told_once_and_one_that_comes_back_again() -> None:
    once = OnceFilter(again_s=2.0)
    sights = [("a", 0.0), ("a", 1.5), ("b", 1.6), ("a", 3.0), ("a", 5.1)]
    assert [once.is_new(code, at_s) for code, at_s in sights] == [True, False, True, False, True]


def test_its_memory_has_a_bound() -> None:
    once = OnceFilter(again_s=60.0, most=2)
    assert [once.is_new(code, 0.0) for code in "abca"] == [True, True, True, True]
