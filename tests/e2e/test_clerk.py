"""A clerk's day at a shared till: an input method, a scanner, and a screen that locks itself."""

import re

from playwright.sync_api import CDPSession, expect

from tests.e2e.visit import Visit
from tests.e2e.web_server import Served

BARCODE = "6901234567892"
PROCESS = 229  # what every key is while an input method has it


def press(session: CDPSession, code: str, *, composed: bool) -> None:
    key = "Process" if composed else code[-1]
    number = PROCESS if composed else 0
    shape = {"code": code, "key": key, "windowsVirtualKeyCode": number}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **shape})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **shape})


def test_a_search_waits_until_the_word_is_chosen(hub: Served, desk: Visit) -> None:
    """UX-14: nothing is asked for while letters are composed, and once when the word is there."""
    page = desk.go("/archive/equipment")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "q=" in one.url else None)
    page.get_by_role("searchbox").first.click()
    session = desk.context.new_cdp_session(page)
    for letters in ("l", "le", "leng"):
        shape = {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
        session.send("Input.imeSetComposition", shape)
        page.wait_for_timeout(200)
    assert asked == []
    with page.expect_response(lambda one: "%E5%86%B7%E5%86%BB" in one.url):
        session.send("Input.insertText", {"text": "冷冻"})
    expect(page.locator("#records tbody tr")).to_have_count(1)


def test_a_scanner_opens_what_it_reads_with_an_input_method_on(hub: Served, desk: Visit) -> None:
    """PRD-09: the keys are those of an input method, the code is right all the same."""
    page = desk.go("/alerts")
    session = desk.context.new_cdp_session(page)
    for digit in BARCODE:
        press(session, f"Digit{digit}", composed=True)
    press(session, "Enter", composed=True)
    expect(page).to_have_url(re.compile(f"/scan\\?code={BARCODE}$|/archive/products/"))
    desk.errors.clear()  # the browser's own line where nothing has this code


def test_a_slow_hand_is_no_scanner(hub: Served, desk: Visit) -> None:
    page = desk.go("/alerts")
    for key in "481516":
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/alerts"))
