"""Every record type of the archive is declared well; the suite grows with the list."""

import pytest

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.stores.records import Store
from hub.errors import InvalidError
from hub.kit.db import Record
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import fields_of, shown, title_of
from hub.kit.records.describe import describe
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.models import model_of
from hub.kit.records.query import parse
from hub.security.roles import SEEDS
from tests.hub.chain_under_test import ChainUnderTest

CALENDARS = ("on_call_shifts",)  # found by who and when; nobody names them
EVERY = pytest.mark.parametrize("model", RECORD_TYPES, ids=lambda m: m.__tablename__)


@EVERY
def test_labels_are_in_both_languages(model: type[Record]) -> None:
    declared = model.__record__
    labels = [declared.label, declared.one, declared.start]
    for field in fields_of(model).values():
        labels.append(field.label)
        labels += [choice.label for choice in field.spec.choices or ()]
        assert bool(field.spec.hint.zh) == bool(field.spec.hint.en)
    assert all(label.zh.strip() and label.en.strip() for label in labels)


@EVERY
def test_a_type_can_be_listed_found_and_named(model: type[Record]) -> None:
    assert shown(model, Show.LIST)
    if model.__tablename__ not in CALENDARS:
        assert shown(model, Show.SEARCH)
        assert len(shown(model, Show.TITLE)) == 1
        assert shown(model, Show.TITLE)[0].has(Show.LIST)
    assert parse(model, [("sort", model.__record__.order)]).sort == model.__record__.order


@EVERY
def test_somebody_may_read_each_type(model: type[Record]) -> None:
    right = f"{model.__record__.rights}.read"
    assert any(right in seed.rights for seed in SEEDS)


@EVERY
def test_references_name_a_type(model: type[Record]) -> None:
    for field in fields_of(model).values():
        if field.spec.kind is Kind.REFERENCE:
            assert model_of(field.spec.target) in RECORD_TYPES
        if field.spec.kind is Kind.MONEY:
            assert field.spec.currency in fields_of(model)


@EVERY
def test_a_type_describes_itself_to_programs(model: type[Record]) -> None:
    told = describe(model, ["read"])
    assert [field.name for field in told.fields] == list(fields_of(model))
    assert "_" not in told.name


@EVERY
def test_an_empty_record_is_refused_by_its_required_fields(
    chain: ChainUnderTest, model: type[Record]
) -> None:
    required = {name for name, field in fields_of(model).items() if field.is_required}
    with chain.write() as session, pytest.raises(InvalidError) as caught:
        apply(session, model, Change())
    assert caught.value.fields.keys() == required


def test_an_unknown_table_is_no_type() -> None:
    with pytest.raises(KeyError):
        model_of("roles")


@pytest.mark.parametrize(
    ("field", "value"),
    [("zone", "Mars/Olympus"), ("currency", "yuan"), ("opening_hours", "always")],
)
def test_a_store_knows_its_words(chain: ChainUnderTest, field: str, value: str) -> None:
    """STO-01"""
    with chain.write() as session:
        with pytest.raises(InvalidError) as caught:
            apply(session, Store, Change(chain.stores[0].id, {field: value}))
        assert caught.value.fields.keys() == {field}
        assert title_of(session.get_one(Store, chain.stores[0].id)) == "amber-1"
