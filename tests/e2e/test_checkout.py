"""J7.2, 7.5, 7.7: a basket explained line by line, taken back in part, and the day closed blind."""

import re

from playwright.sync_api import Page, expect

from hub.archive.promotions.records import Promotion, PromotionKind
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Scope
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from tests.e2e.visit import Visitor
from tests.e2e.web_server import Served

WATER = "2000000011004"  # 2.00


def second_at_half(hub: Served) -> None:
    """第二件半价 on everything, published."""
    store = hub.store
    half = {"buy": 1, "get": 1, "off_percent": 50}
    told = {"code": "HALF", "name": "第二件半价", "name_en": "Second at half", **half}
    with store.services.db.write(Scope(store.chain_id, None)) as session:
        bind_asker(session, Asker.hub("test"))
        one = apply(session, Promotion, Change(values=told | {"kind": PromotionKind.BUY_GET}))
        perform(session, Promotion, one.id, "publish")


def end_it(hub: Served) -> None:
    """Other tests sell at the usual prices."""
    store = hub.store
    with store.services.db.write(Scope(store.chain_id, None)) as session:
        bind_asker(session, Asker.hub("test"))
        (one,) = session.query(Promotion).filter(Promotion.code == "HALF")
        perform(session, Promotion, one.id, "end")


def sell_two(page: Page) -> None:
    """Two pieces, one of them taken out and scanned again; paid in two ways."""
    code = page.get_by_label("Barcode or name")
    code.fill(f"2*{WATER}")
    code.press("Enter")
    expect(page.locator(".total")).to_have_text("¥3.00")
    expect(page.get_by_text("Second at half")).to_be_visible()
    page.get_by_label("Change this line").click()
    page.get_by_label("Quantity", exact=True).fill("1")
    page.locator("form[action*='/lines/']").get_by_role("button", name="Set").click()
    expect(page.locator(".total")).to_have_text("¥2.00")  # without the second its saving is gone
    code.fill(WATER)
    code.press("Enter")
    expect(page.locator(".total")).to_have_text("¥3.00")
    page.get_by_text("Cash with change").click()
    page.get_by_label("WeChat Pay").fill("1")
    page.get_by_label("Cash", exact=True).fill("5")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator(".paid")).to_contain_text("Change ¥3.00")


def take_one_back(page: Page) -> None:
    page.locator(".paid").get_by_role("link", name="Receipt").click()
    page.get_by_role("link", name="Return or exchange").click()
    page.get_by_label(re.compile("^Comes back")).fill("1")
    page.get_by_label("Reason").fill("leaks")
    page.get_by_role("button", name="Into a basket").click()
    expect(page.locator(".total")).to_have_text("¥1.50")  # half of what was paid for both
    page.get_by_role("button", name="Refund").click()
    expect(page.locator(".paid")).to_be_visible()


def close_blind(page: Page) -> None:
    page.get_by_role("link", name="Close the day").click()
    page.get_by_label("Till", exact=True).select_option("hub")
    page.get_by_label("Opening float").fill("100")
    page.get_by_label("Cash", exact=True).fill("101")
    page.get_by_label("WeChat Pay").fill("0.50")
    page.get_by_role("button", name="Counted: compare").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile("101.00"))


def test_from_the_scan_to_the_close_of_the_day(hub: Served, visitor: Visitor) -> None:
    second_at_half(hub)
    page = visitor.arrive(language="en").go("/sales/new")
    sell_two(page)
    take_one_back(page)
    close_blind(page)
    end_it(hub)
