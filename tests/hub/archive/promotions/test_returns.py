"""SAL-05, MKT-05: whatever comes back in whatever parts, it is exactly what was sold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.archive.promotions.returns import Sold, refund
from hub.errors import ConflictError


def test_a_third_of_three_pieces_takes_its_share_of_each_saving_along() -> None:
    sold = Sold(3000, 3750, {"save": 450, "member": 100})
    first = refund(sold, 1000)
    assert (first.gross_minor, first.savings_minor) == (1250, {"save": 150, "member": 33})
    assert first.net_minor == 1067


def test_the_same_piece_does_not_come_back_twice() -> None:
    with pytest.raises(ConflictError, match="Of this line 1 can come back, not 2"):
        refund(Sold(3000, 3750, {}, returned_milli=2000), 2000)


@given(
    st.integers(1, 10**7),
    st.integers(0, 10**7),
    st.lists(st.integers(1, 5000), min_size=1, max_size=20),
)
def test_all_parts_together_are_the_whole(gross: int, saved: int, parts: list[int]) -> None:
    sold = sum(parts)
    back, returned = [], 0
    for part in parts:
        back.append(refund(Sold(sold, gross, {"one": saved}, returned), part))
        returned += part
    assert sum(one.gross_minor for one in back) == gross
    assert sum(one.savings_minor["one"] for one in back) == saved
