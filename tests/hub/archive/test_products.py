"""PRD-01, PRD-02: products with variants and barcodes, and the tree of their categories."""

from typing import Any

import pytest

from hub.archive.products.barcodes import check_digit, problem
from hub.archive.products.records import Product, ProductCategory
from hub.errors import ConflictError, InvalidError
from hub.kit.ids import uuid7
from hub.kit.records.apply import Change, VersionConflictError, apply, undo
from hub.kit.records.log import ChangeLog
from hub.kit.records.query import parse, rows
from hub.kit.session import ScopedSession
from tests.hub.chain_under_test import ChainUnderTest

SMALL = {"name": "550 ml", "barcode": "6921168509256", "price_minor": 200}
LARGE = {"name": "1.5 L", "barcode": "6921168520015", "price_minor": 450}


def add(session: ScopedSession, code: str = "P-9", **values: Any) -> Product:
    filled = {"code": code, "name": "农夫山泉", "variants": [SMALL, LARGE], **values}
    return apply(session, Product, Change(values=filled))


def change(session: ScopedSession, product: Product, **values: Any) -> Product:
    return apply(session, Product, Change(product.id, values))


def told(product: Product) -> list[dict[str, Any]]:
    return [{"id": v.id, "name": v.name, "barcode": v.barcode} for v in product.variants]


def wrong(session: ScopedSession, *variants: dict[str, Any]) -> set[str]:
    with pytest.raises((InvalidError, ConflictError)) as caught:
        add(session, variants=list(variants))
    return set(caught.value.fields)


def logged(session: ScopedSession) -> ChangeLog:
    return session.get_one(ChangeLog, session.changed[-1].seq)


def test_lines_are_kept_in_their_order_with_the_head(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        session.expire_all()
        assert [v.name for v in made.variants] == ["550 ml", "1.5 L"]
        small, large = told(made)
        change(session, made, variants=[large, {"name": "4 L"}, small])
        session.expire_all()
        assert [v.name for v in made.variants] == ["1.5 L", "4 L", "550 ml"]
        assert {v["id"] for v in told(made)} > {small["id"], large["id"]}
        assert made.version == 2


def test_a_change_of_lines_is_logged_with_before_and_after(chain: ChainUnderTest) -> None:
    """PRD-04: the change log; SEC-10"""
    with chain.write() as session:
        made = add(session)
        kept = told(made)[:1]
        change(session, made, variants=kept)
        before, after = logged(session).values["variants"]
        assert [line["name"] for line in before] == ["550 ml", "1.5 L"]
        assert [line["name"] for line in after] == ["550 ml"]
        assert after[0]["id"] == str(kept[0]["id"])


def test_the_same_lines_again_are_no_change(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        same = [line | {"price_minor": p} for line, p in zip(told(made), (200, 450), strict=True)]
        assert change(session, made, variants=same).version == 1


def test_removed_lines_come_back_by_undo_as_the_same_rows(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        were = told(made)
        change(session, made, variants=[])
        assert made.variants == []
        undo(session, Product, made.id, logged(session).seq)
        assert told(made) == were


def test_a_barcode_can_move_to_a_new_line_in_one_change(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        change(session, made, variants=[{"name": "new", "barcode": SMALL["barcode"]}])
        assert [v.name for v in made.variants] == ["new"]
        assert made.version == 2


def test_a_barcode_is_one_variants_in_the_chain(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        add(session)
        assert wrong(session, SMALL) == {"code"}  # the code is told first
        with pytest.raises(ConflictError) as caught:
            add(session, "P-10", variants=[{"name": "other", "barcode": SMALL["barcode"]}])
        assert caught.value.fields.keys() == {"variants"}
        assert caught.value.fields["variants"].en == "This barcode is taken."
        assert add(session, "P-11", variants=[]).version == 1, "the session goes on"


def test_lines_of_others_and_doubled_lines_are_refused(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        line = told(made)[0]
        assert wrong(session, {"id": str(line["id"]), "name": "stolen"}) == {"variants"}
        twice = {"id": str(uuid7()), "name": "twice"}
        assert wrong(session, twice, twice) == {"variants"}
        assert told(made)[0] == line


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"barcode": "6921168509257"}, "variants.0.barcode"),
        ({"barcode": "条码"}, "variants.0.barcode"),
        ({"pack_size": 0}, "variants.0.pack_size"),
        ({"price_minor": -1}, "variants.0.price_minor"),
        ({"colour": "blue"}, "variants.0.colour"),
    ],
)
def test_what_is_wrong_in_a_line_is_told_at_its_field(
    chain: ChainUnderTest, line: dict[str, Any], field: str
) -> None:
    with chain.write() as session:
        assert wrong(session, line) == {field}


def test_two_who_change_the_lines_clash_and_other_fields_merge(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = add(session)
        change(session, made, variants=told(made)[:1])
        apply(session, Product, Change(made.id, {"brand": "NFS"}, version=1))
        with pytest.raises(VersionConflictError) as caught:
            apply(session, Product, Change(made.id, {"variants": []}, version=1))
        assert caught.value.clashes.keys() == {"variants"}


@pytest.mark.parametrize("q", ["nfsq", "山泉", "6921168520015", "68520", "1.5 l", "NONGFU 550"])
def test_a_product_is_found_by_pinyin_and_by_its_barcodes(chain: ChainUnderTest, q: str) -> None:
    """UX-02"""
    with chain.write() as session:
        made = add(session)
        assert [p.id for p in rows(session, Product, parse(Product, [("q", q)])).items] == [made.id]
        change(session, made, variants=[], name="水")
        assert not rows(session, Product, parse(Product, [("q", q)])).items


def test_lines_are_no_filter_and_no_order(chain: ChainUnderTest) -> None:
    for name in ("filter[variants]", "filter[variants][has]"):
        with pytest.raises(InvalidError):
            parse(Product, [(name, "x")])
    with pytest.raises(InvalidError):
        parse(Product, [("sort", "variants")])


def test_lines_of_another_chain_are_out_of_sight(chain: ChainUnderTest) -> None:
    with chain.read() as session:
        assert [v.name for v in session.get_one(Product, chain.product).variants] == [
            "amber-variant"
        ]


def test_categories_are_a_tree_without_rings(chain: ChainUnderTest) -> None:
    """PRD-02"""
    with chain.write() as session:
        top = apply(session, ProductCategory, Change(values={"code": "1", "name": "食品"}))
        values = {"code": "11", "name": "饮料", "parent_id": top.id}
        below = apply(session, ProductCategory, Change(values=values))
        for parent in (top.id, below.id):
            with pytest.raises(InvalidError) as caught:
                apply(session, ProductCategory, Change(top.id, {"parent_id": parent}))
            assert caught.value.fields.keys() == {"parent_id"}


@pytest.mark.parametrize("code", ["6901234567892", "96385074", "036000291452", "IN-STORE-7"])
def test_barcodes_that_scanners_read(code: str) -> None:
    assert problem(code) is None


@pytest.mark.parametrize("code", ["6901234567893", "96385075", "036000291453", "x", "a b c d"])
def test_barcodes_typed_wrongly(code: str) -> None:
    assert problem(code) is not None


def test_a_check_digit_is_worked_out() -> None:
    assert check_digit("690123456789") == 2
