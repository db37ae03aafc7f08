"""Tickets by the thousand, and a year of a hundred stores.

BENCH_SMALL=1 makes a tenth. The backlog goes the road of the consumer of tickets (read in one
transaction, written in those after it, a hundred at once); while it drains, a page's write waits
its turn in the same gate. The year's data are made by SQL, not by the hub.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import select, text

from hub.analytics import tickets
from hub.analytics.sales import by_day
from hub.analytics.stores import StoreClock, clocks
from hub.analytics.tickets import Document, Place
from hub.archive.chains.service import open_chain
from hub.archive.products.records import Product
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.ingest.events import TICKETS_AT_ONCE
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.records.apply import Change, apply
from hub.kit.statistics import learn
from hub.tables import database_at
from protocols.pos.ticket import Line, Tender, TenderKind, Ticket, TicketKind
from tests.bench.results import Result, broken, report

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

SHARE = 10 if os.environ.get("BENCH_SMALL") else 1
TICKETS = int(os.environ.get("BENCH_TICKETS", 20_000 // SHARE))
YEAR_TICKETS = int(os.environ.get("BENCH_YEAR_TICKETS", 11_000_000 // SHARE))
ARTICLES = 500
AT_ONCE = 400
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


class Chain:
    """A chain with some stores and its articles."""

    def __init__(self, folder: Path, stores: int) -> None:
        url = os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder / 'hub.sqlite'}")
        self.db = database_at(url)
        self.db.create_all()
        self.id = open_chain(self.db, f"Bench {uuid4().hex[:6]}")
        self.stores: list[UUID] = []
        with self.db.write(Scope(self.id, None)) as session:
            bind_asker(session, Asker.hub("bench"))
            region = apply(session, Region, Change(values={"code": "R", "name": "R"}))
            for n in range(stores):
                values = {"code": f"S{n:03}", "name": f"S{n:03}", "region_id": region.id}
                self.stores.append(apply(session, Store, Change(values=values)).id)
            for n in range(ARTICLES):
                values = {"code": f"A{n:04}", "name": f"茶 {n}", "cost_minor": 100}
                apply(session, Product, Change(values=values))


def ticket(number: int) -> Ticket:
    lines = tuple(
        Line(name="茶", code=f"A{(number * 7 + n * 13) % ARTICLES:04}", quantity=1,
             price_cents=500, amount_cents=500)
        for n in range(3)
    )  # fmt: skip
    return Ticket(
        till="till-1", business_day=NOW.date(), number=f"{number:07}", kind=TicketKind.SALE,
        at=NOW + timedelta(seconds=number % 20_000), currency="CNY", lines=lines,
        tenders=(Tender(kind=TenderKind.CASH, amount_cents=1500),), total_cents=1500,
    )  # fmt: skip


def test_a_backlog_of_tickets_drains(tmp_path: Path) -> None:
    """≥ 2,000 tickets/s of three lines each on SQLite, live writes at p99 ≤ 100 ms meanwhile."""
    chain = Chain(tmp_path, 1)
    agent = uuid4()
    documents = [
        Document(Place(agent, 1, n, 0), chain.stores[0], "till-1", False, ticket(n).to_json())
        for n in range(TICKETS)
    ]
    waits: list[float] = []
    is_over = threading.Event()

    def live() -> None:
        while not is_over.wait(0.05):
            begun = time.perf_counter()
            with chain.db.write(Scope(chain.id, None)) as session:
                session.get(Store, chain.stores[0])
            waits.append(time.perf_counter() - begun)

    beside = threading.Thread(target=live)
    beside.start()
    begun, cpu = time.perf_counter(), time.process_time()
    for first in range(0, TICKETS, AT_ONCE):
        some = documents[first : first + AT_ONCE]
        with chain.db.system_read("bench") as connection:
            known = clocks(connection)
            batch = tickets.read(connection, some, known, NOW)
        for part in batch.parts(TICKETS_AT_ONCE):
            with chain.db.system("bench") as connection:
                tickets.write(connection, part, known)
    wall, spent = time.perf_counter() - begun, time.process_time() - cpu
    is_over.set()
    beside.join()
    engine = chain.db.engines.write.dialect.name
    chain.db.close()
    goal = 2_000 if engine == "sqlite" else None
    results = [
        Result(f"backlog of {TICKETS} tickets, {engine}", TICKETS / wall, "tickets/s", goal, True),
        Result("its CPU", spent / TICKETS * 1e3, "ms/ticket"),
        Result("a live write beside it, p99", float(np.percentile(waits, 99)) * 1e3, "ms", 100),
    ]
    report("Tickets", results)
    assert broken(results) == []


_YEAR = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :last)
INSERT INTO tickets (id, chain_id, store_id, agent_id, epoch, batch_id, item, received_at, till,
  business_day, number, kind, at, currency, total_cents, discount_cents, change_cents,
  quantity_milli, content_hash, is_repeat, is_conflict)
SELECT printf('%032x', i), :chain, store, :agent, 1, i, 0, at, 'till-1', date(at),
  printf('%09d', i), 'sale', at, 'CNY', 500 + i % 5000, 0, 0, 2000, randomblob(32), 0, 0
FROM (SELECT i, (SELECT id FROM bench_stores WHERE k = i % :stores) AS store,
      datetime(:start, '+' || ((i / :stores) * 31536000 / (:whole / :stores)) || ' seconds') AS at
      FROM n)
"""
_HOURS = """
INSERT INTO sales_hour (store_id, business_day, start_at, currency, chain_id, revenue_cents,
  tickets, quantity_milli, discount_cents)
SELECT store_id, business_day, strftime('%Y-%m-%d %H:00:00', at), currency, chain_id,
  sum(total_cents), count(*), sum(quantity_milli), 0
FROM tickets GROUP BY store_id, business_day, strftime('%Y-%m-%d %H:00:00', at), currency, chain_id
"""


def test_a_year_of_a_hundred_stores(tmp_path: Path) -> None:
    """Sales by day of 100 stores over a year, with 11 million tickets stored, in under 1 s."""
    chain = Chain(tmp_path, 100)
    start = NOW - timedelta(days=365)
    about = {"chain": chain.id.hex, "agent": uuid4().hex, "stores": 100, "whole": YEAR_TICKETS}
    about |= {"start": f"{start:%Y-%m-%d %H:%M:%S}"}
    with chain.db.system("bench") as connection:
        connection.execute(text("CREATE TABLE bench_stores (k INTEGER PRIMARY KEY, id TEXT)"))
        rows = [{"k": n, "id": one.hex} for n, one in enumerate(chain.stores)]
        connection.execute(text("INSERT INTO bench_stores VALUES (:k, :id)"), rows)
    for first in range(0, YEAR_TICKETS, 500_000):
        with chain.db.system("bench") as connection:
            span = {"first": first, "last": min(YEAR_TICKETS, first + 500_000)}
            connection.execute(text(_YEAR), about | span)
    with chain.db.system("bench") as connection:
        connection.execute(text(_HOURS))
    learn(chain.db)
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        with chain.db.read(Scope(chain.id, None)) as session:
            sold = 0
            for one in session.scalars(select(Store)):
                days = by_day(session, StoreClock.of(one), start.date(), NOW.date())
                sold += sum(day.tickets for day in days.values())
        spent.append(time.perf_counter() - begun)
    chain.db.close()
    results = [
        Result(
            f"100 stores by day, a year, {YEAR_TICKETS} tickets", float(np.median(spent)), "s", 1
        )
    ]
    report("A year of sales", results)
    assert sold == YEAR_TICKETS
    assert broken(results) == []
