"""Facets count what a list would show, and only what the asker may see."""

from hub.archive.equipment.records import Equipment
from hub.archive.suppliers.records import Supplier
from hub.kit.db import ScopedSession
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import fields_of
from hub.kit.records.facets import facets, has_facets
from hub.kit.records.query import parse, rows
from tests.hub.chain_under_test import ChainUnderTest, RightsOf


def add(session: ScopedSession, chain: ChainUnderTest, code: str, kind: str, at: int = 0) -> None:
    values = {"store_id": chain.stores[at].id, "code": code, "name": code, "type": kind}
    apply(session, Equipment, Change(values=values))


def counted(session: ScopedSession, name: str, **params: str) -> dict[str, int]:
    query = parse(Equipment, list(params.items()))
    return {str(k): n for k, n in facets(session, Equipment, query, fields_of(Equipment)[name])}


def test_values_are_counted_with_every_other_filter(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        add(session, chain, "O1", "oven")
        add(session, chain, "O2", "oven", 1)
        assert counted(session, "type") == {"cabinet": 2, "oven": 2}
        assert counted(session, "type", q="O1") == {"oven": 1}
        own = {"filter[type]": "oven"}
        assert counted(session, "type", **own) == {"cabinet": 2, "oven": 2}
        assert counted(session, "store_id", **own) == {str(s.id): 1 for s in chain.stores}


def test_what_the_asker_may_not_read_is_not_counted(chain: ChainUnderTest) -> None:
    first = chain.stores[0].id
    mine = RightsOf({"equipment.read": frozenset({first})})
    with chain.read(mine) as session:
        assert counted(session, "type") == {"cabinet": 1}
    with chain.read(stores=frozenset({first})) as session:
        assert counted(session, "store_id") == {str(first): 1}


def test_each_label_counts_by_itself(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        for code, kinds in (("A", ["fruit", "dairy"]), ("B", ["dairy"])):
            apply(
                session,
                Supplier,
                Change(values={"code": code, "name": code, "product_kinds": kinds}),
            )
        field = fields_of(Supplier)["product_kinds"]
        assert facets(session, Supplier, parse(Supplier, []), field) == [("dairy", 2), ("fruit", 1)]


def test_free_texts_have_no_facets() -> None:
    fields = fields_of(Equipment)
    assert {name for name in ("name", "type", "cost_minor") if has_facets(fields[name])} == {"type"}


def test_a_filter_says_what_is_not_wanted_and_what_is_empty(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        add(session, chain, "O1", "oven")
        for pair, codes in (
            (("filter[type][not]", "oven"), {"CAB-1"}),
            (("filter[area_id][empty]", "true"), {"O1"}),
            (("filter[area_id][empty]", "false"), {"CAB-1"}),
            (("filter[area_id][not]", str(chain.stores[0].area)), {"CAB-1", "O1"}),
        ):
            found = rows(session, Equipment, parse(Equipment, [pair])).items
            assert {one.code for one in found} == codes, pair
