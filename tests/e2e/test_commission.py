"""Journey J1 in the hub: a store, its machines with their labels, nothing left unbound."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.ingest.node import Declared
from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served, serve
from tests.hub.web.store_under_test import open_store

STORE = "上海杨树浦店"
MACHINES = (
    ("CAB-9", "冷藏柜 9", "cabinet"),
    ("AC-9", "空调 9", "hvac"),
    ("MTR-9", "电表 9", "meter"),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub of its own, to which this journey adds a store."""
    with open_store(tmp_path_factory.mktemp("j1")) as store, serve(store) as served:
        yield served


@pytest.fixture
def headquarters(browser: Browser, site: Served) -> Iterator[Visit]:
    everybody = Visitor(browser, site.url)
    yield everybody.arrive(language="zh")
    everybody.leave()


def save(page: Page) -> None:
    page.get_by_role("button", name="保存", exact=True).first.click()
    page.wait_for_url(re.compile(r"/archive/[a-z-]+/[0-9a-f-]{36}"))


def test_a_store_is_opened_and_its_machines_get_their_labels(headquarters: Visit) -> None:
    """J1 steps 1 and 2: CHN-07, STO-01, STO-03, STO-12."""
    page = headquarters.go("/archive/stores/new")
    page.locator("#f-code").fill("SH009")
    page.locator("#f-name").fill(STORE)
    page.locator("#f-business_type").select_option("tea")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(STORE)
    for code, name, kind in MACHINES:
        page = headquarters.go("/archive/equipment/new")
        store = page.locator("#f-store_id")
        if store.evaluate("one => one.tagName") == "SELECT":
            store.select_option(label=STORE)
        else:
            store.fill(STORE)
        page.locator("#f-code").fill(code)
        page.locator("#f-name").fill(name)
        page.locator("#f-type").select_option(kind)
        save(page)
    page = headquarters.go("/machines/labels/sheet")
    for code, _, _ in MACHINES:
        expect(page.locator(".labels li", has_text=code).locator("svg")).to_be_visible()


def test_what_an_agent_reads_and_nobody_bound_is_shown_until_it_is(
    site: Served, headquarters: Visit
) -> None:
    """J1 step 7: EDG-11."""
    registry = site.store.services.registry
    (node,) = registry.nodes()
    registry.declare(node, [Declared(None, "scale-1", "weight_kg")], 99)
    page = headquarters.go("/admin/devices")
    left = page.locator("li, tr", has_text="scale-1").first
    expect(left).to_be_visible()
    left.locator("select[name=to]").select_option("store")
    left.get_by_role("button").first.click()
    expect(page.locator("form", has=page.locator("input[value='scale-1']"))).to_have_count(0)
