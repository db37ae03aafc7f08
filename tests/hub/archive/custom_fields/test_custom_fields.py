"""Fields that a chain adds itself hold, find, tell and undo like declared ones (CHN-07, OPS-03)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from hub.archive.custom_fields.fields import Definitions
from hub.archive.custom_fields.records import EXTENDED, CustomField, OfType
from hub.archive.customers.records import Customer
from hub.archive.equipment.records import Equipment
from hub.archive.products.records import Product
from hub.archive.stores.records import Store
from hub.errors import InvalidError
from hub.kit.asker import EveryRight
from hub.kit.exchange.columns import match
from hub.kit.exchange.exporting import columns
from hub.kit.records.apply import Action, Change, VersionConflictError, apply, undo
from hub.kit.records.custom import custom_fields, fields_in, held
from hub.kit.records.facets import facets
from hub.kit.records.history import history
from hub.kit.records.ports import Ports
from hub.kit.records.query import parse, rows
from hub.kit.records.sight import read_of
from tests.hub.chain_under_test import ChainUnderTest, RightsOf

KINDS: dict[str, tuple[dict[str, Any], Any, Any, Any]] = {
    "text": ({}, " 靠窗 ", "靠窗", "靠窗"),
    "long_text": ({}, "a\nb", "a\nb", "a\nb"),
    "whole": ({"unit": "座"}, "42", 42, 42),
    "decimal": ({"unit": "kg"}, 1500, 1500, 1500),
    "money": ({"unit": "CNY"}, 10**12, 10**12, 10**12),
    "choice": ({"choices": ["红", "蓝"], "choices_en": ["red", "blue"]}, "蓝", "蓝", "蓝"),
    "yes_no": ({}, "true", True, True),
    "day": ({}, "2026-02-03", date(2026, 2, 3), "2026-02-03"),
}


@pytest.fixture
def own(chain: ChainUnderTest) -> Iterator[ChainUnderTest]:
    chain.db.ports = Ports(custom=Definitions())
    yield chain
    chain.db.ports = Ports()


def add(chain: ChainUnderTest, of_type: str, code: str, kind: str = "text", **more: Any) -> Any:
    values = {"of_type": of_type, "code": code, "kind": kind, "label_zh": f"字段{code}", **more}
    with chain.write() as session:
        return apply(session, CustomField, Change(values=values)).id


def test_every_type_that_takes_fields_is_offered() -> None:
    assert {one.value for one in OfType} == {model.__tablename__ for model in EXTENDED}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_each_kind_is_kept_found_sorted_told_and_undone(
    own: ChainUnderTest, kind: str
) -> None:
    more, given, value, told = KINDS[kind]
    add(own, "equipment", "mine", kind, in_list=True, **more)
    cabinet = own.stores[0].cabinet
    with own.write() as session:
        made = apply(session, Equipment, Change(cabinet, {"custom": {"mine": given}}))
        assert read_of(made).model_dump()["custom"] == {"mine": told}
    with own.read() as session:
        fields = fields_in(session, Equipment)
        record = session.get_one(Equipment, cabinet)
        assert held(record, fields["x_mine"]) == value
        pairs = [("filter[x_mine]", "true" if value is True else str(told)), ("sort", "-x_mine")]
        if kind == "long_text":
            pairs = [("filter[x_mine][has]", "a")]
        found = rows(session, Equipment, parse(Equipment, pairs, fields)).items
        assert [one.id for one in found] == [cabinet]
        empty = parse(Equipment, [("filter[x_mine][empty]", "true")], fields)
        assert cabinet not in {one.id for one in rows(session, Equipment, empty).items}
        if kind in ("choice", "yes_no"):
            counted = facets(session, Equipment, parse(Equipment, [], fields), fields["x_mine"])
            assert counted == [(value, 1)]
        assert "x_mine" in [one.name for one in columns(session, Equipment)]
        (step, *_) = history(session, Equipment, cabinet)
        assert step.values == {"x_mine": [None, told]}
    with own.write() as session:
        assert undo(session, Equipment, cabinet, step.seq).custom is None


def test_pages_follow_each_other_by_a_field_of_ones_own(own: ChainUnderTest) -> None:
    add(own, "products", "rank", "whole")
    with own.write() as session:
        for number in (2, 11, 1):
            values = {"code": f"P{number}", "name": f"p{number}", "x_rank": number}
            apply(session, Product, Change(values=values))
    seen, cursor = [], ""
    with own.read() as session:
        fields = fields_in(session, Product)
        while True:
            pairs = [("sort", "x_rank"), ("size", "1")] + ([("cursor", cursor)] if cursor else [])
            page = rows(session, Product, parse(Product, pairs, fields))
            seen += [held(one, fields["x_rank"]) for one in page.items]
            if page.next is None:
                break
            cursor = page.next
    assert seen[:3] == [1, 2, 11]
    assert set(seen[3:]) == {None}


def test_a_reference_names_a_record_that_is_there(own: ChainUnderTest) -> None:
    add(own, "equipment", "twin", "reference", target="equipment")
    cabinet, other = own.stores[0].cabinet, own.stores[1].cabinet
    with own.write() as session:
        with pytest.raises(InvalidError) as caught:
            apply(session, Equipment, Change(cabinet, {"x_twin": str(other)}))
        assert caught.value.fields["x_twin"].en == "Belongs to another store."
        made = apply(session, Equipment, Change(cabinet, {"x_twin": str(cabinet)}))
        assert made.custom == {"twin": str(cabinet)}


def test_what_is_wrong_is_said_of_the_field(own: ChainUnderTest) -> None:
    add(own, "equipment", "seats", "whole")
    cabinet = own.stores[0].cabinet
    for values, said in (
        ({"x_seats": "many"}, {"x_seats": "Enter a whole number."}),
        ({"custom": {"chairs": 1}}, {"x_chairs": "There is no field “x_chairs”."}),
    ):
        with own.write() as session, pytest.raises(InvalidError) as caught:
            apply(session, Equipment, Change(cabinet, values))
        assert {name: text.en for name, text in caught.value.fields.items()} == said


def test_a_field_is_asked_for_from_its_day_on_and_never_of_other_changes(
    own: ChainUnderTest,
) -> None:
    add(own, "equipment", "owner", required_from="2026-01-01")
    store, cabinet = own.stores[0].id, own.stores[0].cabinet
    new = {"store_id": str(store), "code": "N", "name": "new", "type": "oven"}
    with own.write() as session:
        with pytest.raises(InvalidError) as caught:
            apply(session, Equipment, Change(values=new))
        assert caught.value.fields.keys() == {"x_owner"}
        assert apply(session, Equipment, Change(cabinet, {"brand": "Acme"})).brand == "Acme"
        apply(session, Equipment, Change(cabinet, {"x_owner": "Li"}))
        with pytest.raises(InvalidError):
            apply(session, Equipment, Change(cabinet, {"x_owner": ""}))


def test_two_people_change_two_fields_and_clash_on_one(own: ChainUnderTest) -> None:
    add(own, "equipment", "a")
    add(own, "equipment", "b")
    cabinet = own.stores[0].cabinet
    with own.write() as session:
        version = session.get_one(Equipment, cabinet).version
        apply(session, Equipment, Change(cabinet, {"x_a": "1"}, version))
        made = apply(session, Equipment, Change(cabinet, {"x_b": "2"}, version))
        assert made.custom == {"a": "1", "b": "2"}
        with pytest.raises(VersionConflictError) as caught:
            apply(session, Equipment, Change(cabinet, {"x_a": "3"}, version))
        assert caught.value.members()["conflicts"] == {"x_a": {"now": "1", "yours": "3"}}


def test_taken_away_it_loses_nothing_and_comes_back(own: ChainUnderTest) -> None:
    field = add(own, "equipment", "seats", "whole")
    cabinet = own.stores[0].cabinet
    with own.write() as session:
        apply(session, Equipment, Change(cabinet, {"x_seats": 4}))
        apply(session, CustomField, Change(field, action=Action.ARCHIVE))
    with own.write() as session:
        assert not custom_fields(session, Equipment)
        apply(session, Equipment, Change(cabinet, {"brand": "Acme"}))
        apply(session, CustomField, Change(field, action=Action.RESTORE))
    with own.read() as session:
        fields = custom_fields(session, Equipment)
        assert held(session.get_one(Equipment, cabinet), fields["x_seats"]) == 4


def test_a_choice_that_is_offered_no_more_stays_where_it_was_made(own: ChainUnderTest) -> None:
    field = add(own, "equipment", "colour", "choice", choices=["红", "蓝"])
    cabinet = own.stores[0].cabinet
    with own.write() as session:
        apply(session, Equipment, Change(cabinet, {"x_colour": "红"}))
        apply(session, CustomField, Change(field, {"choices": ["蓝"]}))
    with own.write() as session:
        same = apply(session, Equipment, Change(cabinet, {"x_colour": "红", "brand": "Acme"}))
        assert (same.custom, same.brand) == ({"colour": "红"}, "Acme")
        with pytest.raises(InvalidError):
            apply(session, Equipment, Change(own.stores[1].cabinet, {"x_colour": "红"}))


def test_personal_texts_are_masked_for_others(own: ChainUnderTest) -> None:
    """SEC-07"""
    add(own, "customers", "diet", is_personal=True)
    with own.write() as session:
        made = apply(session, Customer, Change(values={"name": "Ann", "x_diet": "vegan"}))
        customer = made.id
    few = RightsOf({"customers.read": None, "customers.all": None})
    with own.read(few) as session:
        record = session.get_one(Customer, customer)
        assert read_of(record).model_dump()["custom"] == {"diet": "••••"}
        (step, *_) = history(session, Customer, customer)
        assert step.values["x_diet"] == [None, "••••"]
    with own.read(EveryRight()) as session:
        assert read_of(session.get_one(Customer, customer)).model_dump()["custom"] == {
            "diet": "vegan"
        }


def test_products_have_the_attributes_of_their_category(own: ChainUnderTest) -> None:
    """PRD-02: of the category and of all within it; others have none and are asked for none."""
    add(
        own,
        "products",
        "fat",
        "decimal",
        category_ids=[str(own.category)],
        required_from="2026-01-01",
    )
    values = {"code": "Y", "name": "y", "category_id": str(own.category)}
    with own.write() as session:
        apply(session, Product, Change(values={"code": "X", "name": "x"}))
        with pytest.raises(InvalidError) as caught:
            apply(session, Product, Change(values=values))
        assert caught.value.fields.keys() == {"x_fat"}
        apply(session, Product, Change(values=values | {"x_fat": 3500}))


def test_a_field_of_one_trade_is_no_field_of_another(own: ChainUnderTest) -> None:
    """STO-09"""
    add(own, "products", "dose", business_types=["药店"])
    add(own, "stores", "tables", "whole", business_types=["Restaurant"], required_from="2026-01-01")
    with own.read() as session:
        assert not custom_fields(session, Product)
    with own.write() as session:
        apply(session, Store, Change(values={"code": "S9", "name": "s9"}))
        made = {"code": "S8", "name": "s8", "business_type": "restaurant"}
        with pytest.raises(InvalidError):
            apply(session, Store, Change(values=made))
        apply(session, Store, Change(own.stores[0].id, {"business_type": "pharmacy"}))
    with own.read() as session:
        assert list(custom_fields(session, Product)) == ["x_dose"]


def test_a_definition_that_makes_no_sense_is_refused(own: ChainUnderTest) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "choices": {"kind": "choice"},
        "target": {"kind": "reference"},
        "is_personal": {"is_personal": True},
        "category_ids": {"category_ids": [str(own.category)]},
        "business_types": {"business_types": ["moon base"]},
    }
    for name, values in wrong.items():
        with pytest.raises(InvalidError) as caught:
            add(own, "equipment", "mine", **values)
        assert caught.value.fields.keys() == {name}
    with pytest.raises(InvalidError) as caught:
        add(own, "equipment", "Seats!")
    assert caught.value.fields.keys() == {"code"}
    field = add(own, "equipment", "mine")
    with own.write() as session, pytest.raises(InvalidError) as caught:
        apply(session, CustomField, Change(field, {"kind": "whole"}))
    assert caught.value.fields.keys() == {"kind"}


def test_a_file_names_it_by_either_label(own: ChainUnderTest) -> None:
    add(own, "equipment", "seats", "whole", label_en="Seats")
    with own.read() as session:
        found = match(
            Equipment, ["名称", "字段seats", "seats"], {}, custom_fields(session, Equipment)
        )
    assert found == {0: "name", 1: "x_seats"}
