"""J6.1 to J6.3: a count by phone while the store sells, decided at a desk (INV-12, INV-22)."""

import re
from uuid import uuid4

from playwright.sync_api import expect
from sqlalchemy import select

from hub.archive.products.records import ProductVariant
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.kit.clock import utc_now
from tests.e2e.visit import Visitor
from tests.e2e.web_server import Served

WATER = "2000000011004"


def sell_one(hub: Served) -> None:
    """A till sells a piece of what was just counted."""
    store = hub.store
    with store.services.db.system("test") as connection:
        wanted = select(ProductVariant.id).where(ProductVariant.barcode == WATER)
        item = connection.execute(wanted).scalar_one()
        where = (store.chain_id, store.store_id, item)
        sold = Movement(*where, MovementKind.SALE, "test", uuid4(), 0, -1000, utc_now())
        post(connection, [sold], utc_now())


def test_a_count_by_phone_while_the_store_sells(hub: Served, visitor: Visitor) -> None:
    phone = visitor.arrive(language="en", size="phone")
    page = phone.go("/stock/counts")
    page.get_by_role("button", name="Start counting").click()
    code = page.get_by_label("Barcode or code")
    for typed, counted in ((WATER, "1"), (WATER, "2")):
        code.fill(typed)
        code.press("Enter")
        expect(page.get_by_label("Counted", exact=True)).to_have_value(counted)
    code.fill("no such code")
    code.press("Enter")
    expect(page.locator("#last")).to_have_class(re.compile("is-wrong"))
    expect(page.locator("#count_rest")).to_contain_text("55 items to go")
    sell_one(hub)
    page.get_by_role("button", name="Done: hand in").click()
    path = page.url.removeprefix(hub.url).partition("?")[0]

    desk = visitor.arrive(language="en")
    page = desk.go(path)
    expect(page.get_by_text("Decide the items below that moved")).to_be_visible()
    page.get_by_role("button", name="Keep difference").click()
    page.get_by_role("button", name="Post: stock becomes what was counted").click()
    expect(page.get_by_text("Posted", exact=True)).to_be_visible()
    page.get_by_role("link", name="饮用天然水 550ml").click()
    expect(page.locator(".vital", has_text="counted")).to_contain_text("On hand")
    expect(page.locator(".vital .figure").first).to_have_text(
        re.compile(r"^1\D")
    )  # two, less the one sold
