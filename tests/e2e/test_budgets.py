"""What a first visit costs, on the wire and in the browser (UX-01); and that no page overflows."""

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served

KB = 1024
ELEMENTS = 3000
SHIFT = 0.02
PAGES = {
    "/": 60,
    "/alerts": 60,
    "/archive": 60,
    "/archive/equipment": 60,
    "/help": 60,
    "/stores/{store}": 110,
}
OBSERVE = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def path_of(hub: Served, page: str) -> str:
    return page.format(store=hub.store.store_id)


def settle(visit: Visit) -> None:
    """Until the charts, where there are any, are drawn."""
    if visit.page.locator("[data-charts]").count():
        expect(visit.page.locator("[data-charts][data-ready]")).to_be_visible()
    visit.page.wait_for_function("document.readyState === 'complete'")


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_is_small(hub: Served, visitor: Visitor, page: str) -> None:
    known = visitor.arrive()
    visit = visitor.arrive(signed_in=False)
    visit.context.add_cookies(known.context.cookies())  # type: ignore[arg-type]  # same shape
    visit.page.add_init_script(OBSERVE)
    visit.count_bytes()
    visit.go(path_of(hub, page))
    settle(visit)
    assert 0 < visit.bytes <= PAGES[page] * KB
    assert visit.page.evaluate("document.querySelectorAll('*').length") <= ELEMENTS
    assert visit.page.evaluate("window.shifted") <= SHIFT


def test_a_second_page_costs_little_more(hub: Served, visitor: Visitor) -> None:
    """Static files are kept for ever: what is left is the page itself."""
    visit = visitor.arrive()
    visit.go("/alerts")
    visit.count_bytes()
    visit.go("/help")
    settle(visit)
    assert visit.bytes <= 15 * KB


def test_a_zoom_costs_little(hub: Served, visitor: Visitor) -> None:
    visit = visitor.arrive()
    visit.go(path_of(hub, "/stores/{store}"))
    settle(visit)
    end = int(hub.store.now.timestamp() * 1000)
    answer = visit.page.request.get(
        f"{hub.store_url}/charts?from={end - 86_400_000}&to={end}&width=800"
    )
    sizes = answer.headers
    assert answer.ok
    assert sizes["content-encoding"] == "gzip"
    assert int(sizes["content-length"]) <= 15 * KB


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["phone", "small phone"])
def test_nothing_sticks_out_of_a_phone(
    hub: Served, visitor: Visitor, size: str, language: str
) -> None:
    """UX-13: usable at 360 px."""
    visit = visitor.arrive(language=language, size=size)
    for page in (*PAGES, "/admin", "/ui-kit"):
        visit.go(path_of(hub, page))
        settle(visit)
        over = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, page
