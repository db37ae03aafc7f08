"""Journey J12 step 1: an old system's list comes over, is corrected, taken back and repeated."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from hub.app import job_runner
from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served, serve
from tests.hub.web.store_under_test import open_store

ROWS = 300
WRONG = (41, 272)  # their lead time is no number
OURS = "/archive/suppliers?q=M-1"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_store(tmp_path_factory.mktemp("j12")) as store, serve(store) as served:
        yield served


@pytest.fixture
def clerk(browser: Browser, office: Served) -> Iterator[Visit]:
    everybody = Visitor(browser, office.url)
    yield everybody.arrive(language="en")
    everybody.leave()


def old_list() -> FilePayload:
    lines = ["编码,名称,交货期"]
    for number in range(1, ROWS + 1):
        days = "三天" if number in WRONG else "3"
        lines.append(f"M-{number},龙脊茶业{number}号,{days}")
    text = "\r\n".join(lines).encode("gb18030")
    return {"name": "供应商.csv", "mimeType": "text/csv", "buffer": text}


def begin(visit: Visit, work: Served) -> Page:
    """Up to the list of errors: file, columns, dry run."""
    page = visit.go("/archive/suppliers/import")
    page.get_by_label("File", exact=True).set_input_files(old_list())
    press(page, work, "Next: columns")
    expect(page.get_by_role("cell", name="名称", exact=True)).to_be_visible()
    press(page, work, "Check every row")
    return page


def press(page: Page, work: Served, name: str) -> None:
    """A button, then the hub's jobs as they run beside the pages, then the page as it is."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()
    job_runner(work.store.services).run_all()
    page.reload()


def test_a_list_comes_over_is_taken_back_and_repeated(office: Served, clerk: Visit) -> None:
    """INT-14, UX-04, UX-18: every error at once, mended in place; the batch undone as a whole."""
    page = begin(clerk, office)
    rows = page.locator("ol.wrong li")
    expect(rows).to_have_count(len(WRONG))
    for _ in WRONG:
        rows.first.get_by_role("textbox").fill("4")
        press(page, office, "Check")
    press(page, office, f"Write rows ({ROWS})")
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    press(page, office, "Undo all of it")
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    expect(clerk.go(OURS).locator("#records tbody tr")).to_have_count(0)

    page = begin(clerk, office)
    press(page, office, f"Write rows ({ROWS - len(WRONG)})")
    expect(clerk.go(OURS).locator("#records tbody tr").first).to_contain_text("龙脊茶业")
