"""What a look at a page costs the hub's process: a store with 14 days at one a minute, and the
overview of 500 stores."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.archive.chains.service import open_chain
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.demo.seed import Login
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.records.apply import Change, apply
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords
from hub.timeseries.tiers import TieredTimeSeries
from hub.web.application import create_app
from tests.bench.pages_cost import Browser
from tests.bench.results import Result, broken, report
from tests.hub.web import store_under_test
from tests.hub.web.store_under_test import LOGIN, open_store

pytestmark = pytest.mark.bench

TITLE = "Pages, CPU of the hub for one look"
STORES = 500
CHIEF = Login("chief-of-500", "nine-pear-2096")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[Result]]:
    monkeypatch.setattr(store_under_test, "STEP", timedelta(minutes=1))
    with open_store(tmp_path) as made:
        many_stores(made.services.db)
        tiers = TieredTimeSeries(made.services.timeseries, tmp_path, settle_s=0.0)
        app = create_app(replace(made.services, timeseries=tiers))
        mine, wide = (Browser(app, one.username, one.password) for one in (LOGIN, CHIEF))
        here = f"/stores/{made.store_id}"
        yield [
            Result("store", mine.cpu_ms(here), "ms", 6),
            Result("14 days of its charts", mine.cpu_ms(f"{here}/charts?width=1100"), "ms", 10),
            Result("overview of 500 stores", wide.cpu_ms("/"), "ms", 4),
            Result("alerts", mine.cpu_ms("/alerts"), "ms", 6),
            Result("a list of records, 500 stores", wide.cpu_ms("/archive/stores"), "ms", 6),
            Result("stock", mine.cpu_ms("/stock"), "ms"),
        ]
        for browser in (mine, wide):
            browser.close()


def many_stores(db: Database) -> None:
    """A chain of its own, so that the store under test stays as it is."""
    chain_id = open_chain(db, "500")
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("bench"))
        region = apply(session, Region, Change(values={"code": "SH", "name": "上海"}))
        for number in range(STORES):
            values = {"code": f"S{number:03d}", "name": f"门店 {number}", "region_id": region.id}
            apply(session, Store, Change(values=values))
    grants = (Grant("admin"), Grant("hq_manager"))
    account = NewAccount(CHIEF.username, "总部", CHIEF.password, grants, must_change=False)
    add_account(db, Passwords(), chain_id, account, Asker.hub("bench"))


def test_a_look_costs_little(results: Sequence[Result]) -> None:
    report(TITLE, results)
    assert broken(results) == []
