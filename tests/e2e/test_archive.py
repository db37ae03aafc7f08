"""A clerk's day in the archive, by keys: lists, cells, forms that lose nothing (UX-02, UX-10)."""

import re

from playwright.sync_api import expect

from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served

LIST = "/archive/equipment"


def test_a_cell_is_changed_by_keys_alone_and_taken_back(desk: Visit) -> None:
    page = desk.go(LIST)
    target = page.locator("td[data-label='Brand']").first
    before = target.inner_text()
    target.click()
    page.keyboard.press("Enter")
    box = target.get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill("Haier")
    page.keyboard.press("Enter")
    expect(target).to_have_text("Haier")
    expect(page.locator("td[data-label='Brand']").nth(1)).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(target).to_have_text(before)


def test_escape_leaves_and_tab_goes_on_to_the_right(desk: Visit) -> None:
    page = desk.go(f"{LIST}?columns=name,brand,model")
    target = page.locator("td[data-label='Brand']").first
    before = target.inner_text()
    target.click()
    page.keyboard.type("X")
    expect(target.get_by_role("textbox")).to_have_value("X")
    page.keyboard.press("Escape")
    expect(target).to_have_text(before)
    page.keyboard.press("Enter")
    target.get_by_role("textbox").fill("Midea")
    page.keyboard.press("Tab")
    expect(page.locator("td[data-label='Model']").first).to_be_focused()
    expect(target).to_have_text("Midea")
    page.get_by_role("button", name="Undo").click()
    expect(target).to_have_text(before)


def test_a_wrong_value_stays_with_its_reason(desk: Visit) -> None:
    page = desk.go(f"{LIST}?columns=name,service_life_months")
    target = page.locator("td[data-label='Service life']").first
    target.click()
    page.keyboard.press("Enter")
    target.get_by_role("textbox").fill("-5")
    page.keyboard.press("Enter")
    expect(target.get_by_role("alert")).to_have_text("Must be 1 or more.")
    page.keyboard.press("Escape")
    desk.errors.clear()  # the browser's own line about the 422


def test_two_who_edit_one_cell_see_both_values(hub: Served, visitor: Visitor) -> None:
    one, other = visitor.arrive(language="en"), visitor.arrive(language="en")
    cells = [v.go(LIST).locator("td[data-label='Model']").first for v in (one, other)]
    for target, value in zip(cells, ("A-1", "B-2"), strict=True):
        target.click()
        target.page.keyboard.press("Enter")
        target.get_by_role("textbox").fill(value)
        target.page.keyboard.press("Enter")
    expect(cells[1].get_by_role("alert")).to_contain_text("\u201cA-1\u201d")
    other.page.keyboard.press("Enter")
    expect(cells[1]).to_have_text("B-2")
    other.errors.clear()  # the browser's own line about the 409


def test_a_filter_becomes_a_view_that_is_one_click_away(desk: Visit) -> None:
    page = desk.go(LIST)
    page.locator("#chip-type summary").click()
    page.locator(".facets").get_by_text("Freezer").click()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"filter\[type\]=freezer"))
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name").fill("Freezers")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"view=Freezers$"))
    page.get_by_role("link", name="All", exact=True).click()
    page.get_by_role("link", name="Freezers").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_record_leads_to_its_neighbours_and_back_to_its_list(desk: Visit) -> None:
    page = desk.go(f"{LIST}?sort=-code")
    names = page.locator(".record-name a").all_inner_texts()
    page.get_by_role("link", name=names[1], exact=True).click()
    expect(page.locator("[data-neighbours]")).to_contain_text(f"2 / {len(names)}")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text(names[2])
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text(names[1])
    page.locator("[data-back]").click()
    expect(page).to_have_url(re.compile(r"sort=-code"))


def test_what_was_typed_survives_the_end_of_the_session(hub: Served, visitor: Visitor) -> None:
    """UX-02: the form comes back after signing in again, with every word."""
    visit = visitor.arrive(language="en")
    page = visit.go(f"{LIST}/new")
    page.get_by_label("Name").fill("Bread oven")
    page.get_by_label("Code").fill("OV-77")
    visit.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/login\?next="))
    page.get_by_label(re.compile("User name|用户名")).fill(visit.username)
    page.get_by_label(re.compile("Password|密码")).fill(visit.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/archive/equipment/new*")
    expect(page.locator("#f-name")).to_have_value("Bread oven")
    expect(page.locator("#f-code")).to_have_value("OV-77")
    page.locator("[data-draft-note] button").click()
    expect(page.locator("#f-name")).to_have_value("")


def test_nobody_finds_the_typing_of_who_signed_out(hub: Served, visitor: Visitor) -> None:
    visit = visitor.arrive(language="en")
    page = visit.go(f"{LIST}/new")
    page.get_by_label("Name").fill("Secret plan")
    page.on("dialog", lambda dialog: dialog.accept())
    visit.go(LIST)
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"
    assert page.evaluate(kept) == 1
    page.locator("#user-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    assert page.evaluate(kept) == 0


def test_everything_is_one_shortcut_away(hub: Served, visitor: Visitor) -> None:
    """UX-14: by letters of pinyin, on a desk and on a phone."""
    desk = visitor.arrive(language="en")
    page = desk.go("/alerts")
    page.keyboard.press("Control+k")
    page.keyboard.type("njxl")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("南京西路")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/stores/[0-9a-f-]{36}"))
    phone = visitor.arrive(language="zh", size="phone")
    page = phone.go("/alerts")
    page.get_by_role("button", name="查找").click()
    page.locator("#palette input").fill("新建设备")
    page.get_by_role("option", name="新建设备", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("新建设备")
