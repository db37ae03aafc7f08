"""Staff see the customers that they are responsible for, and no others (SEC-07, CUS-21)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from hub.archive.customers.records import Customer, Member
from hub.archive.staff.records import Employee
from hub.errors import ForbiddenError, InvalidError, NotFoundError
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope, ScopedSession
from hub.kit.records.access import load
from hub.kit.records.apply import Action, Change, apply, undo
from hub.kit.records.finding import resolve, suggest
from hub.kit.records.history import history
from hub.kit.records.names import names_of
from hub.kit.records.pointers import pointers
from hub.kit.records.query import Query, rows, total
from hub.security.accounts import Grant
from tests.hub.chain_under_test import ChainUnderTest, RightsOf


@dataclass
class Shop:
    """Mei has a customer with a card; another is Li's; nobody is responsible for the third."""

    chain: ChainUnderTest
    mei: UUID
    mine: UUID
    others: UUID
    nobodys: UUID
    card: UUID
    employees: dict[str, UUID]

    def as_mei(self, *more: str) -> tuple[Asker, Scope]:
        here = frozenset({self.chain.stores[0].id})
        rights = ("read", "create", "update", "archive", *more)
        grants = {f"customers.{one}": here for one in rights}
        return Asker(self.mei, "mei", RightsOf(dict(grants))), Scope(self.chain.id, here)

    def read(self, *more: str) -> "Session":
        return Session(self, more, is_write=False)

    def write(self, *more: str) -> "Session":
        return Session(self, more, is_write=True)


class Session:
    """A session of Mei's."""

    def __init__(self, shop: Shop, more: tuple[str, ...], *, is_write: bool) -> None:
        asker, scope = shop.as_mei(*more)
        db = shop.chain.db
        self._asker, self._context = asker, db.write(scope) if is_write else db.read(scope)

    def __enter__(self) -> ScopedSession:
        session = self._context.__enter__()
        bind_asker(session, self._asker)
        return session

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(*error)  # type: ignore[arg-type]  # as contextlib gives it


@pytest.fixture
def shop(chain: ChainUnderTest) -> Shop:
    accounts = {name: chain.add_user(name, Grant("clerk")) for name in ("mei", "li")}
    store, employees = chain.stores[0].id, {}
    with chain.write() as session:
        for name, account in accounts.items():
            values = {"store_id": store, "code": name, "name": name, "user_id": account}
            employees[name] = apply(session, Employee, Change(values=values)).id
        made = {}
        for name, owner in (("王", "mei"), ("赵", "li"), ("孙", "")):
            values = {"name": name, "owner_id": employees.get(owner)}
            made[name] = apply(session, Customer, Change(values=values)).id
        values = {"number": "M-9", "customer_id": made["赵"]}
        card = apply(session, Member, Change(values=values)).id
    people = (accounts["mei"], made["王"], made["赵"], made["孙"], card)
    return Shop(chain, *people, employees)


def test_lists_searches_totals_and_names_are_of_ones_own(shop: Shop) -> None:
    with shop.read() as session:
        assert [one.id for one in rows(session, Customer, Query(sort="name")).items] == [shop.mine]
        assert total(session, Customer, Query(sort="name")) == 1
        assert total(session, Member, Query(sort="number")) == 0
        assert rows(session, Customer, Query(q="赵", sort="name")).items == []
        assert not suggest(session, Customer, "赵")
        assert resolve(session, Customer, "赵") is None
    with shop.chain.read() as session:
        card = load(session, Member, shop.card)
        wanted = [(p.field, p.id) for p in pointers(card)]
    with shop.read() as session:
        assert names_of(session, wanted) == {}


def test_everybodys_are_seen_by_who_has_the_right(shop: Shop) -> None:
    with shop.read("all") as session:
        found = {one.id for one in rows(session, Customer, Query(sort="name")).items}
    assert {shop.mine, shop.others, shop.nobodys} <= found


@pytest.mark.parametrize(
    "road",
    [
        lambda session, one: load(session, Customer, one),
        lambda session, one: history(session, Customer, one),
        lambda session, one: apply(session, Customer, Change(one, {"notes": "x"})),
        lambda session, one: apply(session, Customer, Change(one, action=Action.ARCHIVE)),
        lambda session, one: undo(session, Customer, one, 1),
    ],
)
def test_others_are_not_there(shop: Shop, road: Callable[[ScopedSession, UUID], object]) -> None:
    for one in (shop.others, shop.nobodys):
        with pytest.raises(NotFoundError), shop.write() as session:
            road(session, one)
    with shop.write() as session:
        apply(session, Customer, Change(shop.mine, {"notes": "likes tea"}))


def test_a_card_leads_to_no_others_customer(shop: Shop) -> None:
    with pytest.raises(NotFoundError), shop.read() as session:
        load(session, Member, shop.card)
    with pytest.raises(InvalidError), shop.write() as session:
        apply(session, Member, Change(values={"number": "M-1", "customer_id": shop.nobodys}))
    with shop.write() as session:
        apply(session, Member, Change(values={"number": "M-1", "customer_id": shop.mine}))


def test_whom_one_adds_is_ones_own_and_is_not_given_away(shop: Shop) -> None:
    with shop.write() as session:
        made = apply(session, Customer, Change(values={"name": "周"}))
        assert made.owner_id == shop.employees["mei"]
    values = {"name": "吴", "owner_id": shop.employees["li"]}
    with pytest.raises(InvalidError), shop.write() as session:
        apply(session, Customer, Change(values=values))
    away = Change(shop.mine, {"owner_id": shop.employees["li"]})
    with pytest.raises(ForbiddenError), shop.write() as session:
        apply(session, Customer, away)
    with shop.write("all") as session:
        apply(session, Customer, away)
    with pytest.raises(NotFoundError), shop.read() as session:
        load(session, Customer, shop.mine)


def test_who_is_no_employee_is_told_so(shop: Shop) -> None:
    with shop.chain.write() as session:
        apply(session, Employee, Change(shop.employees["mei"], {"user_id": None}))
    with pytest.raises(InvalidError, match="no employee"), shop.write() as session:
        apply(session, Customer, Change(values={"name": "周"}))
