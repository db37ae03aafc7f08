"""Duplicates: found by what agrees, made one, and taken back as a whole (CUS-25)."""

from uuid import UUID

import pytest

from hub.archive.customers.records import Customer, Member
from hub.archive.products.records import Product
from hub.archive.purchase_orders.records import PurchaseOrder
from hub.archive.suppliers.records import Supplier
from hub.errors import ConflictError, ForbiddenError, NotFoundError
from hub.kit.merging.service import merge, pointing_to, recent, undo_merge
from hub.kit.merging.twins import likely
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from hub.kit.records.history import history
from hub.kit.tables import Record
from tests.hub.chain_under_test import ChainUnderTest, RightsOf


def made(chain: ChainUnderTest, model: type[Record], **values: object) -> UUID:
    with chain.write() as session:
        return apply(session, model, Change(values=values)).id


def merged(chain: ChainUnderTest, model: type[Record], a: UUID, b: UUID, *take: str) -> UUID:
    with chain.write() as session:
        return merge(session, model, a, b, take)


@pytest.mark.parametrize(
    ("model", "one", "other"),
    [
        (
            Supplier,
            {"code": "A", "name": "上海光明食品有限公司"},
            {"code": "B", "name": "上海光明食品"},
        ),
        (
            Supplier,
            {"code": "A", "name": "Sunrise Foods Co., Ltd."},
            {"code": "B", "name": "SUNRISE FOODS"},
        ),
        (Customer, {"name": "李莉", "wechat": "Li_Li88"}, {"name": "莉莉", "wechat": "lili88"}),
        (
            Customer,
            {"name": "张伟", "born_on": "1990-03-01"},
            {"name": "章伟", "born_on": "1990-03-01", "phone": "13800000001"},
        ),
        (
            Product,
            {"code": "A", "name": "农夫山泉 550ml"},
            {"code": "B", "name": "农夫山泉（550ML）"},
        ),
    ],
)
def test_what_agrees_is_likely_the_same(
    chain: ChainUnderTest, model: type[Record], one: dict[str, str], other: dict[str, str]
) -> None:
    pair = made(chain, model, **one), made(chain, model, **other)
    with chain.read() as session:
        (found,) = likely(session, model)
        assert (found.one.id, found.other.id) == pair


def test_people_of_one_name_alone_are_not(chain: ChainUnderTest) -> None:
    for phone in ("13800000001", "13800000002"):
        made(chain, Customer, name="王伟", phone=phone)
    with chain.read() as session:
        assert likely(session, Customer) == []


def test_customers_become_one_and_two_again(chain: ChainUnderTest) -> None:
    keep = made(chain, Customer, name="张伟", email="zw@example.com")
    day = {"name": "结婚纪念日", "on": "2020-05-20"}
    gone = made(chain, Customer, name="章伟", phone="13800000001", days=[day])
    card = made(chain, Member, number="VIP-1", customer_id=gone)
    third = made(chain, Customer, name="李雷")
    friend = made(chain, Member, number="VIP-2", customer_id=third, referred_by_id=gone)
    batch_before = snapshot(chain, keep, gone, card, friend)
    batch = merged(chain, Customer, keep, gone, "phone")
    with chain.read() as session:
        one, other = session.get(Customer, keep), session.get(Customer, gone)
        assert one
        assert other
        assert other.archived_at
        assert (one.name, one.phone, len(one.days)) == ("张伟", "13800000001", 1)
        assert pointing_to(session, Customer, gone) == []
        assert [(m.kept.id, m.gone.id) for m in recent(session, Customer)] == [(keep, gone)]
        assert history(session, Customer, keep)[0].reason == f"merge {keep}"
    with chain.write() as session:
        assert undo_merge(session, Customer, batch).id == gone
    assert snapshot(chain, keep, gone, card, friend) == batch_before
    with chain.write() as session, pytest.raises(NotFoundError):
        undo_merge(session, Customer, batch)


def snapshot(chain: ChainUnderTest, keep: UUID, gone: UUID, *cards: UUID) -> list[object]:
    with chain.read() as session:
        people = [session.get(Customer, one) for one in (keep, gone)]
        members = [session.get(Member, one) for one in cards]
        return [
            *((p.name, p.phone, p.archived_at, [d.name for d in p.days]) for p in people if p),
            *((m.customer_id, m.referred_by_id) for m in members if m),
        ]


def test_what_is_locked_follows_and_comes_back(chain: ChainUnderTest) -> None:
    """An order that was sent cannot be changed by people, but its supplier is still the same."""
    other = made(chain, Supplier, code="S-2", name="amber supplier")
    line = {"product_id": str(chain.product), "quantity_milli": 1000, "price_minor": 100}
    order = made(
        chain,
        PurchaseOrder,
        number="PO-9",
        store_id=chain.stores[0].id,
        supplier_id=other,
        items=[line],
    )
    with chain.write() as session:
        sent = perform(session, PurchaseOrder, order, "send", Change(order))
        assert sent.locked()
    batch = merged(chain, Supplier, chain.supplier, other)
    assert supplier_of(chain, order) == chain.supplier
    with chain.write() as session:
        undo_merge(session, Supplier, batch)
    assert supplier_of(chain, order) == other


def supplier_of(chain: ChainUnderTest, order: UUID) -> UUID | None:
    with chain.read() as session:
        found = session.get(PurchaseOrder, order)
        return found.supplier_id if found else None


def test_all_or_nothing(chain: ChainUnderTest) -> None:
    keep, gone = (made(chain, Customer, name=name) for name in ("张伟", "章伟"))
    for number, one in enumerate((keep, gone)):
        made(chain, Member, number=f"V-{number}", customer_id=one)
    with pytest.raises(ConflictError, match="archive “V-1” first"):
        merged(chain, Customer, keep, gone)
    with chain.read() as session:
        found = session.get(Customer, gone)
        assert found
        assert found.archived_at is None, "two cards of one customer: nothing is done"


def test_a_merge_that_somebody_built_on_stays(chain: ChainUnderTest) -> None:
    keep, gone = (
        made(chain, Customer, name="张伟"),
        made(chain, Customer, name="章伟", gender="male"),
    )
    batch = merged(chain, Customer, keep, gone, "gender")
    with chain.write() as session:
        apply(session, Customer, Change(keep, {"gender": "female"}))
    with pytest.raises(ConflictError), chain.write() as session:
        undo_merge(session, Customer, batch)
    with chain.read() as session:
        found = session.get(Customer, gone)
        assert found
        assert found.archived_at


def test_only_who_may_change_the_whole_chain(chain: ChainUnderTest) -> None:
    keep, gone = (made(chain, Customer, name=name) for name in ("张伟", "章伟"))
    here = frozenset({chain.stores[0].id})
    names = ("read", "create", "update", "archive", "all")
    clerk = RightsOf({f"customers.{name}": here for name in names})
    with chain.write(clerk) as session, pytest.raises(ForbiddenError):
        merge(session, Customer, keep, gone)
    with chain.write() as session, pytest.raises(ConflictError):
        merge(session, Customer, keep, keep)
