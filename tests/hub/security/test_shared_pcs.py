"""What a PIN may be: six digits that nobody guesses first."""

import pytest

from hub.errors import InvalidError
from hub.security.shared_pcs import demand_pin

WEAK = [
    "123456",
    "654321",
    "000000",
    "123123",
    "121212",
    "520131",
    "12345",
    "1234567",
    "12a456",
    "",
]


@pytest.mark.parametrize("pin", [*WEAK, "１２３４８６"])
def test_what_is_guessed_first_is_no_pin(pin: str) -> None:
    with pytest.raises(InvalidError):
        demand_pin(pin)


@pytest.mark.parametrize("pin", ["482913", "907254"])
def test_others_are(pin: str) -> None:
    demand_pin(pin)
