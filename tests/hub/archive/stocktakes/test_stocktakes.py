"""INV-12, INV-13, INV-15, INV-22, J6: a count while the store sells, on SQLite and PostgreSQL."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import insert, select

from hub.archive.products.records import Product, ProductVariant, ScaleLayout
from hub.archive.stock import ledger
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.archive.stock.posting import Held, Movement, post
from hub.archive.stock.scans import Scanned, scanned
from hub.archive.stocktakes import posting, service
from hub.archive.stocktakes.entries import Entry
from hub.archive.stocktakes.models import ENTRIES, LINES, Keep
from hub.archive.stocktakes.posting import Count
from hub.archive.stocktakes.records import Stocktake
from hub.errors import ConflictError, InvalidError
from hub.kit.clock import utc_now
from hub.kit.db import Database, ScopedSession
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from tests.hub.alerts.conftest import any_chain, any_db, postgres
from tests.hub.chain_under_test import ChainUnderTest

__all__ = ("any_chain", "any_db", "postgres")
DAY = timedelta(days=1)


def goods(chain: ChainUnderTest, count: int = 4, **more: object) -> list[UUID]:
    """Products of the chain's category, each with 10 pieces for 100 in the first store."""
    with chain.write() as session:
        items = []
        for n in range(count):
            values = {"code": f"G-{n}", "name": f"good {n}", "category_id": chain.category}
            values |= {"cost_minor": 1000, "price_minor": 1500} | more
            items.append(apply(session, Product, Change(values=values)).id)
    move(chain, dict.fromkeys(items, 10000), MovementKind.OPENING, utc_now() - DAY, 10_000)
    return items


def move(
    chain: ChainUnderTest,
    quantities: Mapping[UUID, int],
    kind: MovementKind,
    at: datetime,
    value: int | None = None,
) -> None:
    document = uuid4()
    movements = [
        Movement(chain.id, chain.stores[0].id, item, kind, "test", document, n, quantity, at, value)
        for n, (item, quantity) in enumerate(quantities.items())
    ]
    with chain.db.system("test") as connection:
        post(connection, movements, utc_now())


def plan(chain: ChainUnderTest, number: str = "PD-1", **more: object) -> UUID:
    with chain.write() as session:
        values = {"store_id": chain.stores[0].id, "number": number} | more
        return apply(session, Stocktake, Change(values=values)).id


def do(chain: ChainUnderTest, stocktake: UUID, *actions: str) -> Stocktake:
    for action in actions:
        with chain.write() as session:
            record = perform(session, Stocktake, stocktake, action)
    return record


@contextmanager
def opened(chain: ChainUnderTest, stocktake: UUID) -> Iterator[tuple[ScopedSession, Stocktake]]:
    with chain.write() as session:
        record = session.get(Stocktake, stocktake)
        assert record is not None
        yield session, record


def find(chain: ChainUnderTest, stocktake: UUID, found: Mapping[UUID, int]) -> Mapping[UUID, int]:
    entries = [Entry(uuid4(), item, milli, utc_now()) for item, milli in found.items()]
    with opened(chain, stocktake) as (session, record):
        return service.enter(session, record, entries)


def on_hand(chain: ChainUnderTest) -> dict[UUID, tuple[int, int]]:
    with chain.db.system_read("test") as connection:
        assert ledger.disagreements(connection) == []
        columns = BALANCES.c
        wanted = select(columns.item_id, columns.on_hand_milli, columns.value_minor)
        rows = connection.execute(wanted.where(columns.store_id == chain.stores[0].id))
        return {row.item_id: (row.on_hand_milli, row.value_minor) for row in rows}


def snapshot(chain: ChainUnderTest, stocktake: UUID) -> dict[UUID, int]:
    with chain.db.system_read("test") as connection:
        wanted = select(LINES.c.item_id, LINES.c.snapshot_milli)
        rows = connection.execute(wanted.where(LINES.c.stocktake_id == stocktake))
        return {row.item_id: row.snapshot_milli for row in rows}


