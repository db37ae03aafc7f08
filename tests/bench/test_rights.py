"""What rights and masks cost of a look at a page: finding out who asks, and every guarded cell."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.archive.customers.records import Customer
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.records.apply import Change, apply
from hub.kit.records.sight import told
from hub.security.sessions import Sessions
from hub.web.application import create_app
from tests.bench.pages_cost import Browser
from tests.bench.results import Result, report
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store

pytestmark = pytest.mark.bench
TITLE = "Rights and masks, share of a page's CPU"
LOOKS, MOST_PERCENT, CUSTOMERS = 20, 10.0, 100
PAGES = {"a list of 100 customers": "/archive/customers?size=100", "stock": "/stock"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreUnderTest]:
    with open_store(tmp_path) as made:
        with made.services.db.write(Scope(made.chain_id)) as session:
            bind_asker(session, Asker.hub("bench"))
            for n in range(CUSTOMERS):
                values = {"name": f"顾客 {n}", "phone": f"1390000{n:04}", "address": f"南京路 {n}"}
                apply(session, Customer, Change(values=values))
        yield made


class Clock:
    """Adds up the CPU that functions take, in whatever thread they run."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **more: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*args, **more)
            finally:
                self.spent_s += time.thread_time() - began

        return timed


def test_rights_and_masks_are_a_tenth_of_a_page_at_most(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-06, SEC-25"""
    browser, clock = Browser(create_app(store.services), LOGIN.username, LOGIN.password), Clock()
    monkeypatch.setattr(Sessions, "actor", clock.around(Sessions.actor))
    monkeypatch.setattr("hub.web.records.cells.told", clock.around(told))
    shares = {}
    for name, address in PAGES.items():
        browser.cpu_ms(address)
        clock.spent_s, began = 0.0, time.process_time()
        for _ in range(LOOKS):
            browser.ask("GET", address)
        shares[name] = 100 * clock.spent_s / (time.process_time() - began)
    browser.close()
    report(TITLE, [Result(name, one, "%", MOST_PERCENT) for name, one in shares.items()])
    assert all(0 < one <= MOST_PERCENT for one in shares.values()), shares
