"""axe finds nothing on any page, in both languages, sizes and looks, dialogs included (UX-18)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.visit import Visitor
from tests.e2e.web_server import Served

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
PAGES = (
    "/",
    "/stores/{store}",
    "/alerts",
    "/alerts?status=all",
    "/admin",
    "/admin/agents",
    "/help",
    "/ui-kit",
    "/archive/equipment",
    "/archive/equipment?filter[type]=freezer",
    "/archive",
    "/mentions",
    "/archive/equipment/new",
)
LOOKS = [
    ("zh", "desktop", "light"),
    ("en", "desktop", "dark"),
    ("en", "phone", "light"),
    ("zh", "phone", "dark"),
]


def found_by_axe(page: Page) -> list[str]:
    results = Axe().run(page, options=RULES)
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in results.response["violations"]
    ]


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS)
def test_every_page_is_accessible(
    hub: Served, visitor: Visitor, language: str, size: str, scheme: str
) -> None:
    visit = visitor.arrive(language=language, size=size, scheme=scheme)
    found = {}
    for path in PAGES:
        page = visit.go(path.format(store=hub.store.store_id))
        found[path] = found_by_axe(page)
    href = visit.go("/alerts").locator("a.alert-title").first.get_attribute("href")
    found["/alerts/{alert}"] = found_by_axe(visit.go(str(href)))
    assert {path: one for path, one in found.items() if one} == {}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_door_and_the_error_page_are_accessible(
    hub: Served, visitor: Visitor, size: str
) -> None:
    visit = visitor.arrive(size=size, signed_in=False)
    assert found_by_axe(visit.go("/login")) == []
    visit.go("/no-such-page")
    assert found_by_axe(visit.page) == []
    visit.errors.clear()  # the browser's own line about the 404


def test_open_dialogs_and_menus_are_accessible(hub: Served, visitor: Visitor) -> None:
    visit = visitor.arrive(language="en")
    page = visit.go("/alerts")
    page.get_by_role("button", name="Keys").click()
    assert found_by_axe(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("nan")
    expect(page.get_by_role("option", name=re.compile("南京西路"))).to_be_visible()
    assert found_by_axe(page) == []
    page.keyboard.press("Escape")
    page.locator("#user-menu summary").click()
    assert found_by_axe(page) == []
    page.locator("a.alert-title").first.click()
    page.get_by_role("button", name=re.compile("Done, close it")).click()
    assert found_by_axe(page) == []


def test_the_keyboard_alone_is_enough(hub: Served, visitor: Visitor) -> None:
    """From the log-in to an acknowledgement without a mouse."""
    visit = visitor.arrive(language="en", signed_in=False)
    page = visit.go("/login")
    page.keyboard.type("demo")
    page.keyboard.press("Tab")
    page.keyboard.type("seven-plum-4731")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{hub.url}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