def test_a_count_while_the_store_sells(any_chain: ChainUnderTest) -> None:
    """J6.2, J6.3: what moved after it was counted waits for a decision; the snapshot stays."""
    chain = any_chain
    tea, milk, rice, salt = goods(chain)
    stocktake = plan(chain)
    assert do(chain, stocktake, "start").lines == 4
    find(chain, stocktake, {tea: 9000, milk: 10_000, rice: 12_000})
    move(chain, {tea: -2000, milk: -1000}, MovementKind.SALE, utc_now())
    handed_in = do(chain, stocktake, "review")
    assert (handed_in.counted, handed_in.lines) == (3, 4)
    with pytest.raises(ConflictError, match=r"2 items moved"):
        do(chain, stocktake, "post")
    with opened(chain, stocktake) as (session, record):
        service.keep(session, record, [tea], Keep.DIFFERENCE)
        service.keep(session, record, [milk], Keep.COUNT)
    assert do(chain, stocktake, "post").status == "posted"
    has = on_hand(chain)
    assert has[tea] == (7000, 7000)  # one less than the books, and two sold since
    assert has[milk] == (10_000, 10_000)  # counted ten, after the sale
    assert has[rice] == (12_000, 12_000)
    assert has[salt] == (10_000, 10_000)  # nobody counted it
    assert snapshot(chain, stocktake) == dict.fromkeys((tea, milk, rice, salt), 10_000)
    with pytest.raises(ConflictError):
        do(chain, stocktake, "post")
    move(chain, {tea: -1000}, MovementKind.SALE, utc_now() - 2 * DAY)  # a till that was away
    assert on_hand(chain)[tea] == (7000, 7000)


def test_what_differs_is_counted_again(chain: ChainUnderTest) -> None:
    tea, milk, *_ = goods(chain)
    stocktake = plan(chain)
    do(chain, stocktake, "start")
    find(chain, stocktake, {tea: 8000, milk: 10_000})
    assert do(chain, stocktake, "review").difference_minor == 2000
    do(chain, stocktake, "recount")
    assert find(chain, stocktake, {tea: 9000})[tea] == 9000
    assert do(chain, stocktake, "review").difference_minor == 1000
    do(chain, stocktake, "post")
    assert on_hand(chain)[tea][0] == 9000
    with chain.db.system_read("test") as connection:
        first = select(LINES.c.first_milli).where(LINES.c.item_id == tea)
        assert connection.scalar(first) == 8000


def test_what_is_sent_twice_counts_once_and_what_was_not_expected_counts_too(
    chain: ChainUnderTest,
) -> None:
    tea, *_ = goods(chain)
    with chain.write() as session:
        found = apply(session, Product, Change(values={"code": "NEW", "name": "found"})).id
    stocktake = plan(chain)
    do(chain, stocktake, "start")
    entries = [Entry(uuid4(), item, 1000, utc_now()) for item in (tea, tea, found)]
    for _ in range(2):
        with opened(chain, stocktake) as (session, record):
            sums = service.enter(session, record, entries)
    assert sums == {tea: 2000, found: 1000}
    with pytest.raises(InvalidError), opened(chain, stocktake) as (session, record):
        service.enter(session, record, [Entry(uuid4(), tea, -3000, utc_now())])
    with opened(chain, stocktake) as (session, record):
        assert service.count_missing_as_none(session, record) == 3
    do(chain, stocktake, "review", "post")
    has = on_hand(chain)
    assert (has[tea][0], has[found][0]) == (2000, 1000)
    assert sum(quantity for quantity, _ in has.values()) == 3000
    with pytest.raises(ConflictError):
        find(chain, stocktake, {tea: 1000})
    with chain.db.system_read("test") as connection:
        assert len(connection.execute(select(ENTRIES.c.id)).all()) == 3


def test_an_item_is_counted_in_one_place_at_a_time(chain: ChainUnderTest) -> None:
    goods(chain)
    do(chain, plan(chain), "start")
    with pytest.raises(ConflictError, match="4 of these items"):
        do(chain, plan(chain, "PD-2"), "start")


def test_a_part_of_the_store(chain: ChainUnderTest) -> None:
    """INV-12: by category, by what an area is known to hold, by what sells most."""
    tea, milk, rice, salt = goods(chain)
    move(chain, {tea: -8000, milk: -1000, rice: -300}, MovementKind.SALE, utc_now())
    of_category = plan(chain, "A", extent="category", category_id=chain.category)
    assert do(chain, of_category, "start", "cancel").lines == 4
    area = plan(chain, "B", extent="area", area_id=chain.stores[0].area)
    assert do(chain, area, "start").lines == 0
    find(chain, area, {milk: 9000})
    do(chain, area, "cancel")
    again = plan(chain, "C", extent="area", area_id=chain.stores[0].area)
    assert do(chain, again, "start", "cancel").lines == 1
    classes = {}
    for letter in "ABC":
        one = plan(chain, f"{letter}-class", extent="class", abc_class=letter)
        do(chain, one, "start", "cancel")
        classes[letter] = set(snapshot(chain, one))
    assert classes == {"A": {tea}, "B": {milk}, "C": {rice, salt}}
    with pytest.raises(InvalidError):
        plan(chain, "D", extent="category")


