"""What is read out of a form as it was sent."""

import pytest

from hub.archive.equipment.records import Equipment
from hub.kit.records.declare import fields_of
from hub.web.records.forms import Typed, defaults
from hub.web.records.inputs import shown


def changes(**posted: str) -> dict[str, str]:
    return Typed.of({name.replace("was_", "was."): v for name, v in posted.items()}).changes(
        fields_of(Equipment)
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("12,800.5", "1280050"), ("0", "0"), ("0.005", "0"), ("many", "many"), ("", "")],
)
def test_money_is_typed_in_whole_units(typed: str, kept: str) -> None:
    found = changes(cost_minor=typed, was_cost_minor="x")["cost_minor"]
    assert found == kept


def test_money_shows_as_it_was_typed() -> None:
    field = fields_of(Equipment)["cost_minor"]
    assert shown(field, 1_280_050) == "12800.50"
    assert changes(cost_minor="12800.50", was_cost_minor="12800.50") == {}


def test_lines_are_the_same_with_the_browsers_line_ends() -> None:
    assert changes(notes="a\r\nb", was_notes="a\nb") == {}
    assert changes(notes="a\r\nc", was_notes="a\nb") == {"notes": "a\nc"}


def test_fields_that_nobody_declared_are_not_read() -> None:
    assert changes(id="1", chain_id="2", brand="Haier") == {"brand": "Haier"}


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "1.5"])
def test_a_version_that_is_no_number_is_none(version: str) -> None:
    assert Typed.of({"version": version}).version is None


def test_a_new_form_shows_the_defaults() -> None:
    found = defaults(fields_of(Equipment))
    assert (found["status"], found["currency"], found["brand"]) == ("in_use", "CNY", "")
