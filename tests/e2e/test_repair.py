"""Journey J3: from a drifting freezer to a verified repair, on a phone (STO-06, STO-07, STO-10,
STO-12). Without booking its cost."""

import io
import re

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from hub.detection.findings import Rule, Severity
from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served

PATIENCE_MS = 20_000


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (320, 240), "gray").save(made, "JPEG")
    return made.getvalue()


def work(page: Page) -> None:
    """The checklist, a photo, a part."""
    boxes = page.locator(".checks button[aria-pressed=false]")
    while (left := boxes.count()) > 0:
        boxes.first.click()
        expect(boxes).to_have_count(left - 1)

    picture = FilePayload(name="after.jpg", mimeType="image/jpeg", buffer=photo())
    page.get_by_label("Take or choose a photo").set_input_files(files=[picture])
    page.locator(".shot-add").get_by_role("button", name="Add").click()
    expect(page.get_by_role("img", name="after.jpg")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Part *").fill("door seal")
    page.get_by_role("button", name="Add", exact=True).first.click()
    expect(page.get_by_text("Part used: door seal × 1")).to_be_visible()


def test_an_alert_becomes_a_repair_that_is_verified(hub: Served, visitor: Visitor) -> None:
    alert_id = hub.raise_alert("cabinet-2", Rule.VALUE_HIGH, Severity.HIGH)
    visit = visitor.arrive(language="en", size="phone")
    page = visit.go(f"/alerts/{alert_id}")
    page.get_by_role("button", name="Work order").click()
    expect(page).to_have_url(re.compile("/work-orders/"))
    order = page.url
    expect(page.get_by_text("From the alert:")).to_be_visible()

    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="On my way").click()
    page.get_by_role("button", name="Start work").click()
    work(page)

    page.get_by_role("button", name="Done", exact=True).click()
    done = page.get_by_role("dialog")
    done.get_by_label("What was done?").fill("New door seal")
    done.get_by_label("Signature on site").fill("Store manager")
    done.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".timeline").get_by_text("Verified")).to_be_visible()

    page = visit.go(f"/alerts/{alert_id}")
    expect(page.get_by_text("New door seal").first).to_be_visible()
    machine = visit.go(order.replace(hub.url, ""))
    expect(machine.get_by_text("Signed by")).to_be_visible()


def accepted_order(hub: Served, visit: Visit) -> str:
    """The path of an order that its technician has taken, and that the phone keeps."""
    page = visit.go(f"/alerts/{hub.raise_alert('cabinet-1', Rule.VALUE_HIGH, Severity.HIGH)}")
    page.get_by_role("button", name="Work order").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("[data-status-name]")).to_have_text("Accepted")
    expect(page.locator(".timeline").get_by_text("Accepted")).to_be_visible()
    path = page.url.replace(hub.url, "")
    page = visit.go("/work-orders?show=mine")
    expect(page.get_by_text("no signal: 1")).to_be_visible(timeout=PATIENCE_MS)
    return path


def test_a_cold_room_without_a_signal_loses_nothing(hub: Served, visitor: Visitor) -> None:
    """STO-06, STO-07: today's orders are kept, what is done waits in sight and goes out once."""
    visit = visitor.arrive(language="en", size="phone")
    path = accepted_order(hub, visit)
    visit.context.set_offline(True)
    page = visit.page
    page.locator(f"a[href='{path}']").click()
    page.get_by_role("button", name="On my way").click()
    page.get_by_role("button", name="Start work").click()
    tick = page.locator(".checks button").first
    tick.click()
    waiting = page.get_by_role("heading", name="3 waiting to send")
    expect(waiting).to_be_visible()
    page.reload()
    expect(waiting).to_be_visible()
    expect(tick).to_have_attribute("aria-pressed", "true")

    visit.context.set_offline(False)
    expect(page.locator("#outbox")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator("[data-status-name]")).to_have_text("In work")
    expect(page.locator(".timeline").get_by_text("On the way")).to_be_visible()

    visit.context.set_offline(True)
    page.get_by_role("button", name="Wait for parts").click()
    desk = visitor.arrive(language="en").go(path)
    desk.get_by_role("button", name="Cancel", exact=True).first.click()
    expect(desk.locator(".timeline").get_by_text("Cancelled")).to_be_visible()
    visit.context.set_offline(False)
    expect(page.get_by_text("it is “Cancelled” now")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Yours")).to_be_visible()
    page.get_by_role("button", name="Drop mine").click()
    expect(page.locator("[data-status-name]")).to_have_text("Cancelled")
    visit.errors.clear()  # the browser's own lines about no network and about the refusal
