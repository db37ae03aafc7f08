"""What holds for every page in every language: UX-01, UX-13, UX-18, and the budgets."""

import gzip
import re

import pytest
from starlette.testclient import TestClient

from hub.web.assets import DASHBOARDS
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import StoreUnderTest

PATHS = (
    "/",
    "/stores/{store}",
    "/alerts",
    "/alerts?status=all",
    "/alerts/{alert}",
    "/alerts/playbook",
    "/alerts/quality",
    "/work-orders",
    "/work-orders?layout=board",
    "/machines/labels/sheet",
    "/stores/{store}/health",
    "/stores/{store}/cold-chain",
    "/account/notices",
    "/admin/notices",
    "/admin",
    "/admin/automation",
    "/admin/agents",
    "/admin/refused",
    "/admin/people",
    "/admin/people/new",
    "/admin/roles",
    "/admin/roles/clerk",
    "/account",
    "/account/second-factor",
    "/admin/audit",
    "/admin/findings",
    "/admin/incident",
    "/admin/review",
    "/admin/privacy",
    "/admin/approval-rules",
    "/admin/policies",
    "/approvals",
    "/help",
    "/home",
    "/tasks",
    "/courses",
    "/courses/alerts",
    "/courses/alerts/kit",
    "/courses/people",
    "/feedback",
    "/feedback/new",
    "/help?q=alert",
    "/help/agents",
    "/ui-kit",
    "/login",
    "/till/devices",
    "/account/pin",
    "/stock",
    "/stock/codes",
    "/stock/counts",
    "/stock/transfers",
    "/stock/on",
    "/promotions",
    "/stock/expiry",
    "/sales/new",
    "/sales/back",
    "/sales",
    "/sales/figures",
    "/sales/articles",
    "/sales/figures?by=conversion",
    "/sales/quarantine",
    "/sales/close",
    "/stock/watch",
    "/stock/watch?show=outages",
    "/stock/watch?show=all",
    "/archive",
    "/mentions",
    "/archive/equipment",
    "/archive/suppliers/duplicates",
    "/admin/devices",
    "/archive/equipment/new",
    "/no-such-page",
)
LANGUAGES = {"zh": "zh-Hans", "en": "en", "zh-Hant": "zh-Hant"}
PAGE_BYTES = 15 * 1024
ELEMENTS = 3000
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def addresses(pages: TestClient, store: StoreUnderTest) -> dict[str, str]:
    """Each path with the ids of the store under test in it."""
    listed = Document.of(pages.get("/alerts").text)
    alert = next(
        href for href in listed.values("href") if re.fullmatch(r"/alerts/[0-9a-f-]+", href)
    )
    return {path: path.format(store=store.store_id, alert=alert.split("/")[-1]) for path in PATHS}


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest, addresses: dict[str, str]) -> str:
    return addresses[request.param]


def read(pages: TestClient, path: str, language: str = "zh") -> Document:
    sep = "&" if "?" in path else "?"
    answer = pages.get(f"{path}{sep}lang={language}")
    assert answer.status_code == (404 if "no-such" in path else 200)
    return Document.of(answer.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_speaks_one_language(pages: TestClient, path: str, language: str) -> None:
    document = read(pages, path, language)
    assert document.all("html")[0].attributes["lang"] == LANGUAGES[language]
    assert document.all("title")[0].text.strip()


def test_ids_are_unique_and_names_for_assistive_tools_resolve(pages: TestClient, path: str) -> None:
    document = read(pages, path)
    ids = document.values("id")
    assert len(ids) == len(set(ids))
    for attribute in ("aria-labelledby", "aria-describedby", "for"):
        named = {name for value in document.values(attribute) for name in value.split()}
        assert named <= set(ids)


def test_every_field_and_button_has_a_name(pages: TestClient, path: str) -> None:
    document = read(pages, path)
    labelled = {one.attributes.get("for") for one in document.all("label")}
    for one in document.all("input", "select", "textarea"):
        is_named = (
            one.attributes.get("type") == "hidden"
            or "aria-label" in one.attributes
            or one.attributes.get("id") in labelled
            or "label" in one.inside
        )
        assert is_named, one
    for one in document.all("button", "a"):
        assert one.text.strip() or one.attributes.get("aria-label"), one


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(pages: TestClient, path: str) -> None:
    """The content policy allows neither; htmx needs no eval."""
    document = read(pages, path)
    assert document.values("style") == []
    assert not [name for one in document.elements for name in one.attributes if name[:2] == "on"]
    assert all("src" in one.attributes for one in document.all("script"))
    for href in (*document.values("href"), *document.values("src")):
        assert re.match(r"/(?!/)|#", href), href


def test_every_page_tells_its_time(pages: TestClient, path: str) -> None:
    assert "截至" in read(pages, path).text


def test_a_page_is_light(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert len(gzip.compress(answer.content, 6)) <= PAGE_BYTES
    assert len(Document.of(answer.text).elements) <= ELEMENTS
    assert answer.headers["cache-control"] == "no-store"


def test_links_lead_somewhere(pages: TestClient, path: str) -> None:
    found = {href.partition("#")[0] for href in read(pages, path).values("href")}
    links = {href for href in found if href and not href.startswith("/static/")}
    broken = {href for href in links if pages.get(href).status_code != 200}
    assert broken == set()


def test_every_sentence_of_the_templates_has_both_languages() -> None:
    """UX-18: `t("中文", "English")` with Chinese first and none of it in the English."""
    sentence = re.compile(r"""\bt\(\s*(["'])(.*?)\1\s*,\s*(["'])(.*?)\3""")
    for file in (DASHBOARDS / "templates").rglob("*.html"):
        for _, zh, _, en in sentence.findall(file.read_text("utf-8")):
            assert all((zh.strip(), en.strip())), (file.name, zh, en)
            assert not HAN.search(en), (file.name, zh, en)


def test_no_text_of_the_templates_is_in_one_language_alone() -> None:
    """Chinese outside of t(…) would stay Chinese on an English page."""
    for file in (DASHBOARDS / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        assert not HAN.search(bare), (file.name, HAN.search(bare))
