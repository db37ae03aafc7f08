"""Lists: filters, search, order and pages, and what a query string may not say."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.errors import InvalidError
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.query import parse, rows, total
from tests.hub.chain_under_test import ChainUnderTest, RightsOf

Params = list[tuple[str, str]]
BRANDS = ("Haier", None, "Aucma", "Midea", None, "50%_x")


@pytest.fixture
def shelf(chain: ChainUnderTest) -> ChainUnderTest:
    """Six pieces of equipment in the first store beside its cabinet."""
    with chain.write() as session:
        for number, brand in enumerate(BRANDS):
            values = {
                "store_id": chain.stores[0].id,
                "code": f"S-{number}",
                "name": f"冷柜 {number}",
                "type": "freezer" if number % 2 else "shelf",
                "brand": brand,
                "service_life_months": None if number == 3 else 12 * (number % 3 + 1),
            }
            apply(session, Equipment, Change(values=values))
    return chain


def codes(chain: ChainUnderTest, *params: tuple[str, str]) -> list[str]:
    with chain.read() as session:
        query = parse(Equipment, [("filter[store_id]", str(chain.stores[0].id)), *params])
        return [record.code for record in rows(session, Equipment, query).items]


def walk(chain: ChainUnderTest, *params: tuple[str, str]) -> Iterator[str]:
    """Every page of a list, by its cursor."""
    cursor: str | None = ""
    while cursor is not None:
        with chain.read() as session:
            query = parse(Equipment, [*params, ("cursor", cursor)])
            page = rows(session, Equipment, query)
        yield from (str(record.id) for record in page.items)
        cursor = page.next


def test_a_list_is_in_the_order_of_its_type(shelf: ChainUnderTest) -> None:
    assert codes(shelf) == ["CAB-1", "S-0", "S-1", "S-2", "S-3", "S-4", "S-5"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([("q", "冷柜 3")], ["S-3"]),
        ([("q", "  haier ")], ["S-0"]),
        ([("q", "50%_")], ["S-5"]),
        ([("q", "nothing at all")], []),
        ([("filter[type]", "cabinet,shelf")], ["CAB-1", "S-0", "S-2", "S-4"]),
        ([("filter[type]", "shelf"), ("filter[brand]", "Aucma")], ["S-2"]),
        ([("filter[name][has]", "柜 2")], ["S-2"]),
        ([("filter[service_life_months][gte]", "24")], ["S-1", "S-2", "S-4", "S-5"]),
        (
            [("filter[service_life_months][gt]", "12"), ("filter[service_life_months][lt]", "36")],
            ["S-1", "S-4"],
        ),
        ([("filter[type]", ""), ("q", "")], ["CAB-1", "S-0", "S-1", "S-2", "S-3", "S-4", "S-5"]),
        ([("sort", "-code"), ("size", "2")], ["S-5", "S-4"]),
    ],
)
def test_what_a_query_finds(shelf: ChainUnderTest, params: Params, expected: list[str]) -> None:
    assert codes(shelf, *params) == expected


def test_archived_records_have_a_list_of_their_own(shelf: ChainUnderTest) -> None:
    with shelf.write() as session:
        apply(session, Equipment, Change(shelf.stores[0].cabinet, action=Action.ARCHIVE))
    assert "CAB-1" not in codes(shelf)
    assert codes(shelf, ("archived", "true")) == ["CAB-1"]


@pytest.mark.parametrize("sort", ["code", "-code", "brand", "-brand", "service_life_months"])
@pytest.mark.parametrize("sort_key", ["", "created_at"])
def test_pages_follow_each_other_without_gap_or_repeat(
    shelf: ChainUnderTest, sort: str, sort_key: str
) -> None:
    """Also where the sorted field is empty or the same on many rows."""
    order = ("sort", sort_key or sort)
    whole = list(walk(shelf, order, ("size", "200")))
    for size in ("1", "2", "3"):
        assert list(walk(shelf, order, ("size", size))) == whole
    assert len(set(whole)) == 8


def test_empty_values_come_last_in_both_directions(shelf: ChainUnderTest) -> None:
    assert codes(shelf, ("sort", "brand"))[-3:] == ["CAB-1", "S-1", "S-4"]
    assert codes(shelf, ("sort", "-brand"))[-3:] == ["CAB-1", "S-1", "S-4"]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ([("colour", "red")], "colour"),
        ([("filter[colour]", "red")], "filter[colour]"),
        ([("filter[type]", "spaceship")], "filter[type]"),
        ([("filter[type][gte]", "shelf")], "filter[type][gte]"),
        ([("filter[name][like]", "x")], "filter[name][like]"),
        ([("filter[service_life_months][gte]", "9" * 40)], "filter[service_life_months][gte]"),
        ([("filter[store_id]", "1")], "filter[store_id]"),
        ([("sort", "notes")], "sort"),
        ([("sort", "store_id")], "sort"),
        ([("sort", "chain_id")], "sort"),
        ([("size", "0")], "size"),
        ([("size", "201")], "size"),
        ([("size", "9" * 5000)], "size"),
        ([("q", "x" * 101)], "q"),
        ([("archived", "maybe")], "archived"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(params: Params, name: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse(Equipment, params)
    assert caught.value.fields.keys() == {name}


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WyJjb2RlIiwgMV0", "💥", "WzEsMiwzXQ"])
def test_a_broken_cursor_is_refused(shelf: ChainUnderTest, cursor: str) -> None:
    with shelf.read() as session, pytest.raises(InvalidError):
        rows(session, Equipment, parse(Equipment, [("cursor", cursor)]))


def test_a_cursor_of_another_order_is_refused(shelf: ChainUnderTest) -> None:
    with shelf.read() as session:
        by_code = rows(session, Equipment, parse(Equipment, [("size", "1")]))
        assert by_code.next
        mixed = parse(Equipment, [("sort", "name"), ("cursor", by_code.next)])
        with pytest.raises(InvalidError):
            rows(session, Equipment, mixed)


def test_the_total_counts_all_pages_and_stops_at_ten_thousand(
    shelf: ChainUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf.read() as session:
        query = parse(Equipment, [("size", "1")])
        assert total(session, Equipment, query) == 8
        monkeypatch.setattr("hub.kit.records.query.COUNTED", 5)
        assert total(session, Equipment, query) == "5+"


def test_a_list_shows_only_stores_where_one_may_read_this_type(shelf: ChainUnderTest) -> None:
    """SEC-06"""
    theirs = shelf.stores[1]
    rights = RightsOf({"equipment.read": frozenset({theirs.id}), "stores.read": None})
    with shelf.read(rights) as session:
        found = rows(session, Equipment, parse(Equipment, []))
        assert {record.store_id for record in found.items} == {theirs.id}
        assert total(session, Equipment, parse(Equipment, [])) == 1
        assert len(rows(session, Store, parse(Store, [])).items) == 2
    with shelf.read(RightsOf({})) as session:
        assert rows(session, Equipment, parse(Equipment, [])).items == []


def test_a_list_needs_one_statement_for_its_rows(shelf: ChainUnderTest) -> None:
    statements: list[str] = []
    engine = shelf.db.engines.read
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with shelf.read() as session:
        rows(session, Equipment, parse(Equipment, []))
    assert len([s for s in statements if "SELECT" in s]) == 1
