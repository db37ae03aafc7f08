"""A whole store on real wires: what its devices say reaches the page, and so does their silence."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.living_store import LivingStore, living_store
from tests.e2e.visit import Visitor

REFRESH_MS = 10_000
GREY_MS = 40_000
OFFLINE_MS = 180_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingStore]:
    with living_store(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, demo: LivingStore) -> Iterator[Visitor]:
    everybody = Visitor(browser, demo.url, demo.username, demo.password)
    yield everybody
    everybody.leave()


@pytest.mark.timeout(420)
def test_a_store_lives_on_the_page_until_its_machines_fall_silent(
    demo: LivingStore, visitor: Visitor
) -> None:
    """TSD-02, TSD-11, ALR-07: register → page within 10 s; silence → grey, then a red badge."""
    visit = visitor.arrive(language="zh")
    page = visit.page
    page.locator(".store-what a").first.click()
    expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))
    expect(page.locator(".tile")).to_have_count(9)

    power = page.locator('[data-live="meter-1/power_w"]')
    expect(power).to_have_text(re.compile(r"\d"))
    expect(power).not_to_have_text(power.inner_text(), timeout=REFRESH_MS)

    badge = page.locator("nav [data-open-alerts]")
    expect(badge).to_be_hidden()
    os.kill(demo.pids["simulator-1"], signal.SIGSTOP)
    try:
        expect(power).to_have_class(re.compile("stale"), timeout=GREY_MS)
        expect(page.locator("#open_alerts [data-alert]").first).to_be_visible(timeout=OFFLINE_MS)
        expect(badge).to_have_text(re.compile("[1-9]"), timeout=REFRESH_MS)
    finally:
        os.kill(demo.pids["simulator-1"], signal.SIGCONT)
    row = page.locator("#open_alerts [data-alert]").first
    row.get_by_role("button", name=re.compile("^确认")).click()
    expect(row.locator("[data-state-text]")).to_have_text("已确认")
    expect(power).not_to_have_class(re.compile("stale"), timeout=GREY_MS)
