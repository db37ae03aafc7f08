"""The way of every morning: sign in, find the store, see the red badge, take it on."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from hub.detection.findings import Rule
from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served

WAYS = [
    ("zh", "desktop", "hvac-1", Rule.VALUE_HIGH),
    ("en", "desktop", "meter-1", Rule.VALUE_HIGH),
    ("zh", "phone", "till-1", Rule.DEVICE_ALARM),
    ("en", "phone", "till-2", Rule.DEVICE_ALARM),
]
SOON_MS = 2000


def badge(visit: Visit) -> Locator:
    return visit.page.locator("nav [data-open-alerts]")


@pytest.mark.parametrize(("language", "size", "device", "rule"), WAYS)
def test_a_manager_sees_a_new_alert_and_takes_it_on(
    hub: Served, visitor: Visitor, language: str, size: str, device: str, rule: Rule
) -> None:
    """ALR-05, ALR-07, UX-13, UX-18, TSD-02: nothing is reloaded on the way."""
    visit = visitor.arrive(language=language, size=size)
    page = visit.page
    page.get_by_role("link", name=re.compile("南京西路店")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("南京西路店")
    expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))

    before = int(badge(visit).inner_text())
    alert_id = hub.raise_alert(device, rule)
    row = page.locator(f"#open_alerts #a-{alert_id}")
    expect(row).to_be_visible(timeout=SOON_MS)
    expect(badge(visit)).to_have_text(str(before + 1), timeout=SOON_MS)

    page.get_by_role("link", name=visit.word("alerts")).first.click()
    row = page.locator(f"#a-{alert_id}")
    expect(row).to_contain_text(visit.word("not acknowledged"))
    with page.expect_response(re.compile("/acknowledge$")):  # the row changes before the hub has it
        row.get_by_role("button", name=re.compile(f"^{visit.word('acknowledge')}")).click()
        expect(row.locator("[data-state-text]")).to_have_text(visit.word("acknowledged"))
    page.reload()
    expect(page.locator(f"#a-{alert_id} [data-state-text]")).to_have_text(
        visit.word("acknowledged")
    )


def test_everybody_else_sees_who_took_it_on(hub: Served, visitor: Visitor) -> None:
    """ALR-07: within two seconds, with the name."""
    alert_id = hub.raise_alert("cabinet-2", Rule.DEVICE_ALARM)
    one, other = visitor.arrive(language="en"), visitor.arrive(language="zh", size="phone")
    one.go("/alerts")
    other.go("/alerts")
    row = other.page.locator(f"#a-{alert_id}")
    expect(row).to_contain_text("未确认")
    one.page.locator(f"#a-{alert_id}").get_by_role("button").click()
    expect(row.locator("[data-state-text]")).to_have_text("已确认", timeout=SOON_MS)
    expect(row).to_contain_text("体验账号")


def test_an_acknowledgement_can_be_undone(hub: Served, desk: Visit) -> None:
    alert_id = hub.raise_alert("cabinet-1", Rule.DEVICE_ALARM)
    row = desk.go("/alerts").locator(f"#a-{alert_id}")
    row.get_by_role("button").click()
    expect(row.locator("[data-state-text]")).to_have_text("Acknowledged")
    with desk.page.expect_response(re.compile("/undo$")) as undone:
        desk.page.get_by_role("button", name="Undo").click()
    assert undone.value.status == 200
    desk.page.reload()
    expect(row.locator("[data-state-text]")).to_have_text("Not acknowledged")


def test_a_refused_acknowledgement_goes_back_with_the_reason(hub: Served, desk: Visit) -> None:
    alert_id = hub.raise_alert("door-1", Rule.DEVICE_ALARM)
    row = desk.go("/alerts").locator(f"#a-{alert_id}")
    desk.page.route("**/acknowledge", lambda route: route.abort())
    row.get_by_role("button").click()
    expect(row.locator("[data-state-text]")).to_have_text("Not acknowledged")
    expect(desk.page.get_by_role("status")).to_contain_text("The hub does not answer")
    desk.errors.clear()  # the browser's own line about the request that was cut


def test_the_list_can_be_worked_through_by_keys(hub: Served, desk: Visit) -> None:
    """ALR-07, UX-18: J and K move, A acknowledges, Enter opens."""
    hub.raise_alert("door-2", Rule.DEVICE_ALARM)
    page = desk.go("/alerts")
    page.keyboard.press("j")
    first = page.locator("[data-alert]").first
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-alert]").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("a")
    expect(first.locator("[data-state-text]")).to_have_text("Acknowledged")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/alerts/[0-9a-f-]{36}$"))


def test_one_key_assigns_and_another_shelves(hub: Served, desk: Visit) -> None:
    """ALR-07: M takes the alert, S puts it aside with a reason; both are undone from the toast."""
    alert_id = hub.raise_alert("meter-1", Rule.DEVICE_OFFLINE)
    page = desk.go("/alerts")
    row = page.locator(f"#a-{alert_id}")
    row.focus()
    page.keyboard.press("m")
    expect(row.locator("[data-state-text]")).to_have_text("Assigned", timeout=SOON_MS)
    page.get_by_role("button", name="Undo").click()
    expect(row.locator("[data-state-text]")).to_have_text("Not acknowledged", timeout=SOON_MS)
    row.focus()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("4 hours").check()
    dialog.get_by_label("Why?").fill("waiting for a part")
    dialog.get_by_role("button", name="Shelve").click()
    expect(row.locator("[data-state-text]")).to_have_text("Shelved", timeout=SOON_MS)
    page.get_by_role("button", name="Undo").click()
    expect(row.locator("[data-state-text]")).to_have_text("Not acknowledged", timeout=SOON_MS)


def test_an_alert_page_tells_cause_measure_and_evidence(desk: Visit) -> None:
    """ALR-05, ALR-06."""
    page = desk.go("/alerts?severity=critical")
    page.locator("a.alert-title").first.click()
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    expect(page.locator(".steps li")).not_to_have_count(0)
    expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))
    expect(page.locator(".plot canvas")).to_be_visible()


def test_readings_arrive_without_a_reload(hub: Served, desk: Visit) -> None:
    """TSD-02: the number, its age and the clock move by themselves."""
    page = desk.go(f"/stores/{hub.store.store_id}")
    value = page.locator('[data-live="cabinet-1/air_temperature_c"]')
    expect(value).to_be_visible()
    page.wait_for_function("document.querySelector('[data-clock]') !== null")
    hub.read("cabinet-1", "air_temperature_c", -7.25)
    expect(value).to_have_text("\N{MINUS SIGN}7.3", timeout=SOON_MS)
    hub.read("cabinet-1", "door_open", 1.0)
    expect(page.locator('[data-live="cabinet-1/door_open"]')).to_have_text("open", timeout=SOON_MS)


def test_a_chart_zooms_into_the_address_and_back(hub: Served, desk: Visit) -> None:
    """Every range is in the address; Back goes to the one before."""
    page = desk.go(f"/stores/{hub.store.store_id}")
    expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))
    plot = page.locator("[data-chart=freezer] .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 40, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    zoomed = dict(re.findall(r"(from|to)=(\d+)", page.url))
    length = timedelta(milliseconds=int(zoomed["to"]) - int(zoomed["from"]))
    assert timedelta(days=2.5) < length < timedelta(days=3.1)
    page.go_back()
    expect(page).not_to_have_url(re.compile("from="))
    page.get_by_role("link", name="24 h").click()
    expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))
    expect(page.locator("[data-range='1d']")).to_have_attribute("aria-current", "true")


def test_a_filter_is_in_the_address(desk: Visit) -> None:
    page = desk.go("/alerts")
    page.get_by_label("Severity").select_option("critical")
    expect(page).to_have_url(re.compile("severity=critical"))
    expect(page.locator("[data-alert]")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-alert]")).to_have_count(1)


def test_language_and_look_are_kept(desk: Visit) -> None:
    page = desk.go("/")
    page.locator("#user-menu summary").click()
    page.get_by_role("link", name="繁體中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("總覽")
    page.locator("#user-menu summary").click()
    page.get_by_role("link", name="深色").click()
    page.goto(f"{desk.url}/alerts")
    expect(page.get_by_role("heading", level=1)).to_have_text("預警")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(15, 20, 18)"


def test_a_hub_that_is_away_is_told_at_once(hub: Served, desk: Visit) -> None:
    """TSD-11: no stale number that looks live."""
    page = desk.go(f"/stores/{hub.store.store_id}")
    banner = page.locator("#connection")
    expect(banner).to_be_hidden()
    desk.context.set_offline(True)
    expect(banner).to_contain_text("Connection to the hub lost", timeout=15_000)
    desk.context.set_offline(False)
    expect(banner).to_be_hidden(timeout=15_000)
    desk.errors.clear()


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor: Visitor) -> None:
    visit = visitor.arrive(language="en", signed_in=False)
    visit.go("/alerts?status=all")
    expect(visit.page).to_have_url(re.compile(r"/login\?next="))
    visit.page.get_by_label("User name").fill("demo")
    visit.page.get_by_label("Password").fill("not this one")
    visit.page.get_by_role("button", name="Sign in").click()
    expect(visit.page.get_by_role("alert")).to_be_visible()
    visit.errors.clear()  # the browser's own line about the 401