def counted_at_random(db: Database, count: Count, seed: int, items: int) -> dict[UUID, Held]:
    """Balances of all sorts with lines that were counted; what each held."""
    pick = random.Random(seed)
    held, balances, lines = {}, [], []
    about = {"chain_id": count.chain_id, "store_id": count.store_id}
    now = utc_now()
    for n in range(items):
        item = uuid5(count.id, str(n))
        has = pick.choice([0, -3000, 1, pick.randrange(1, 10**6)])
        value = pick.choice([0, -7, pick.randrange(0, 10**7)])
        held[item] = Held(has, value)
        balances.append(
            about
            | {"item_id": item, "on_hand_milli": has, "value_minor": value}
            | {"reserved_milli": 0, "in_transit_milli": 0}
        )
        lines.append(
            about
            | {"stocktake_id": count.id, "item_id": item, "line": n, "is_extra": False}
            | {"snapshot_milli": has, "snapshot_value_minor": value, "to_recount": False}
            | {"unit_cost_minor": pick.choice([0, 7, 1999]), "keep": ""}
            | {"counted_milli": pick.choice([0, max(0, has), pick.randrange(10**6)])}
            | {"counted_from": now, "counted_at": now}
        )
    with db.system("test") as connection:
        connection.execute(insert(BALANCES), balances)
        connection.execute(insert(LINES), lines)
    return held


def test_a_set_is_worth_what_its_movements_are(any_chain: ChainUnderTest) -> None:
    """The set form of the rule for values against the plain one."""
    chain = any_chain
    count = Count(plan(chain), chain.id, chain.stores[0].id)
    held = counted_at_random(chain.db, count, 7, 400)
    with chain.db.system("test") as connection:
        figures = posting.figures(connection, count)
        for _ in range(2):  # posting again changes nothing
            posting.post_differences(connection, count, (None, "PD-1"), utc_now())
        lines = connection.execute(select(LINES)).all()
        moved = {row.item_id: row for row in connection.execute(select(MOVEMENTS))}
        balances = {row.item_id: row for row in connection.execute(select(BALANCES))}
    total = 0
    for line in lines:
        before = held[line.item_id]
        milli = line.counted_milli - before.on_hand_milli
        worth = before.worth(abs(milli), line.unit_cost_minor) * (1 if milli > 0 else -1)
        assert (line.posted_milli, line.posted_value_minor) == (milli, worth if milli else 0)
        assert balances[line.item_id].on_hand_milli == line.counted_milli
        assert balances[line.item_id].value_minor == before.value_minor + line.posted_value_minor
        row = moved.get(line.item_id)
        assert (row.quantity_milli if row else 0) == milli
        total += abs(line.posted_value_minor)
    assert figures.difference_minor == total


def test_twenty_thousand_lines_post_in_a_second(chain: ChainUnderTest) -> None:
    """INV-12: every line differs. The bound allows for a loaded machine; CPU is what counts."""
    count = Count(plan(chain), chain.id, chain.stores[0].id)
    counted_at_random(chain.db, count, 3, 20_000)
    begun = time.process_time()
    with chain.db.system("test") as connection:
        posting.post_differences(connection, count, (None, "PD-1"), utc_now())
    assert time.process_time() - begun < 1.0


def test_what_a_scanner_reads(chain: ChainUnderTest) -> None:
    """INV-15: a piece, a case, a weight, and a price that becomes a weight."""
    with chain.write() as session:
        values = {"code": "TEA", "name": "tea", "variants": [{"barcode": "6901028075831"}]}
        units = [{"name": "箱", "factor_milli": 24_000, "barcode": "CASE-24"}]
        tea = apply(session, Product, Change(values=values | {"units": units}))
        apple = {"code": "00123", "name": "apple", "unit": "kg", "price_minor": 1280}
        fruit = apply(session, Product, Change(values=apple)).id
        for name, prefix, price, weight in (("price", "21", 5, 0), ("weight", "22", 0, 5)):
            layout = {"name": name, "prefix": prefix, "price_digits": price}
            apply(session, ScaleLayout, Change(values=layout | {"weight_digits": weight}))
        variant = session.scalars(
            select(ProductVariant.id).where(ProductVariant.product_id == tea.id)
        ).one()
    codes = ["6901028075831", "CASE-24", "2100123006403", "2200123015006", "2100999006408", "no"]
    with chain.db.system_read("test") as connection:
        found = scanned(connection, chain.id, codes)
    assert found == {
        "6901028075831": Scanned(variant),
        "CASE-24": Scanned(variant, 24_000),
        "2100123006403": Scanned(fruit, 500),
        "2200123015006": Scanned(fruit, 1500),
    }
