"""Words in memory: they find what the database would find, at once after each commit (UX-14)."""

from uuid import UUID

import pytest

from hub.archive.customers.records import Customer
from hub.archive.products.records import Product
from hub.archive.suppliers.records import Supplier
from hub.kit.db import Scope
from hub.kit.records import words
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.query import Query, rows, total
from hub.kit.records.words import Words, words_of
from hub.kit.tables import Record
from tests.hub.chain_under_test import ChainUnderTest, RightsOf, open_chain_under_test

NAMES = ("王小明", "张大明", "Anna Müller", "100%_x", "王大\u3000力", "李雷\nten")


@pytest.fixture
def people(chain: ChainUnderTest) -> ChainUnderTest:
    with chain.write() as session:
        for number, name in enumerate(NAMES):
            values = {"name": name, "phone": f"1380000{number:04}", "tags": ["VIP", f"t{number}"]}
            apply(session, Customer, Change(values=values))
    return chain


def found(chain: ChainUnderTest, q: str, model: type[Record] = Customer, **more: str) -> list[str]:
    with chain.read() as session:
        query = Query(q=q, sort=more.get("sort", model.__record__.order))
        return [str(getattr(one, "name")) for one in rows(session, model, query).items]  # noqa: B009


def found_by_database(chain: ChainUnderTest, q: str) -> list[str]:
    """A session that writes sees what is not committed, so it never asks the memory."""
    with chain.write() as session:
        assert words_of(session) is None
        query = Query(q=q, sort=Customer.__record__.order)
        return [one.name for one in rows(session, Customer, query).items]


@pytest.mark.parametrize(
    "q",
    [
        "明",
        "小明",
        "wang",
        "wxm",
        "xm",
        "0003",
        "vip t1",
        "王 13800",
        "MÜLL",
        "%_",
        "大 力",
        "ten",
        "?",
    ],
)
def test_memory_finds_what_the_database_finds(people: ChainUnderTest, q: str) -> None:
    expected = found_by_database(people, q) if q != "MÜLL" else ["Anna Müller"]
    assert found(people, q) == expected
    newest_first = sorted(expected, key=NAMES.index, reverse=True)
    assert found(people, q, sort="-created_at") == newest_first


def test_each_commit_is_seen_by_the_next_look(people: ChainUnderTest) -> None:
    assert found(people, "张大") == ["张大明"]
    with people.write() as session:
        record = apply(session, Customer, Change(values={"name": "张大千"}))
    assert found(people, "张大") == ["张大千", "张大明"]
    with people.write() as session:
        apply(session, Customer, Change(record.id, {"name": "赵大千"}))
    assert found(people, "张大") == ["张大明"]
    assert found(people, "zhaodaqian") == ["赵大千"]
    with people.write() as session:
        apply(session, Customer, Change(record.id, action=Action.ARCHIVE))
    assert found(people, "千") == []
    with people.write() as session:
        apply(session, Customer, Change(record.id, action=Action.RESTORE))
    assert found(people, "千") == ["赵大千"]


def test_a_barcode_finds_its_product(chain: ChainUnderTest) -> None:
    assert found(chain, "690123456", Product) == ["amber-product"]


def test_what_matches_more_than_is_listed_comes_page_by_page(
    people: ChainUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "FIRST", 2)
    with people.read() as session:
        query = Query(q="1380000", sort="name", size=1)
        first = rows(session, Customer, query)
        assert total(session, Customer, query) == 6
        assert (first.items[0].name, bool(first.next)) == ("100%_x", True)
        query = Query(q="1380000", sort="name", size=5, cursor=first.next or "")
        assert len(rows(session, Customer, query).items) == 5


def test_many_changes_are_read_anew(
    people: ChainUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(people, "明") == ["张大明", "王小明"]
    monkeypatch.setattr(words, "_FRESH_MIN", 1)
    for name in ("周明", "吴明"):
        with people.write() as session:
            apply(session, Customer, Change(values={"name": name}))
        assert name in found(people, "明")
    monkeypatch.setattr(words, "_CHANGES_MAX", 1)
    with people.write() as session:
        for name in ("郑明", "冯明"):
            apply(session, Customer, Change(values={"name": name}))
    assert len(found(people, "明")) == 6


def test_a_look_that_began_earlier_sees_its_own_state(people: ChainUnderTest) -> None:
    with people.read() as early:
        assert [one.name for one in rows(early, Customer, Query(q="明", sort="name")).items]
        with people.write() as session:
            apply(session, Customer, Change(values={"name": "孙明"}))
            apply(session, Supplier, Change(values={"code": "S-9", "name": "明厂"}))
        assert len(found(people, "明")) == 3
        assert len(rows(early, Customer, Query(q="明", sort="name")).items) == 2
        assert not rows(early, Supplier, Query(q="明", sort="code")).items, "read by the database"
    assert found(people, "明", Supplier) == ["明厂"]


def test_rights_scope_and_chain_are_those_of_the_asker(people: ChainUnderTest) -> None:
    other = open_chain_under_test(people.db, "cobalt", stores=1)
    assert found(other, "明") == []
    nobody = RightsOf({})
    with people.read(nobody) as session:
        assert not rows(session, Customer, Query(q="明", sort="name")).items


def test_the_chain_that_nobody_asked_for_longest_is_forgotten(people: ChainUnderTest) -> None:
    other = open_chain_under_test(people.db, "cobalt", stores=1)
    kept = Words(bytes_max=1)
    for chain in (people, other):
        with people.db.read(Scope(chain.id)) as session:
            assert kept.find(session, Supplier, "supplier") is not None
    assert list(_chains(kept)) == [other.id]


def _chains(kept: Words) -> list[UUID]:
    return list(kept._chains)
