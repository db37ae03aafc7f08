"""Numbers and addresses are kept in one form each."""

import pytest

from hub.kit.records.contact import email_problem, phone_problem, plain_email, plain_phone


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("138 0013 8000", "13800138000"),
        ("+86-138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(021) 5555-1234 转 801", "02155551234x801"),
        ("021-55551234 ext. 801", "02155551234x801"),
        ("+44 20 7946 0018", "+442079460018"),
        ("400-820-1234", "4008201234"),
        ("+86 21 5555 1234", "+862155551234"),
    ],
)
def test_a_number_has_one_form(typed: str, plain: str) -> None:
    assert plain_phone(typed) == plain
    assert plain_phone(plain) == plain
    assert phone_problem(plain) is None


@pytest.mark.parametrize("typed", ["", "12", "phone", "+", "13800138000x", "1" * 16, "138+0013"])
def test_what_is_no_number(typed: str) -> None:
    assert phone_problem(plain_phone(typed)) is not None


def test_an_address_is_in_small_letters() -> None:
    assert plain_email(" Ａnn@Example.com\n") == "ann@example.com"


@pytest.mark.parametrize("typed", ["ann", "ann@", "@example.com", "ann@example", "a b@c.de"])
def test_what_is_no_address(typed: str) -> None:
    assert email_problem(typed) is not None


@pytest.mark.parametrize("typed", ["ann@example.com", "a.b+c@mail.example.co"])
def test_what_is_an_address(typed: str) -> None:
    assert email_problem(typed) is None
