"""Journey J3: from a drifting freezer to a verified repair, on a phone (STO-06, STO-07, STO-10,
STO-12). Without booking its cost."""

import io
import re

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from hub.detection.findings import Rule, Severity
from tests.e2e.visit import Visitor
from tests.e2e.web_server import Served


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
    expect(page.get_by_role("img", name="after.jpg")).to_be_visible()
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
    expect(page.get_by_text("Verified").first).to_be_visible()

    page = visit.go(f"/alerts/{alert_id}")
    expect(page.get_by_text("New door seal").first).to_be_visible()
    machine = visit.go(order.replace(hub.url, ""))
    expect(machine.get_by_text("Signed by")).to_be_visible()
