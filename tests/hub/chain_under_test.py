"""A small world for tests: two chains, two stores in the first, equipment in each, and people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from hub.archive.areas.records import Area
from hub.archive.chains.service import open_chain
from hub.archive.equipment.records import Equipment
from hub.archive.products.records import Product, ProductCategory
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.archive.suppliers.records import Supplier
from hub.kit.asker import Asker, Rights, bind_asker
from hub.kit.db import Database, Scope, ScopedSession
from hub.kit.records.apply import Change, apply
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords
from hub.security.sessions import Lifetimes
from hub.security.sign_in import SignIn
from tests.hub.samples import make_all

PASSWORD = "correct horse"
QUICK = Passwords(time_cost=1, memory_kib=1024)
LIFETIMES = Lifetimes(timedelta(hours=1), timedelta(days=1), timedelta(hours=2))
HUB = Asker.hub("test")


def sign_in_for(db: Database) -> SignIn:
    return SignIn(db, QUICK, LIFETIMES)


@dataclass(frozen=True)
class RightsOf:
    """Rights as a dictionary, for tests of the engine alone."""

    grants: dict[str, frozenset[UUID] | None]

    def reach(self, right: str) -> frozenset[UUID] | None:
        return self.grants.get(right, frozenset())


@dataclass
class StoreUnderTest:
    """One store; `word` stands in every text of it, so a leak of any of it can be seen."""

    id: UUID
    word: str
    area: UUID
    cabinet: UUID
    ids: dict[str, UUID] = field(default_factory=dict)
    """One record of every type, the chain's own included, by table."""


@dataclass
class ChainUnderTest:
    """One chain with its stores."""

    db: Database
    id: UUID
    region: UUID
    supplier: UUID
    category: UUID
    product: UUID
    stores: list[StoreUnderTest] = field(default_factory=list)
    ids: dict[str, UUID] = field(default_factory=dict)
    """One record of every type that belongs to the chain, by table."""

    @contextmanager
    def write(
        self, rights: Rights | None = None, stores: frozenset[UUID] | None = None
    ) -> Iterator[ScopedSession]:
        with self.db.write(Scope(self.id, stores)) as session:
            bind_asker(session, Asker(None, "test", rights) if rights else HUB)
            yield session

    @contextmanager
    def read(
        self, rights: Rights | None = None, stores: frozenset[UUID] | None = None
    ) -> Iterator[ScopedSession]:
        with self.db.read(Scope(self.id, stores)) as session:
            bind_asker(session, Asker(None, "test", rights) if rights else HUB)
            yield session

    def add_user(self, username: str, *grants: Grant, must_change: bool = False) -> UUID:
        account = NewAccount(username, username, PASSWORD, grants, "en", must_change)
        return add_account(self.db, QUICK, self.id, account, HUB)


def open_chain_under_test(db: Database, word: str, stores: int = 2) -> ChainUnderTest:
    """A chain called `word` with stores `<word>-1`, `<word>-2`, …"""
    chain_id = open_chain(db, word)
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, HUB)
        region = apply(session, Region, Change(values={"code": "R", "name": f"{word}-region"}))
        name = f"{word}-supplier"
        supplier = apply(session, Supplier, Change(values={"code": "S-1", "name": name}))
        name = f"{word}-category"
        category = apply(session, ProductCategory, Change(values={"code": "C-1", "name": name}))
        values = {"code": "P-1", "name": f"{word}-product", "category_id": category.id}
        values["variants"] = [{"name": f"{word}-variant", "barcode": "6901234567892"}]
        product = apply(session, Product, Change(values=values))
        ids = (region.id, supplier.id, category.id, product.id)
        chain = ChainUnderTest(db, chain_id, *ids)
        tables = ("regions", "suppliers", "product_categories", "products")
        known = {"chains": chain_id, **dict(zip(tables, ids, strict=True))}
        chain.ids = make_all(session, word, known, of_stores=False)
        for number in range(1, stores + 1):
            chain.stores.append(add_store(session, f"{word}-{number}", number, chain.ids))
    return chain


def add_store(
    session: ScopedSession, word: str, number: int, chain: dict[str, UUID]
) -> StoreUnderTest:
    values = {"code": f"00{number}", "name": word, "region_id": chain["regions"]}
    store = apply(session, Store, Change(values=values)).id
    area = apply(session, Area, Change(values={"store_id": store, "name": f"{word}-area"})).id
    cabinet = {
        "store_id": store,
        "code": "CAB-1",
        "name": f"{word}-cabinet",
        "type": "cabinet",
        "area_id": area,
        "device_id": "cabinet-1",
        "serial_no": f"{word}-serial",
    }
    made = apply(session, Equipment, Change(values=cabinet)).id
    known = chain | {"stores": store, "areas": area, "equipment": made}
    ids = make_all(session, word, known, of_stores=True)
    return StoreUnderTest(store, word, area, made, ids)
