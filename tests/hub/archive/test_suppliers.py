"""SUP-01: suppliers with contacts, product kinds, start and length of the cooperation."""

from datetime import date
from typing import Any

import pytest

from hub.archive.suppliers.records import Supplier
from hub.errors import ConflictError, InvalidError
from hub.kit.clock import utc_now
from hub.kit.records.apply import Change, apply, undo
from hub.kit.records.log import ChangeLog
from hub.kit.records.query import parse, rows, total
from hub.kit.session import ScopedSession
from tests.hub.chain_under_test import ChainUnderTest


def add(session: ScopedSession, **values: Any) -> Supplier:
    return apply(session, Supplier, Change(values={"code": "S-9", "name": "农夫山泉", **values}))


def found(session: ScopedSession, **params: str) -> list[str]:
    query = parse(
        Supplier,
        [(n.replace("filter_", "filter[") + "]" * (n != "q"), v) for n, v in params.items()],
    )
    assert total(session, Supplier, query) == len(rows(session, Supplier, query).items)
    return [one.name for one in rows(session, Supplier, query).items]


def test_a_supplier_is_kept_in_one_form(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(
            session,
            phone="+86 １38-0013 8000",
            email=" Sales@Example.COM ",
            product_kinds="饮料、 水果,饮料",
        )
        assert (made.phone, made.email) == ("13800138000", "sales@example.com")
        assert made.product_kinds == ["饮料", "水果"]
        session.expire(made)
        assert made.product_kinds == ["饮料", "水果"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "call me"),
        ("phone", "1" * 40),
        ("email", "nobody"),
        ("email", "a@b"),
        ("product_kinds", [f"kind {n}" for n in range(21)]),
        ("product_kinds", ["x" * 41]),
        ("product_kinds", 7),
        ("standing", "excellent"),
        ("lead_time_days", 366),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    chain: ChainUnderTest, field: str, value: Any
) -> None:
    with chain.write() as session, pytest.raises(InvalidError) as caught:
        add(session, **{field: value})
    assert {name.partition(".")[0] for name in caught.value.fields} == {field}


def test_a_partnership_does_not_end_before_it_starts(chain: ChainUnderTest) -> None:
    with chain.write() as session, pytest.raises(InvalidError) as caught:
        add(session, since="2026-02-01", until="2026-01-31")
    assert caught.value.fields.keys() == {"until"}


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (None, None, None),
        (date(2020, 2, 29), date(2024, 2, 28), 3),
        (date(2020, 2, 29), date(2024, 2, 29), 4),
        (utc_now().date(), None, 0),
    ],
)
def test_the_years_of_cooperation_are_worked_out(
    since: date | None, until: date | None, years: int | None
) -> None:
    assert Supplier(since=since, until=until).cooperation_years == years


@pytest.mark.parametrize("q", ["nongfu", "NFSQ", "shanquan", "山泉", "nfsq yinliao", "饮料"])
def test_a_supplier_is_found_by_pinyin_and_by_its_words(chain: ChainUnderTest, q: str) -> None:
    """UX-02"""
    with chain.write() as session:
        add(session, product_kinds=["饮料"])
        assert found(session, q=q) == ["农夫山泉"]
        assert found(session, q=f"{q} zzz") == []


def test_pinyin_follows_a_new_name(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        apply(session, Supplier, Change(made.id, {"name": "康师傅"}))
        assert found(session, q="ksf") == ["康师傅"]
        assert found(session, q="nfsq") == []


def test_the_list_is_narrowed_by_whole_labels(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        add(session, product_kinds=["瓶装水", "饮料"])
        assert found(session, filter_product_kinds="饮料") == ["农夫山泉"]
        assert found(session, filter_product_kinds="水果,饮料") == ["农夫山泉"]
        assert found(session, filter_product_kinds="水") == []
        assert found(session, filter_product_kinds="%") == []


def test_labels_are_in_the_history_and_can_be_taken_back(chain: ChainUnderTest) -> None:
    """SEC-10"""
    with chain.write() as session:
        made = add(session, product_kinds=["饮料"])
        apply(session, Supplier, Change(made.id, {"product_kinds": ""}))
        assert made.product_kinds is None
        row = session.get_one(ChangeLog, session.changed[-1].seq)
        assert row.values["product_kinds"] == [["饮料"], None]
        undo(session, Supplier, made.id, row.seq)
        assert made.product_kinds == ["饮料"]


def test_a_tax_number_is_one_companys(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        add(session, tax_no="91310000MA1K35X92X")
        with pytest.raises(ConflictError) as caught:
            add(session, code="S-10", tax_no="91310000MA1K35X92X")
    assert caught.value.fields.keys() == {"tax_no"}
